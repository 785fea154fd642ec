package provisioning_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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

// TestSwapsSayWhatToDo has people who are to have one another's names: no order of writes will do, so each is told of the others, and
// what to do, by which one run more is enough.
func TestSwapsSayWhatToDo(t *testing.T) {
	ring := func(next string, all ...string) string {
		return "; it is to have the userName of " + next + ", and none of these can be written before the others: " + strings.Join(all, ", ") +
			". Give one of them another userName in the sink by hand, and run again with Options.Again, which does the rest"
	}
	for _, test := range []struct {
		name          string
		before, after map[int]string
		want          map[int]string
	}{
		{"two", map[int]string{1: "a", 2: "b"}, map[int]string{1: "b", 2: "a"}, map[int]string{
			1: ring("User/guid-2", "User/guid-1", "User/guid-2"), 2: ring("User/guid-1", "User/guid-1", "User/guid-2"),
		}},
		{"two, in another case", map[int]string{1: "a", 2: "b"}, map[int]string{1: "B", 2: "A"}, map[int]string{
			1: ring("User/guid-2", "User/guid-1", "User/guid-2"), 2: ring("User/guid-1", "User/guid-1", "User/guid-2"),
		}},
		{"three", map[int]string{1: "a", 2: "b", 3: "c"}, map[int]string{1: "b", 2: "c", 3: "a"}, map[int]string{
			1: ring("User/guid-2", "User/guid-1", "User/guid-2", "User/guid-3"), 2: ring("User/guid-3", "User/guid-1", "User/guid-2", "User/guid-3"),
			3: ring("User/guid-1", "User/guid-1", "User/guid-2", "User/guid-3"),
		}},
		{"two, and one who is to have a name of theirs that is free then", map[int]string{1: "a", 2: "b", 3: "c", 4: "d"}, map[int]string{1: "b", 2: "a", 3: "d", 4: "e"}, map[int]string{
			1: ring("User/guid-2", "User/guid-1", "User/guid-2"), 2: ring("User/guid-1", "User/guid-1", "User/guid-2"),
		}},
	} {
		for _, unique := range [][]string{nil, {"userName"}} {
			for _, batched := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, policy %v, batched %v", test.name, unique, batched), func(t *testing.T) {
					j := newJob(0)
					j.opts.Policy.Unique = unique
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
					got := map[int]string{}
					for _, f := range j.run(t).Failures {
						n, err := strconv.Atoi(strings.TrimPrefix(string(f.Source), "guid-"))
						if err != nil {
							t.Fatal(err)
						}
						i := strings.Index(f.Error, "; it is to have")
						if i < 0 || f.Class != provisioning.Mend {
							t.Fatalf("person %d: %s, %s", n, f.Class, f.Error)
						}
						got[n] = f.Error[i:]
					}
					if diff := cmp.Diff(test.want, got); diff != "" {
						t.Error("what they are told (-want +got):\n" + diff)
					}
					byHand := j.of(t, uref(1))
					byHand.Attributes.Set("userName", "for a moment")
					j.dst.Put(byHand)
					j.opts.Again = true
					j.clean(t)
				})
			}
		}
	}
}

// TestWhoWaitsForOneThatFails tells who is to give up a value and does not, because it cannot be given its own.
func TestWhoWaitsForOneThatFails(t *testing.T) {
	j := newJob(0)
	j.src.Put(called(1, "a"), called(2, "b"))
	j.clean(t)
	j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "by-hand", Attributes: provisioning.Attributes{"userName": {"taken"}}})
	j.src.Put(called(1, "b"), called(2, "taken"), called(3, "a"))
	want := map[provisioning.ID]string{
		uid(1): "it is to have the userName of User/guid-2, which keeps it because its own change failed: mend that first",
		uid(2): "User/by-hand has the same userName",
		uid(3): "it is to have the userName of User/guid-1, which keeps it because its own change failed: mend that first",
	}
	for _, f := range j.run(t).Failures {
		if !strings.HasSuffix(f.Error, want[f.Source]) {
			t.Errorf("%s is told %q, want %q", f.Source, f.Error, want[f.Source])
		}
		delete(want, f.Source)
	}
	if len(want) > 0 {
		t.Errorf("not told: %v", want)
	}
}
