package ldapsource_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// BenchmarkHeap reports the live heap at its largest while people are read: as text; each with a manager, so that names have
// to be resolved; and while a group of nearly everybody is read, whose record has a size of its own, which is told
// apart. Two sizes are read from slapd, and the million from a server of the tests, which slapd takes minutes to load.
func BenchmarkHeap(b *testing.B) {
	for _, size := range []struct {
		name   string
		people int
	}{{"people=10k", 10_000}, {"people=100k", 100_000}, {"people=1M", 1_000_000}} {
		b.Run(size.name, func(b *testing.B) {
			url, o := "", &ldapsource.Options{AllowPlaintext: true}
			if size.people > 100_000 {
				url = ldaptest.NewFlood(b, size.people).URL
			} else {
				d := lab.Slapd(b, &lab.SlapdOptions{Contents: lab.Contents{People: size.people}})
				url, o = d.TLSURL, options(d)
			}
			for _, c := range []struct {
				name string
				kind provisioning.Kind
				more []string
			}{{"text", provisioning.User, nil}, {"managers", provisioning.User, []string{"manager"}}, {"members", provisioning.Group, []string{"members"}}} {
				b.Run("read="+c.name, func(b *testing.B) {
					o.Attributes = append(benchAttributes[:len(benchAttributes):len(benchAttributes)], c.more...)
					s := newSource(b, url, o)
					require.NoError(b, s.Ping(b.Context()))
					before, largest := heap(), uint64(0)
					most := mostLive(b, func() {
						for b.Loop() {
							for r, err := range s.Records(b.Context(), c.kind) {
								require.NoError(b, err)
								if len(r.Refs["members"]) > size.people/2 {
									with := heap()
									runtime.KeepAlive(r)
									r = nil
									largest = max(largest, with-heap())
								}
							}
						}
					})
					b.ReportMetric(float64(most-before)/(1<<20), "live-MiB")
					if c.kind == provisioning.Group {
						b.ReportMetric(float64(largest)/(1<<20), "largest-record-MiB")
					}
				})
			}
		})
	}
}

// mostLive gives the largest live heap that a garbage collection has found meanwhile, of which there are many.
func mostLive(b *testing.B, do func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	most := heap()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-done:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	})
	do()
	close(done)
	wg.Wait()
	return most
}

// heap gives the bytes that are in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
