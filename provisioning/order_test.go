package provisioning_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// Users are there before groups, both before the references between them, and all that before anybody loses anything, however
// many writes are under way at once.
func TestOrder(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	j := faultyJob(0, func(c memory.Call) error {
		mu.Lock()
		defer mu.Unlock()
		if !c.After {
			calls = append(calls, c.Name+" "+string(c.Ref.Kind))
		}
		return nil
	})
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDeactivate, provisioning.Group: provisioning.GoneDelete}
	for n := range 20 {
		j.src.Put(user(n))
	}
	j.src.Put(group("old", 1, 2))
	j.clean(t)
	calls = nil
	for n := range 3 {
		j.src.Remove(uref(n))
	}
	j.src.Remove(gref("old"))
	for n := range 10 {
		r := user(100 + n)
		r.Refs = provisioning.Refs{"manager": {uref(100 + (n+1)%10)}} // in a circle
		j.src.Put(r, group(string(rune('a'+n)), 100, 101, 10))
		changed := user(10 + n)
		changed.Attributes.Set("displayName", "Changed")
		j.src.Put(changed)
	}
	j.clean(t)
	place := map[string]int{
		"Create User": 0, "Update User": 0, "Create Group": 1, "EditRefs User": 2, "EditRefs Group": 2, "Deactivate User": 3, "Delete Group": 4,
	}
	require.Len(t, calls, 10+10+10+10+10+3+1)
	if !slices.IsSortedFunc(calls, func(a, b string) int { return place[a] - place[b] }) {
		t.Errorf("writes came in the order %v", slices.Compact(calls))
	}
}

// As many writes are under way at once as there may be, and the report tells how long they took and the reading before them.
func TestWritesInParallel(t *testing.T) {
	for concurrency, takes := range map[int]time.Duration{0: 3 * time.Second, 1: 20 * time.Second, 5: 4 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			j := newJob(20)
			slow := func(_ context.Context, c memory.Call) error {
				if !c.After && c.Ref.Kind == provisioning.User {
					time.Sleep(time.Second)
				}
				return nil
			}
			j.dst = memory.New(&memory.Options{Fault: slow})
			j.sink, j.opts.Concurrency = j.dst, concurrency
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.ID == uid(1) {
					time.Sleep(time.Minute)
				}
				return src, nil
			})
			report := j.run(t)
			require.Equal(t, takes, report.Applying, "concurrency %d", concurrency)
			require.GreaterOrEqual(t, report.Planning, time.Minute)
			trace, err := j.reconciler(t).Sync(t.Context(), uref(1))
			require.NoError(t, err)
			require.GreaterOrEqual(t, trace.Report.Planning, time.Minute)
		})
	}
}

// An account that is nobody's can be given to somebody by hand, and is then as one that was adopted.
func TestRelinkAdoptsByHand(t *testing.T) {
	j := newJob(3)
	j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "mine", Attributes: provisioning.Attributes{"userName": {"old.name@example.com"}}})
	require.NoError(t, j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.User, Source: uid(1), Target: "mine"}))
	report := j.clean(t)
	require.Equal(t, map[provisioning.Op]int{provisioning.Create: 2, provisioning.Update: 1}, report.Plan.Ops())
	require.Equal(t, provisioning.ID("mine"), j.of(t, uref(1)).ID)
	require.Equal(t, "user1@example.com", j.of(t, uref(1)).Attributes.Get("userName"))
}

// Jobs that share a StateStore know nothing of each other.
func TestJobsShareAStore(t *testing.T) {
	state := newState()
	for _, name := range []string{"acme", "umbrella"} {
		j := newJob(10)
		j.opts.State, j.opts.Job = state, name
		j.clean(t)
		for n := range 4 {
			j.src.Remove(uref(n))
		}
		j.opts.DayLimits.Deactivate = provisioning.Limit{Count: 5}
		j.clean(t)
	}
	for key := range state.values {
		if !strings.HasPrefix(key, "acme/") && !strings.HasPrefix(key, "umbrella/") {
			t.Errorf("%s is no job's", key)
		}
	}
}

// A report can be written as JSON without anybody's data, and has the numbers, what failed, what is held, and what waits and how it
// is approved.
func TestReportJSON(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	j.opts.OnRefused = provisioning.StageRisky
	j.opts.Limits.Deactivate = provisioning.Limit{Count: 1}
	j.src.Remove(uref(1), uref(2))
	j.src.Put(user(50))
	report, err := j.reconciler(t).Run(context.Background())
	require.NoError(t, err)
	b, err := json.Marshal(report)
	require.NoError(t, err)
	require.NotContains(t, string(b), "example.com")
	var got struct {
		Digest, Token string
		Ops           map[string]provisioning.Tally
		Refusals      []map[string]any
		Measures      []provisioning.Measure
	}
	require.NoError(t, json.Unmarshal(b, &got))
	require.Equal(t, report.Token, got.Token)
	if diff := cmp.Diff(map[string]provisioning.Tally{"create": {Planned: 1, Done: 1}}, got.Ops); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]map[string]any{{"rule": "deactivate", "kind": "User", "number": 2., "limit": 1., "of": 20., "option": "Options.Limits.Deactivate",
		"text": "it deactivates 2 Users of 20; at most 1 may be"}}, got.Refusals); diff != "" {
		t.Errorf("refusals (-want +got):\n%s", diff)
	}
	require.Contains(t, got.Measures, provisioning.Measure{Rule: "deactivate", Kind: provisioning.User, Option: "Options.Limits.Deactivate", Number: 2, Limit: 1})
}
