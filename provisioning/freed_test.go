package provisioning_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// called is a person with a user name.
func called(n int, name string) *provisioning.Record {
	r := user(n)
	r.Attributes["userName"] = []string{name}
	return r
}

// TestValuesThatMoveInOneRun plays names that go from one person to another: one run is enough where some order of
// writes is, whatever the order in which the changes stand.
func TestValuesThatMoveInOneRun(t *testing.T) {
	for _, test := range []struct {
		name   string
		before map[int]string
		after  map[int]string
		failed []int
	}{
		{"a newcomer takes the name of one who is renamed", map[int]string{5: "jan"}, map[int]string{1: "jan", 5: "jan.b"}, nil},
		{"a chain", map[int]string{1: "a", 2: "b", 3: "c"}, map[int]string{1: "b", 2: "c", 3: "d", 0: "a"}, nil},
		{"a chain the other way", map[int]string{1: "c", 2: "b", 3: "a"}, map[int]string{1: "d", 2: "c", 3: "b", 4: "A"}, nil},
		{"two that change names", map[int]string{1: "a", 2: "b", 3: "c"}, map[int]string{1: "b", 2: "a", 3: "d"}, []int{1, 2}},
		{"a name that somebody else keeps", map[int]string{1: "a", 2: "b"}, map[int]string{1: "b", 2: "b", 3: "c"}, []int{1}},
	} {
		for _, batched := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, batched %v", test.name, batched), func(t *testing.T) {
				j := newJob(0)
				j.opts.Concurrency = 1
				if batched {
					j.sink = memory.Batching{Store: j.dst}
				}
				for n, name := range test.before {
					j.src.Put(called(n, name))
				}
				j.clean(t)
				for n, name := range test.after {
					j.src.Put(called(n, name))
				}
				report := j.run(t)
				var failed []int
				for _, f := range report.Failures {
					var n int
					if _, err := fmt.Sscanf(string(f.Source), "guid-%d", &n); err != nil {
						t.Fatal(err)
					}
					failed = append(failed, n)
					if f.Outcome != provisioning.Failed || f.Class != provisioning.Mend {
						t.Errorf("%s is %s, %s; want it failed, to be mended", f.Source, f.Outcome, f.Class)
					}
				}
				slices.Sort(failed)
				if diff := cmp.Diff(test.failed, failed); diff != "" {
					t.Error("who failed (-want +got):\n" + diff)
				}
				for n, name := range test.after {
					if slices.Contains(test.failed, n) {
						name = test.before[n]
					}
					if got := j.of(t, uref(n)).Attributes["userName"]; !slices.Equal(got, []string{name}) {
						t.Errorf("person %d is called %q, want %q", n, got, name)
					}
				}
				if test.failed == nil {
					j.converged(t)
				}
			})
		}
	}
}

// TestTakenValueIsTriedOnce shows that what nothing can free costs one write.
func TestTakenValueIsTriedOnce(t *testing.T) {
	j := newJob(2)
	creates := 0
	j.dst = memory.New(&memory.Options{Unique: []string{"userName"}, Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.Ref.ID == uid(2) && !c.After {
			creates++
		}
		return nil
	}})
	j.sink = j.dst
	j.clean(t)
	j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "by-hand", Attributes: provisioning.Attributes{"userName": {"taken"}}})
	j.src.Put(called(2, "taken"))
	j.src.Put(called(0, "other")) // It frees a name, but not that one.
	report := j.run(t)
	if len(report.Failures) != 1 || report.Failures[0].Source != uid(2) || !strings.Contains(report.Failures[0].Error, provisioning.ErrExists.Error()) {
		t.Errorf("failures are %+v, want that of %s alone", report.Failures, uid(2))
	}
	if creates != 1 {
		t.Errorf("the sink was asked %d times to create it, want once", creates)
	}
}
