package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// people is a source and a sink of people with 12 attributes and a manager, who all are as they shall be. It makes each
// record when it is asked for, so that it needs no memory itself.
type people struct {
	provisioning.Sink
	sink  bool
	order []int
	// ready are all records, where they were made beforehand.
	ready []*provisioning.Record
	// measure is called when all have been given.
	measure func()
}

func (p *people) Records(_ context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind != provisioning.User {
			return
		}
		for i, n := range p.order {
			var r *provisioning.Record
			if p.ready != nil {
				r = p.ready[i]
			} else {
				r = p.person(n)
			}
			if !yield(r, nil) {
				return
			}
		}
		if p.measure != nil {
			p.measure()
		}
	}
}

// newPeople makes both sides, n people each.
func newPeople(n int, shuffled, ready bool) (source, sink *people) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	source, sink = &people{order: order}, &people{order: order, sink: true}
	if shuffled {
		sink.order = rand.New(rand.NewPCG(1, 2)).Perm(n)
	}
	if ready {
		for _, p := range []*people{source, sink} {
			made := make([]*provisioning.Record, n)
			for i, n := range p.order {
				made[i] = p.person(n)
			}
			p.ready = made
		}
	}
	return source, sink
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

// A usage is what something costs.
type usage struct {
	wall, cpu time.Duration
	mallocs   uint64
}

// used is what the process has used so far.
func used() usage {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return usage{time.Duration(time.Now().UnixNano()), cpuTime(), m.Mallocs}
}

func (u usage) minus(v usage) usage {
	return usage{u.wall - v.wall, u.cpu - v.cpu, u.mallocs - v.mallocs}
}

// BenchmarkPlanUnchanged plans people who all are as they shall be; the budget is 4 microseconds and 300 bytes of live heap
// a person. Its figures are for one person:
//
//	all-ns       what the whole takes
//	making-ns    what of that is the benchmark's own making of the two records, measured alone with the same live heap
//	own-ns       the rest: reading, comparing and planning, with the garbage collector's work
//	own-cpu-ns   the same in time of all processors
//	own-allocs   allocations of that
//	heapB        live heap when both sides have been read
//
// The sink gives people in the order of the source, or in one that has nothing to do with it. In the cases that are "ready"
// all records were made beforehand, so that nothing is subtracted.
func BenchmarkPlanUnchanged(b *testing.B) {
	for _, c := range []struct {
		n               int
		shuffled, ready bool
	}{
		{n: 10_000}, {n: 100_000}, {n: 1_000_000},
		{n: 10_000, ready: true}, {n: 100_000, ready: true},
		{n: 10_000, shuffled: true}, {n: 100_000, shuffled: true}, {n: 1_000_000, shuffled: true},
	} {
		name := fmt.Sprint(c.n)
		if c.shuffled {
			name += "_shuffled"
		}
		if c.ready {
			name += "_ready"
		}
		b.Run(name, func(b *testing.B) {
			source, sink := newPeople(c.n, c.shuffled, c.ready)
			r, err := provisioning.New(source, asIs, sink, nil)
			if err != nil {
				b.Fatal(err)
			}
			before := liveHeap()
			var heap uint64
			var measuring, all usage
			sink.measure = func() {
				started := used()
				heap = liveHeap() - before
				measuring = used().minus(started)
			}
			for b.Loop() {
				started := used()
				p, err := r.Plan(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				all = used().minus(started).minus(measuring)
				if !p.Empty() || p.Counts[provisioning.User].Unchanged != c.n {
					b.Fatalf("%d changes, %+v", len(p.Changes), p.Counts[provisioning.User])
				}
			}
			sink.measure = nil
			var making usage
			if !c.ready {
				making = made(heap, source, sink)
			}
			own := all.minus(making)
			per := func(v float64, unit string) { b.ReportMetric(v/float64(c.n), unit) }
			b.ReportMetric(0, "ns/op")
			per(float64(all.wall), "all-ns")
			per(float64(making.wall), "making-ns")
			per(float64(own.wall), "own-ns")
			per(float64(own.cpu), "own-cpu-ns")
			per(float64(own.mallocs), "own-allocs")
			per(float64(heap), "heapB")
		})
	}
}

// BenchmarkPlanCreations plans a first day, on which nobody is in the sink yet. A plan holds every change as data, so this is
// what a plan costs: the time, and the live heap of the Plan alone, a person.
func BenchmarkPlanCreations(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source, _ := newPeople(n, false, false)
			r, err := provisioning.New(source, asIs, memory.New(nil), nil)
			if err != nil {
				b.Fatal(err)
			}
			before := liveHeap()
			for b.Loop() {
				started := used()
				p, err := r.Plan(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				all := used().minus(started)
				if len(p.Changes) != n {
					b.Fatalf("%d changes, want %d", len(p.Changes), n)
				}
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(all.wall)/float64(n), "all-ns")
				b.ReportMetric(float64(liveHeap()-before)/float64(n), "heapB")
				runtime.KeepAlive(p)
			}
		})
	}
}

// made is what it takes to make all records and do nothing with them, while as much is alive as when a plan is made.
func made(heap uint64, both ...*people) usage {
	alive := make([]byte, heap)
	started := used()
	for _, p := range both {
		for r := range p.Records(context.Background(), provisioning.User) {
			if r == nil {
				panic("no record")
			}
		}
	}
	u := used().minus(started)
	runtime.KeepAlive(alive)
	return u
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
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
