package provisioning_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// people is a source and a sink of people with 12 attributes and a manager, who all are as they shall be. It makes some
// records just before it gives them, so that it needs no memory itself, and measures what those take who receive them.
type people struct {
	provisioning.Sink
	sink  bool
	order []int
	// given is what was used by those to whom records were given.
	given usage
	// whole is what was used from the first record to the last.
	whole usage
	// measure is called when all have been given.
	measure func()
}

// madeAtOnce is how many records are made before they are given: so few that they are in a processor's own memory still, as
// what a connector has just read is.
const madeAtOnce = 128

func (p *people) Records(_ context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if kind != provisioning.User {
			return
		}
		p.given = usage{}
		began := used()
		made := make([]*provisioning.Record, 0, madeAtOnce)
		for some := range slices.Chunk(p.order, madeAtOnce) {
			made = made[:0]
			for _, n := range some {
				made = append(made, p.person(n))
			}
			started := used()
			for _, r := range made {
				if !yield(r, nil) {
					return
				}
			}
			p.given = p.given.plus(used().minus(started))
		}
		p.whole = used().minus(began)
		if p.measure != nil {
			p.measure()
		}
	}
}

// newPeople makes both sides, n people each.
func newPeople(n int, shuffled bool) (source, sink *people) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	source, sink = &people{order: order}, &people{order: order, sink: true}
	if shuffled {
		sink.order = rand.New(rand.NewPCG(1, 2)).Perm(n)
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

// A usage is what something takes: time, and time of all processors.
type usage struct{ wall, cpu time.Duration }

// used is what the process has used so far.
func used() usage { return usage{time.Duration(time.Now().UnixNano()), cpuTime()} }

func (u usage) minus(v usage) usage { return usage{u.wall - v.wall, u.cpu - v.cpu} }

func (u usage) plus(v usage) usage { return usage{u.wall + v.wall, u.cpu + v.cpu} }

// BenchmarkPlanUnchanged plans people who all are as they shall be; the budget is 4 microseconds and 300 bytes of live heap
// a person. Its figures are for one person:
//
//	own-ns      reading, comparing and planning: all but the benchmark's own making of the two records
//	own-cpu-ns  the same in time of all processors, with what the garbage collector does meanwhile
//	all-ns      what the whole takes
//	heapB       live heap when both sides have been read
//	json-ns     what encoding/json takes to decode the two records: a scale, for machines differ, and one does from hour to hour
//	own/json    own-ns as a share of that
//
// The sink gives people in the order of the source, or in one that has nothing to do with it.
func BenchmarkPlanUnchanged(b *testing.B) {
	for _, c := range []struct {
		n        int
		shuffled bool
	}{
		{n: 10_000}, {n: 100_000}, {n: 1_000_000},
		{n: 10_000, shuffled: true}, {n: 100_000, shuffled: true}, {n: 1_000_000, shuffled: true},
	} {
		name := fmt.Sprint(c.n)
		if c.shuffled {
			name += "_shuffled"
		}
		b.Run(name, func(b *testing.B) {
			source, sink := newPeople(c.n, c.shuffled)
			r, err := provisioning.New(source, asIs, sink, nil)
			if err != nil {
				b.Fatal(err)
			}
			json := newScale(b, source, sink)
			before := liveHeap()
			var heap uint64
			var measuring, own, all usage
			sink.measure = func() {
				started := used()
				heap = liveHeap() - before
				measuring = used().minus(started)
			}
			plans := 0
			for b.Loop() {
				json.decode(b)
				started := used()
				p, err := r.Plan(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				// What is not between two records is planning too.
				took := used().minus(started).minus(measuring)
				all = all.plus(took)
				own = own.plus(took.minus(source.whole).minus(sink.whole).plus(source.given).plus(sink.given))
				plans++
				json.decode(b)
				if !p.Empty() || p.Counts[provisioning.User].Unchanged != c.n {
					b.Fatalf("%d changes, %+v", len(p.Changes), p.Counts[provisioning.User])
				}
			}
			per := func(v float64, unit string) { b.ReportMetric(v/float64(c.n), unit) }
			b.ReportMetric(0, "ns/op")
			per(float64(own.wall)/float64(plans), "own-ns")
			per(float64(own.cpu)/float64(plans), "own-cpu-ns")
			per(float64(all.wall)/float64(plans), "all-ns")
			per(float64(heap), "heapB")
			b.ReportMetric(json.perPerson(), "json-ns")
			b.ReportMetric(float64(own.wall)/float64(plans*c.n)/json.perPerson(), "own/json")
		})
	}
}

// A scale is people of both sides as JSON, to be decoded time and again.
type scale struct {
	people [][]byte
	took   time.Duration
	times  int
}

func newScale(b *testing.B, both ...*people) *scale {
	s := &scale{}
	for _, p := range both {
		for n := range 5000 {
			data, err := json.Marshal(p.person(n))
			if err != nil {
				b.Fatal(err)
			}
			s.people = append(s.people, data)
		}
	}
	return s
}

func (s *scale) decode(b *testing.B) {
	started := time.Now()
	for _, data := range s.people {
		if err := json.Unmarshal(data, new(provisioning.Record)); err != nil {
			b.Fatal(err)
		}
	}
	s.took += time.Since(started)
	s.times++
}

// perPerson is what decoding both records of one takes.
func (s *scale) perPerson() float64 { return float64(s.took) / float64(s.times*len(s.people)/2) }

// BenchmarkPlanCreations plans a first day, on which nobody is in the sink yet. A plan holds every change as data, so this is
// what a plan costs: the time, and the live heap of the Plan alone, a person.
func BenchmarkPlanCreations(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			source, _ := newPeople(n, false)
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
