package sourcetest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/provisioning"
)

func (f Fixture) testTwice(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		first, _, err1 := read(t.Context(), s, kind)
		second, _, err2 := read(t.Context(), s, kind)
		if err := errors.Join(err1, err2); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(sorted(first), sorted(second), cmpopts.EquateEmpty(), sets); diff != "" {
			t.Errorf("%s: a second read of an unchanged source gives other records (-first +second):\n%s", kind, diff)
		}
	}
}

func (f Fixture) testOwned(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		first, _, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		var copies []*provisioning.Record
		for _, r := range first {
			copies = append(copies, r.Clone())
			for name, values := range r.Attributes {
				for i := range values {
					values[i] = "changed by the receiver"
				}
				r.Attributes[name] = append(values, "added by the receiver")
			}
			for name, refs := range r.Refs {
				clear(refs)
				r.Refs[name] = nil
			}
		}
		second, _, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(sorted(copies), sorted(second), cmpopts.EquateEmpty(), sets); diff != "" {
			t.Errorf("%s: the receiver owns what it was given, yet changing it changed a later read (-before +after):\n%s", kind, diff)
		}
	}
}

func (f Fixture) testLeaveEarly(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		all, _, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for range 3 {
			for range s.Records(t.Context(), kind) {
				break
			}
		}
		again, _, err := read(t.Context(), s, kind)
		if err != nil || len(again) != len(all) {
			t.Errorf("%s: after iterations that were left early, a read gives %d of %d records (error %v); leaving early must be safe", kind, len(again), len(all), err)
		}
	}
}

func (f Fixture) testTwoAtOnce(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		alone, _, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		var wg sync.WaitGroup
		got := make([][]*provisioning.Record, 2)
		errs := make([]error, 2)
		for i := range got {
			wg.Go(func() { got[i], _, errs[i] = read(t.Context(), s, kind) })
		}
		wg.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Errorf("%s: two iterations at once: %v", kind, err)
			continue
		}
		for i := range got {
			if diff := cmp.Diff(sorted(alone), sorted(got[i]), cmpopts.EquateEmpty(), sets); diff != "" {
				t.Errorf("%s: two iterations at once disturb each other (-alone +together):\n%s", kind, diff)
			}
		}
		next, stop := iter.Pull2(s.Records(t.Context(), kind))
		_, _, _ = next()
		inner, _, err := read(t.Context(), s, kind)
		stop()
		if err != nil || len(inner) != len(alone) {
			t.Errorf("%s: an iteration inside another gives %d of %d records (error %v)", kind, len(inner), len(alone), err)
		}
	}
}

func (f Fixture) testCancelled(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		all, _, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		got, _, err := read(ctx, s, kind)
		checkPartial(t, kind, "with a context cancelled before", len(got), len(all), err)

		ctx, cancel = context.WithCancel(t.Context())
		n := 0
		err = nil
		for _, e := range s.Records(ctx, kind) {
			if e != nil {
				var re *provisioning.RecordError
				if !errors.As(e, &re) {
					err = e
				}
				continue
			}
			n++
			cancel()
		}
		cancel()
		checkPartial(t, kind, "cancelled after the first record", n, len(all), err)
	}
}

// checkPartial reports a read that ended early and does not say so.
func checkPartial(t *testing.T, kind provisioning.Kind, how string, n, all int, err error) {
	t.Helper()
	if err == nil && n < all {
		t.Errorf("%s: a read %s ended silently after %d of %d records: it looks complete, and everybody missing would be taken for gone", kind, how, n, all)
	}
}

func (f Fixture) testUnsupported(t *testing.T) {
	const kind provisioning.Kind = "NoSuchKind"
	records, _, err := read(t.Context(), f.New(t), kind)
	if !errors.Is(err, errors.ErrUnsupported) || len(records) > 0 {
		t.Errorf("a kind that the source does not have gave %d records and error %v; want none and one that wraps errors.ErrUnsupported, for an empty read means that all are gone", len(records), err)
	}
}

func (f Fixture) testCut(t *testing.T) {
	cuts := f.Cuts
	if cuts == nil {
		cuts = []int{0, 1, 2, 3, 5}
	}
	whole := f.New(t)
	broke := false
	for _, kind := range f.Kinds {
		all, bad, err := read(t.Context(), whole, kind)
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		for _, n := range cuts {
			got, gotBad, err := read(t.Context(), f.Cut(t, n), kind)
			broke = broke || err != nil
			if err == nil && len(got)+len(gotBad) < len(all)+len(bad) {
				t.Errorf("%s: a read whose connection broke after %d ended silently with %d of %d records: it looks complete, and everybody missing would be taken for gone", kind, n, len(got), len(all))
			}
		}
	}
	if !broke {
		t.Errorf("none of the cuts %v broke a read: the Fixture's Cut does not cut", cuts)
	}
}

func (f Fixture) testOptional(t *testing.T) {
	s := f.New(t)
	if err := provisioning.Ping(t.Context(), s); err != nil {
		t.Errorf("Ping of a source that works: %v", err)
	}
	for _, kind := range f.Kinds {
		all, _, err := read(t.Context(), s, kind)
		if err != nil || len(all) == 0 {
			continue
		}
		want := all[len(all)-1]
		var got []*provisioning.Record
		for r, err := range provisioning.Find(t.Context(), s, provisioning.Lookup{Kind: kind, By: provisioning.ByID, Values: []string{string(want.ID), "no-such-id"}}) {
			var one *provisioning.RecordError
			switch {
			case errors.As(err, &one): // a Find that reads everything meets the bad records too
			case err != nil:
				t.Errorf("%s: Find by ID: %v", kind, err)
			default:
				got = append(got, r)
			}
		}
		if diff := cmp.Diff([]*provisioning.Record{want}, got, cmpopts.EquateEmpty(), sets); diff != "" {
			t.Errorf("%s: Find by ID gives another record than Records (-want +got):\n%s", kind, diff)
		}
	}
	d, ok := s.(provisioning.DeltaSource)
	if !ok {
		return
	}
	c, err := d.Cursor(t.Context())
	if errors.Is(err, errors.ErrUnsupported) {
		return // it cannot tell here, and every run is a full one
	}
	if err != nil || c == "" {
		t.Errorf("Cursor gives %q, error %v; want the present place in history", c, err)
		return
	}
	for delta, err := range d.Deltas(t.Context(), c) {
		if err != nil {
			t.Errorf("Deltas since now: %v", err)
			break
		}
		if delta.Ref.ID != "" && !slices.Contains(f.Kinds, delta.Ref.Kind) {
			t.Errorf("Deltas yields kind %q, which is not one of the source's", delta.Ref.Kind)
		}
	}
	for _, err := range d.Deltas(t.Context(), "a cursor that nobody gave") {
		if err == nil || !errors.Is(err, provisioning.ErrCursorExpired) {
			t.Errorf("Deltas since a cursor that is not the source's: error %v, want one that wraps ErrCursorExpired, so that a full read follows", err)
		}
		break
	}
}
