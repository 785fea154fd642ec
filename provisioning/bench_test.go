package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// people is a source and a sink of n people with 12 attributes who all are as they shall be. It makes each record when
// it is asked for, so that it needs no memory itself.
type people struct {
	provisioning.Sink
	n    int
	sink bool
	// measure is called when the sink has given all.
	measure func()
}

func (p *people) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind != provisioning.User {
			return
		}
		for n := range p.n {
			if !yield(p.person(n), nil) {
				return
			}
		}
		if p.measure != nil {
			p.measure()
		}
	}
}

func guid(prefix, n int) provisioning.ID {
	id := []byte("00000000-7a3c-4e5f-9b1d-000000000000")
	for i, v := len(id)-1, uint64(n)*7919; v > 0; i, v = i-1, v>>4 {
		id[i] = "0123456789abcdef"[v&15]
	}
	id[7] += byte(prefix)
	return provisioning.ID(id)
}

func (p *people) person(n int) *provisioning.Record {
	first, last := firstNames[n%len(firstNames)], lastNames[n/7%len(lastNames)]
	mail := first + "." + last + itoa(n) + "@example.com"
	r := &provisioning.Record{Kind: provisioning.User, ID: guid(1, n), Attributes: provisioning.Attributes{
		"userName":          {mail},
		"emails":            {mail},
		"name.givenName":    {first},
		"name.familyName":   {last},
		"displayName":       {first + " " + last},
		"title":             {titles[n%len(titles)]},
		"department":        {"Department " + itoa(n%400)},
		"organization":      {"Example Corporation"},
		"employeeNumber":    {itoa(1000000 + n)},
		"phoneNumbers":      {"+31 20 " + itoa(1000000+n)},
		"locale":            {"nl-NL"},
		"preferredLanguage": {"nl"},
	}, Refs: provisioning.Refs{"manager": {{Kind: provisioning.User, ID: guid(1, n/10)}}}}
	if p.sink {
		r.ExternalID, r.ID = r.ID, guid(2, n)
		r.Refs["manager"][0].ID = guid(2, n/10)
		r.Version = "W/\"1\""
	}
	return r
}

func itoa(n int) string { return strconv.Itoa(n) }

var (
	firstNames = []string{"anna", "bram", "chris", "daan", "eva", "finn", "gijs", "hugo", "iris", "julia", "kees", "lotte"}
	lastNames  = []string{"jansen", "devries", "vandenberg", "bakker", "visser", "smit", "meijer", "mulder", "bos", "vos"}
	titles     = []string{"Engineer", "Manager", "Nurse", "Teacher", "Planner", "Analyst", "Driver", "Director"}
)

// BenchmarkPlanUnchanged plans people who all are as they shall be. Its figures are for one person: the time, of which
// making the two records takes the part that is told too, and the live heap when both sides have been read.
func BenchmarkPlanUnchanged(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var heap uint64
			var before, after runtime.MemStats
			source := &people{n: n}
			sink := &people{n: n, sink: true}
			r, err := provisioning.New(source, asIs, sink, &provisioning.Options{})
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			runtime.ReadMemStats(&before)
			sink.measure = func() {
				b.StopTimer()
				runtime.GC()
				runtime.ReadMemStats(&after)
				heap = after.HeapAlloc - before.HeapAlloc
				b.StartTimer()
			}
			for b.Loop() {
				p, err := r.Plan(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				if !p.Empty() || p.Counts[provisioning.User].Unchanged != n {
					b.Fatalf("%d changes, %+v", len(p.Changes), p.Counts[provisioning.User])
				}
			}
			perRecord := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / float64(n)
			b.ReportMetric(perRecord, "ns/record")
			b.ReportMetric(float64(heap)/float64(n), "heapB/record")
			b.ReportMetric(making(n), "ns/making")
		})
	}
}

// making is how long it takes to make the two records of a person, which is no part of planning.
func making(n int) float64 {
	n = min(n, 100_000)
	started := time.Now()
	for _, p := range []*people{{n: n}, {n: n, sink: true}} {
		for r := range p.Records(context.Background(), provisioning.User) {
			if r == nil {
				panic("no record")
			}
		}
	}
	return float64(time.Since(started).Nanoseconds()) / float64(n)
}

// BenchmarkApply creates 10,000 people in a sink that takes 20 ms for each, 16 at once. The efficiency is the share of
// the time that is the sink's.
func BenchmarkApply(b *testing.B) {
	const n, wait, concurrency = 10_000, 20 * time.Millisecond, 16
	for b.Loop() {
		b.StopTimer()
		source, sink := memory.New(nil), memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			if c.Name == "Create" && !c.After {
				time.Sleep(wait)
			}
			return nil
		}})
		for i := range n {
			source.Put(user(i))
		}
		r, err := provisioning.New(source.Source(), asIs, sink, &provisioning.Options{Concurrency: concurrency})
		if err != nil {
			b.Fatal(err)
		}
		p, err := r.Plan(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		started := time.Now()
		report, err := r.Apply(b.Context(), p)
		if err != nil || report.Err() != nil {
			b.Fatal(err, report.Err())
		}
		ideal := float64(n) / concurrency * float64(wait)
		b.ReportMetric(100*ideal/float64(time.Since(started)), "%efficiency")
	}
}
