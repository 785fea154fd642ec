package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ilumy/usersync/provisioning"
)

// A Fixture is what [Test] needs to know of a source. New and Kinds are necessary.
type Fixture struct {
	// New gives a source that holds what Want or Count says.
	New func(t *testing.T) provisioning.Source
	// Kinds are the kinds that the source has.
	Kinds []provisioning.Kind
	// Want are the records that it gives, in any order. A Version that is empty here is not compared.
	Want []*provisioning.Record
	// Count is how many records of a kind it gives, for those that are not in Want.
	Count map[provisioning.Kind]int
	// Bad are the records of which it reports a [provisioning.RecordError]; an empty ID stands for
	// one that does not tell its ID.
	Bad []provisioning.Ref
	// Cut gives a source like that of New whose connection breaks after about n records of each
	// kind, or pages, or bytes: whatever breaks there. Optional, but it checks the most important rule.
	Cut func(t *testing.T, n int) provisioning.Source
	// Cuts are the values of n that Cut is called with. Default: 0, 1, 2, 3 and 5.
	Cuts []int
}

// Test checks that a source keeps the rules of [provisioning.Source], and of those optional
// capabilities that it has.
func Test(t *testing.T, f Fixture) {
	t.Helper()
	if f.New == nil || len(f.Kinds) == 0 {
		t.Fatal("sourcetest: a Fixture needs New and Kinds")
	}
	t.Run("records", f.testRecords)
	t.Run("twice", f.testTwice)
	t.Run("owned", f.testOwned)
	t.Run("leave early", f.testLeaveEarly)
	t.Run("two at once", f.testTwoAtOnce)
	t.Run("cancelled", f.testCancelled)
	t.Run("unsupported kind", f.testUnsupported)
	if f.Cut != nil {
		t.Run("cut off", f.testCut)
	}
	t.Run("optional", f.testOptional)
}

// read collects a whole sequence: its records, the errors of single records, and the error that ended it.
func read(ctx context.Context, s provisioning.Source, kind provisioning.Kind) (records []*provisioning.Record, bad []*provisioning.RecordError, end error) {
	for r, err := range s.Records(ctx, kind) {
		var re *provisioning.RecordError
		switch {
		case end != nil:
			return records, bad, fmt.Errorf("the sequence went on after the error that should have ended it: %w", end)
		case errors.As(err, &re):
			bad = append(bad, re)
		case err != nil:
			end = err
		case r == nil:
			return records, bad, errors.New("the sequence yielded neither a record nor an error")
		default:
			records = append(records, r)
		}
	}
	return records, bad, end
}

func (f Fixture) testRecords(t *testing.T) {
	s := f.New(t)
	for _, kind := range f.Kinds {
		records, bad, err := read(t.Context(), s, kind)
		if err != nil {
			t.Errorf("%s: a source that works must be read to its end: %v", kind, err)
			continue
		}
		f.checkRecords(t, kind, records)
		f.checkBad(t, kind, bad)
	}
}

func (f Fixture) checkRecords(t *testing.T, kind provisioning.Kind, records []*provisioning.Record) {
	t.Helper()
	seen := map[provisioning.ID]bool{}
	for _, r := range records {
		if r.Kind != kind {
			t.Errorf("%s: record %s has kind %q; Records(kind) yields only that kind", kind, r.ID, r.Kind)
		}
		if r.ID == "" {
			t.Errorf("%s: a record has no ID; report it as a RecordError, for nothing can be known by no name", kind)
		}
		if seen[r.ID] {
			t.Errorf("%s: ID %s was yielded twice; an ID is one record's", kind, r.ID)
		}
		seen[r.ID] = true
	}
	var want []*provisioning.Record
	versions := map[provisioning.ID]string{}
	for _, r := range f.Want {
		if r.Kind == kind {
			want = append(want, r)
			versions[r.ID] = r.Version
		}
	}
	if n, ok := f.Count[kind]; ok && n != len(records) {
		t.Errorf("%s: %d records, want %d; fewer than there are is the worst mistake of all", kind, len(records), n)
	}
	if _, ok := f.Count[kind]; ok && want == nil {
		return
	}
	for _, r := range records {
		if versions[r.ID] == "" {
			r.Version = ""
		}
	}
	if diff := cmp.Diff(sorted(want), sorted(records), cmpopts.EquateEmpty(), sets); diff != "" {
		t.Errorf("%s: records (-want +got):\n%s", kind, diff)
	}
}

func (f Fixture) checkBad(t *testing.T, kind provisioning.Kind, bad []*provisioning.RecordError) {
	t.Helper()
	var got, want []string
	for _, e := range bad {
		if e.Ref.Kind != kind {
			t.Errorf("%s: a RecordError has kind %q (%v); it holds that kind's removals, so it must name the right one", kind, e.Ref.Kind, e)
		}
		got = append(got, string(e.Ref.ID))
	}
	for _, ref := range f.Bad {
		if ref.Kind == kind {
			want = append(want, string(ref.ID))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s: IDs of the records that cannot be read (-want +got):\n%s%v", kind, diff, bad)
	}
}

// sets compares the values of an attribute and the references of a name without regard to order.
var sets = cmp.Options{
	cmpopts.SortSlices(func(a, b string) bool { return a < b }),
	cmpopts.SortSlices(func(a, b provisioning.Ref) bool { return a.String() < b.String() }),
}

func sorted(records []*provisioning.Record) []*provisioning.Record {
	return slices.SortedFunc(slices.Values(records), func(a, b *provisioning.Record) int {
		switch {
		case a.ID < b.ID:
			return -1
		case a.ID > b.ID:
			return 1
		}
		return 0
	})
}
