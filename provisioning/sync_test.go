package provisioning_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestSyncOneRecord(t *testing.T) {
	j := newJob(30)
	j.clean(t)
	j.src.Put(user(40), user(41))
	changed := user(40)
	changed.Refs = provisioning.Refs{"manager": {uref(3)}}
	j.src.Put(changed)

	before := j.have(t)
	explained, err := j.reconciler(t).Explain(t.Context(), uref(40))
	require.NoError(t, err)
	if diff := cmp.Diff(before, j.have(t)); diff != "" {
		t.Errorf("Explain changed the sink:\n%s", diff)
	}
	trace, err := j.reconciler(t).Sync(t.Context(), uref(40))
	require.NoError(t, err)
	require.NoError(t, trace.Report.Err())
	if diff := cmp.Diff(explained.Plan.Digest(), trace.Plan.Digest()); diff != "" {
		t.Errorf("Sync did another thing than Explain said:\n%s", diff)
	}
	require.Equal(t, changed.Attributes, trace.Read.Attributes)
	require.Equal(t, uid(40), trace.Mapped.ExternalID)
	require.Nil(t, trace.Have)
	require.Nil(t, explained.Results)
	require.Len(t, trace.Results, 1)
	require.Equal(t, provisioning.Done, trace.Results[0].Outcome)
	require.Equal(t, j.of(t, uref(40)).ID, trace.Results[0].Change.Target)
	require.Equal(t, []provisioning.Ref{j.of(t, uref(3)).Ref()}, j.of(t, uref(40)).Refs["manager"])
	require.Nil(t, j.of(t, uref(41)), "another record was written too")

	again, err := j.reconciler(t).Sync(t.Context(), uref(40))
	require.NoError(t, err)
	require.True(t, again.Plan.Empty())
	require.Equal(t, j.of(t, uref(40)), again.Have)
}

func TestSyncTellsWhatBecomesOfARecord(t *testing.T) {
	for _, c := range []struct {
		name  string
		do    func(j *job)
		ops   map[provisioning.Op]int
		held  string
		scope bool
	}{
		{"gone", func(j *job) { j.src.Remove(uref(3)) }, map[provisioning.Op]int{provisioning.Deactivate: 1}, "", false},
		{"out of scope", func(j *job) { j.mapper = mapFunc(skipAll) }, map[provisioning.Op]int{provisioning.Deactivate: 1}, "", true},
		{"cannot be mapped", func(j *job) { j.mapper = mapFunc(failAll) }, map[provisioning.Op]int{}, "map it: department is unknown", false},
		{"unchanged", func(*job) {}, map[provisioning.Op]int{}, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(30)
			j.clean(t)
			c.do(j)
			trace, err := j.reconciler(t).Explain(t.Context(), uref(3))
			require.NoError(t, err)
			require.Equal(t, c.ops, trace.Plan.Ops())
			require.Equal(t, c.scope, trace.OutOfScope)
			held := ""
			for _, h := range trace.Plan.Held {
				held += h.Reason
			}
			require.Equal(t, c.held, held)
		})
	}
}

func skipAll(*provisioning.Record) (*provisioning.Record, error) { return nil, provisioning.SkipRecord }

func failAll(*provisioning.Record) (*provisioning.Record, error) {
	return nil, fmt.Errorf("department is unknown")
}

// Sync does not move the cursor: what else changed is still seen by the next run.
func TestSyncLeavesTheCursor(t *testing.T) {
	j := deltaJob(t, 30)
	j.src.Put(user(40), user(41))
	_, err := j.reconciler(t).Sync(t.Context(), uref(40))
	require.NoError(t, err)
	j.partial(t)
	require.NotNil(t, j.of(t, uref(41)))
}

// Who waits for somebody whose creation got no answer is looked at by the run after a Sync that found that one.
func TestSyncOfALostCreationWakesWhoWaits(t *testing.T) {
	for _, links := range []bool{true, false} {
		t.Run(fmt.Sprint("links ", links), func(t *testing.T) {
			j := newJob(1)
			j.source = j.src
			j.opts.Links = links
			j.opts.Attempts, j.opts.Concurrency = 1, 1
			lose := false
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if call.Name == "Create" && call.After && lose {
					lose = false
					return provisioning.ErrUnavailable
				}
				return nil
			}})
			j.sink = j.dst.Bare()
			if links {
				j.sink = nameless{j.dst.Bare()}
			}
			j.clean(t)
			led := user(2)
			led.Refs = provisioning.Refs{"manager": {uref(1)}}
			j.src.Put(user(1), led)
			lose = true
			require.Equal(t, 1, j.run(t).Ops[provisioning.Create].Failed)
			_, err := j.reconciler(t).Sync(t.Context(), uref(1))
			require.NoError(t, err)
			require.True(t, j.run(t).Plan.Partial)
			j.converged(t)
			require.Len(t, j.lostAccount(t, "user2@example.com").Refs["manager"], 1)
		})
	}
}
