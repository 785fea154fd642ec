package provisioning_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// What grows with the square of the number of people is seen in the cost of each: it is as much for four times as many.

// BenchmarkChainOfNames gives everybody the name of the next one, so that each waits for one other.
func BenchmarkChainOfNames(b *testing.B) {
	for _, n := range []int{2500, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				j := newJob(n)
				off := provisioning.Limit{Off: true}
				j.opts.Limits.Update, j.opts.DayLimits.Update = off, off
				j.run(b)
				for i := range n {
					j.src.Put(called(i, fmt.Sprintf("user%d@example.com", i+1)))
				}
				b.StartTimer()
				require.NoError(b, j.run(b).Err())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/person")
		})
	}
}

// BenchmarkWaitingForOne has all wait for the same manager, who is not there.
func BenchmarkWaitingForOne(b *testing.B) {
	for _, n := range []int{5000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				j := newJob(0)
				for i := range n {
					r := user(i)
					r.Refs = provisioning.Refs{"manager": {uref(-1)}}
					j.src.Put(r)
				}
				j.run(b)
				b.StartTimer()
				j.run(b)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/person")
		})
	}
}

// BenchmarkStaging has every group lose most of its members, each of which is a refusal of its own.
func BenchmarkStaging(b *testing.B) {
	for _, n := range []int{2500, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			j := newJob(4)
			for i := range n {
				j.src.Put(group(fmt.Sprint("group ", i), 0, 1, 2, 3))
			}
			j.run(b)
			off := provisioning.Limit{Off: true}
			j.opts.OnRefused = provisioning.StageRisky
			j.opts.Limits = provisioning.Limits{Update: off, RemoveRefs: off, RemoveRefsEach: provisioning.Limit{Count: 1}}
			for i := range n {
				j.src.Put(group(fmt.Sprint("group ", i), 0))
			}
			for b.Loop() {
				require.Len(b, j.run(b).Staged.Changes, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/change")
		})
	}
}
