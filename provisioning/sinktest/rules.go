package sinktest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/provisioning"
)

var sets = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.SortSlices(func(a, b string) bool { return a < b }),
	cmpopts.SortSlices(func(a, b provisioning.Ref) bool { return a.String() < b.String() }),
}

// checkHas checks that the sink's record has what was written, and perhaps more.
func checkHas(t *testing.T, what string, have, wrote *provisioning.Record) {
	t.Helper()
	got := provisioning.Attributes{}
	want := provisioning.Attributes{}
	for name, values := range wrote.Attributes {
		want[name], got[name] = values, have.Attributes[name]
	}
	if diff := cmp.Diff(want, got, sets); diff != "" {
		t.Errorf("%s: the sink must give back what was written, or say through Canonicalizer how it alters it (-written +read):\n%s", what, diff)
	}
	if have.Disabled != wrote.Disabled {
		t.Errorf("%s: Disabled is %t, wrote %t", what, have.Disabled, wrote.Disabled)
	}
}

func (f *Fixture) testCreate(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		wrote := f.record(t, s, kind, 1)
		given := wrote.Clone()
		id, err := s.Create(t.Context(), wrote)
		if err != nil || id == "" {
			t.Errorf("Create of a valid %s gave ID %q, error %v", kind, id, err)
			continue
		}
		if diff := cmp.Diff(given, wrote); diff != "" {
			t.Errorf("Create changed the %s it was given (-before +after):\n%s", kind, diff)
		}
		have := get(t, s, provisioning.Ref{Kind: kind, ID: id})
		checkHas(t, "created "+string(kind), have, wrote)
		if have.ExternalID != wrote.ExternalID {
			t.Errorf("created %s: ExternalID is %q, wrote %q; without it the next run takes the record for a stranger's", kind, have.ExternalID, wrote.ExternalID)
		}
		other := f.create(t, s, kind, 2)
		if other.ID == id {
			t.Errorf("two records of kind %s have the ID %s", kind, id)
		}
	}
}

func (f *Fixture) testUpdate(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have, other := f.create(t, s, kind, 1), f.create(t, s, kind, 2)
		after := f.Record(kind, 1)
		f.Edit(after)
		after.ExternalID = have.ExternalID
		after = canonical(t, s, after)
		c := change(provisioning.Update, have, after)
		if len(c.Changed()) == 0 {
			t.Fatalf("sinktest: Fixture.Edit changes nothing that the sink would notice in a %s", kind)
		}
		if err := s.Update(t.Context(), c); err != nil {
			t.Errorf("Update of a %s: %v", kind, err)
			continue
		}
		now := get(t, s, have.Ref())
		checkHas(t, "updated "+string(kind), now, after)
		if now.Version != "" && now.Version == have.Version {
			t.Errorf("updated %s: the Version is as before; a version changes with every write", kind)
		}
		if diff := cmp.Diff(other, get(t, s, other.Ref()), sets); diff != "" {
			t.Errorf("Update of one %s changed another (-before +after):\n%s", kind, diff)
		}
	}
}

func (f *Fixture) testAbsent(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have := f.create(t, s, kind, 1)
		after := f.Record(kind, 1)
		f.Edit(after)
		after.ExternalID = have.ExternalID
		after = canonical(t, s, after)
		// Only what the edit changed is mentioned; all else is not ours.
		changed := change(provisioning.Update, have, after).Changed()
		partial := &provisioning.Record{Kind: kind, ExternalID: have.ExternalID, Attributes: provisioning.Attributes{}}
		for _, name := range changed {
			partial.Attributes[name] = after.Attributes[name]
		}
		if err := s.Update(t.Context(), change(provisioning.Update, have, partial)); err != nil {
			t.Errorf("Update of a %s that mentions only %v: %v", kind, changed, err)
			continue
		}
		now := get(t, s, have.Ref())
		for name, before := range have.Attributes {
			if !slices.Contains(changed, name) && !cmp.Equal(before, now.Attributes[name], sets) {
				t.Errorf("%s: an Update that did not mention %q changed it; what a record does not mention is not ours", kind, name)
			}
		}
	}
}

func (f *Fixture) testClear(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		name, ok := f.Optional[kind]
		if !ok {
			continue
		}
		have := f.create(t, s, kind, 1)
		if len(have.Attributes[name]) == 0 {
			t.Fatalf("sinktest: Fixture.Optional names %q, which a %s of Fixture.Record does not have", name, kind)
		}
		after := f.Record(kind, 1)
		after.ExternalID = have.ExternalID
		after.Attributes.Set(name)
		after = canonical(t, s, after)
		if err := s.Update(t.Context(), change(provisioning.Update, have, after)); err != nil {
			t.Errorf("Update of a %s that clears %s: %v", kind, name, err)
			continue
		}
		if got := get(t, s, have.Ref()).Attributes[name]; len(got) > 0 {
			t.Errorf("%s: %s was given without values and still has some; empty means cleared", kind, name)
		}
	}
}

func (f *Fixture) testExternalID(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have := f.create(t, s, kind, 1)
		after := f.Record(kind, 1)
		f.Edit(after)
		after = canonical(t, s, after)
		after.ExternalID = ""
		if err := s.Update(t.Context(), change(provisioning.Update, have, after)); err != nil {
			t.Errorf("Update of a %s without ExternalID: %v", kind, err)
			continue
		}
		if got := get(t, s, have.Ref()).ExternalID; got != have.ExternalID {
			t.Errorf("%s: ExternalID was %q, and is %q after an Update that did not mention it", kind, have.ExternalID, got)
		}
		after.ExternalID = "source-other"
		if err := s.Update(t.Context(), change(provisioning.Adopt, get(t, s, have.Ref()), after)); err != nil {
			t.Errorf("Adopt of a %s: %v", kind, err)
			continue
		}
		if got := get(t, s, have.Ref()).ExternalID; got != "source-other" {
			t.Errorf("%s: ExternalID is %q after an Update that writes %q; without it an adopted record is never ours", kind, got, "source-other")
		}
	}
}

func (f *Fixture) testDuplicate(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		first := f.create(t, s, kind, 1)
		if _, err := s.Create(t.Context(), f.record(t, s, kind, 1)); err == nil {
			continue // A kind without unique values. The reconciler finds by ExternalID what it made.
		} else if !errors.Is(err, provisioning.ErrExists) {
			t.Errorf("%s: a second record with the same values was refused with %v; want an error that wraps ErrExists, so that the reconciler looks for the first", kind, err)
		}
		if diff := cmp.Diff(first, get(t, s, first.Ref()), sets); diff != "" {
			t.Errorf("%s: a refused Create changed a record (-before +after):\n%s", kind, diff)
		}
	}
}

func (f *Fixture) testDisable(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		if slices.Contains(f.NoDisable, kind) {
			continue
		}
		have := f.create(t, s, kind, 1)
		for _, disabled := range []bool{true, true, false, true} {
			op := provisioning.Reactivate
			if disabled {
				op = provisioning.Deactivate
			}
			before := get(t, s, have.Ref())
			c := change(op, before, &provisioning.Record{Kind: kind, ExternalID: have.ExternalID, Disabled: disabled})
			err := write(t.Context(), s, c)
			if err != nil {
				t.Errorf("%s of a %s: %v", op, kind, err)
				continue
			}
			now := get(t, s, have.Ref())
			if now.Disabled != disabled {
				t.Errorf("%s: Disabled is %t after %s; a leaver who can still log in is the failure people fear", kind, now.Disabled, op)
			}
			if now.ExternalID != have.ExternalID || !cmp.Equal(now.Attributes, have.Attributes, sets) {
				t.Errorf("%s: %s changed more than whether the record is enabled:\n%s", kind, op, cmp.Diff(have, now, sets))
			}
		}
		wrote := f.record(t, s, kind, 3)
		wrote.Disabled = true
		id, err := s.Create(t.Context(), wrote)
		if err != nil {
			t.Errorf("Create of a disabled %s: %v", kind, err)
			continue
		}
		checkHas(t, "created disabled "+string(kind), get(t, s, provisioning.Ref{Kind: kind, ID: id}), wrote)
	}
}

// write does what the reconciler does with a change of Disabled alone.
func write(ctx context.Context, s provisioning.Sink, c *provisioning.Change) error {
	if d, ok := s.(provisioning.Deactivator); ok && c.Op == provisioning.Deactivate {
		return d.Deactivate(ctx, provisioning.Ref{Kind: c.Kind, ID: c.Target})
	}
	return s.Update(ctx, c)
}

func (f *Fixture) testDelete(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have, other := f.create(t, s, kind, 1), f.create(t, s, kind, 2)
		for _, which := range []string{"first", "second"} {
			if err := s.Delete(t.Context(), have.Ref()); err != nil {
				t.Errorf("%s Delete of a %s: %v; deleting what is not there is no error, for the first answer may have been lost", which, kind, err)
			}
			r, err := lookup(t.Context(), s, have.Ref())
			if r != nil || err != nil {
				t.Errorf("%s: it is still there after the %s Delete (error %v)", kind, which, err)
			}
		}
		if diff := cmp.Diff(other, get(t, s, other.Ref()), sets); diff != "" {
			t.Errorf("Delete of one %s changed another (-before +after):\n%s", kind, diff)
		}
	}
}

func (f *Fixture) testNotFound(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		have := f.create(t, s, kind, 1)
		if err := s.Delete(t.Context(), have.Ref()); err != nil {
			t.Fatalf("Delete of a %s: %v", kind, err)
		}
		after := f.Record(kind, 1)
		f.Edit(after)
		if err := s.Update(t.Context(), change(provisioning.Update, have, canonical(t, s, after))); !errors.Is(err, provisioning.ErrNotFound) {
			t.Errorf("%s: Update of a record that is not there gave %v; want an error that wraps ErrNotFound", kind, err)
		}
	}
	for _, err := range s.Records(t.Context(), "NoSuchKind") {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("a kind that the sink does not have gave error %v; want one that wraps errors.ErrUnsupported", err)
		}
		return
	}
	t.Error("a kind that the sink does not have gave an empty sequence; want an error that wraps errors.ErrUnsupported")
}
