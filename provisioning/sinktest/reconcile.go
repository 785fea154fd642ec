package sinktest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// How many records of each kind the source of the reconciler has, and for how long a run may go on.
const (
	population = 6
	patience   = 2 * time.Minute
)

// asIs is a Mapper that changes nothing.
type asIs struct{}

func (asIs) Map(src *provisioning.Record) (*provisioning.Record, error) {
	r := src.Clone()
	r.ID, r.Version = "", ""
	return r, nil
}

// source fills a source with records that refer to each other.
func (f *Fixture) source(t *testing.T) *memory.Store {
	t.Helper()
	s := memory.New(&memory.Options{Kinds: f.Kinds})
	for _, kind := range f.Kinds {
		for n := range population {
			s.Put(f.sourceRecord(kind, n+1))
		}
	}
	return s
}

func (f *Fixture) sourceRecord(kind provisioning.Kind, n int) *provisioning.Record {
	r := f.Record(kind, n)
	r.ID = externalID(kind, n)
	for _, field := range f.Refs {
		if field.Kind != kind {
			continue
		}
		if r.Refs == nil {
			r.Refs = provisioning.Refs{}
		}
		// Each refers to the next, so that there are references to what is created later, and a circle.
		r.Refs[field.Name] = []provisioning.Ref{{Kind: field.To, ID: externalID(field.To, n%population+1)}}
		if !field.Single {
			r.Refs[field.Name] = append(r.Refs[field.Name], provisioning.Ref{Kind: field.To, ID: externalID(field.To, (n+2)%population+1)})
		}
	}
	return r
}

func (f *Fixture) reconciler(t *testing.T, src provisioning.Source, s provisioning.Sink) *provisioning.Reconciler {
	t.Helper()
	r, err := provisioning.New(src, asIs{}, s, &provisioning.Options{
		Kinds: f.Kinds, Concurrency: 4, Attempts: 6, Wait: time.Millisecond,
		Again: true, // What fails now is not what shall fail for the next five minutes.
	})
	if err != nil {
		t.Fatalf("new reconciler: %v", err)
	}
	return r
}

// run runs the reconciler, and then checks that nothing is left to do.
func run(t *testing.T, what string, r *provisioning.Reconciler) *provisioning.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	report, err := r.Run(ctx)
	if err := errors.Join(err, report.Err()); err != nil {
		t.Fatalf("%s: %v\nfailures: %+v\nheld: %+v", what, err, report.Failures, report.Held)
	}
	checkEmpty(t, what, r)
	return report
}

func checkEmpty(t *testing.T, what string, r *provisioning.Reconciler) {
	t.Helper()
	p, err := r.Plan(t.Context())
	if err != nil {
		t.Fatalf("%s: plan again: %v", what, err)
	}
	for _, c := range p.Changes {
		t.Errorf("%s: a second plan is not empty: %s of %s %s, changed %v, references %v\nbefore: %+v\nafter:  %+v\nThe sink must give back what was written to it, or say through Canonicalizer how it alters it.",
			what, c.Op, c.Kind, c.Source, c.Changed(), c.RefNames(), c.Before, c.After)
	}
}

// all gives the records of the sink by their ExternalID, without those that were in it from the start.
func (f *Fixture) all(t *testing.T, s provisioning.Sink) map[provisioning.ID]*provisioning.Record {
	t.Helper()
	byID := map[provisioning.ID]*provisioning.Record{}
	for _, kind := range f.Kinds {
		for r, err := range s.Records(t.Context(), kind) {
			if err != nil {
				t.Fatalf("read the sink's %s records: %v", kind, err)
			}
			if r.ExternalID == "" {
				continue
			}
			if byID[r.ExternalID] != nil {
				t.Errorf("%s: there are two records for %s; nobody must ever exist twice", kind, r.ExternalID)
			}
			byID[r.ExternalID] = r
		}
	}
	return byID
}

func (f *Fixture) strangers(t *testing.T, s provisioning.Sink) []*provisioning.Record {
	t.Helper()
	var found []*provisioning.Record
	for _, kind := range f.Kinds {
		for r, err := range s.Records(t.Context(), kind) {
			if err != nil {
				t.Fatalf("read the sink's %s records: %v", kind, err)
			}
			if r.ExternalID == "" {
				r.Version = ""
				found = append(found, r)
			}
		}
	}
	return found
}

func (f *Fixture) testReconcile(t *testing.T) {
	s := f.New(t)
	src := f.source(t)
	before := f.strangers(t, s)
	r := f.reconciler(t, src, s)
	run(t, "first run", r)
	f.checkSame(t, "first run", src, s)

	for _, kind := range f.Kinds {
		edited := f.sourceRecord(kind, 1)
		f.Edit(edited)
		for name, refs := range edited.Refs {
			edited.Refs[name] = refs[:len(refs)-1]
		}
		src.Put(edited)
	}
	run(t, "after an edit", r)
	f.checkSame(t, "after an edit", src, s)

	kind := f.Kinds[0]
	leaver := provisioning.Ref{Kind: kind, ID: externalID(kind, population)}
	src.Remove(leaver)
	run(t, "after one has left", r)
	left := f.all(t, s)[leaver.ID]
	switch {
	case left == nil:
		t.Errorf("a %s that left was deleted; only disabling was allowed", kind)
	case kind == provisioning.User && !left.Disabled:
		t.Errorf("a %s that left is still enabled", kind)
	}
	src.Put(f.sourceRecord(kind, population))
	run(t, "after one has come back", r)
	back := f.all(t, s)[leaver.ID]
	switch {
	case back == nil || left == nil:
		t.Errorf("a %s that came back is not there", kind)
	case back.Disabled || back.ID != left.ID:
		t.Errorf("a %s that came back is disabled (%t) or another record (%s, was %s)", kind, back.Disabled, back.ID, left.ID)
	}
	if diff := cmp.Diff(before, f.strangers(t, s), sets); diff != "" {
		t.Errorf("records that are not ours were touched (-before +after):\n%s", diff)
	}
}

// checkSame checks that the sink has exactly what the source has.
func (f *Fixture) checkSame(t *testing.T, what string, src *memory.Store, s provisioning.Sink) {
	t.Helper()
	have := f.all(t, s)
	external := map[provisioning.Ref]provisioning.Ref{}
	for id, h := range have {
		external[h.Ref()] = provisioning.Ref{Kind: h.Kind, ID: id}
	}
	n := 0
	for _, kind := range f.Kinds {
		for r, err := range src.Records(t.Context(), kind) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			h := have[r.ID]
			if h == nil {
				t.Errorf("%s: %s %s is not in the sink", what, kind, r.ID)
				continue
			}
			r.ExternalID = r.ID
			checkHas(t, what+": "+string(r.ID), h, canonical(t, s, r))
			for name, refs := range r.Refs {
				var got []provisioning.Ref
				for _, to := range h.Refs[name] {
					got = append(got, external[to])
				}
				if diff := cmp.Diff(refs, got, sets); diff != "" {
					t.Errorf("%s: %s of %s (-want +got):\n%s", what, name, r.ID, diff)
				}
			}
		}
	}
	if n != len(have) {
		t.Errorf("%s: the sink has %d of our records, want %d", what, len(have), n)
	}
}

func (f *Fixture) testFaults(t *testing.T) {
	for _, fault := range []struct {
		name string
		as   Fault
	}{{"writes refused for now", Refuse}, {"answers lost", Lose}} {
		t.Run(fault.name, func(t *testing.T) {
			src := f.source(t)
			var calls counter
			s := f.Faulty(t, func() Fault {
				if n := calls.next(); n%3 == 0 {
					return fault.as
				}
				return Pass
			})
			r := f.reconciler(t, src, s)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			// A sink that is no Finder needs several runs after lost answers.
			for range 10 {
				report, err := r.Run(ctx)
				if err != nil {
					t.Fatalf("run: %v", err)
				}
				if report.Err() == nil {
					break
				}
			}
			checkEmpty(t, "with "+fault.name, r)
			f.checkSame(t, "with "+fault.name, src, s)
		})
	}
}
