package provisioning_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// An approval is of one staged part, and of the guards that it names.
func TestStageApproval(t *testing.T) {
	build := func(t *testing.T) (*job, *provisioning.Report) {
		j := stagedJob(t, true)
		j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
		for n := 10; n < 15; n++ {
			j.src.Remove(uref(n))
		}
		return j, j.staged(t)
	}
	t.Run("of a plan that is another by now approves nothing", func(t *testing.T) {
		j, report := build(t)
		j.src.Remove(uref(15))
		j.src.Put(user(200))
		j.opts.Approve = report.Token
		again := j.staged(t)
		require.NotEqual(t, report.Token, again.Token)
		require.NotNil(t, j.of(t, uref(200)), "the safe part waits for the other")
		require.Zero(t, j.disabled(t))
	})
	t.Run("lets the safe part of the next morning go on too", func(t *testing.T) {
		j, report := build(t)
		j.src.Put(user(200))
		j.opts.Approve = report.Token
		j.clean(t)
		require.NotNil(t, j.of(t, uref(200)))
		require.Equal(t, 5, j.disabled(t))
	})
	t.Run("passes no guard that it does not name", func(t *testing.T) {
		j, report := build(t)
		j.opts.Guards = []provisioning.Guard{func(*provisioning.Plan, *provisioning.History) error {
			return &provisioning.Refusal{Rule: "freeze", Text: "it is December", Concerns: func(c *provisioning.Change) bool { return c.Op == provisioning.Deactivate }}
		}}
		j.opts.Approve = report.Token
		again := j.staged(t)
		require.Equal(t, report.Staged.Digest(), again.Staged.Digest())
		require.Equal(t, report.Staged.Digest()+":deactivate,freeze", again.Token)
		j.opts.Approve = again.Token
		j.clean(t)
	})
	t.Run("a staged plan can be saved, approved and applied", func(t *testing.T) {
		j, report := build(t)
		p := saved(t, report.Staged)
		require.Equal(t, report.Token, p.Token())
		require.Equal(t, "Options.Limits.Deactivate", p.Refusals[0].Option)
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.ErrorIs(t, err, provisioning.ErrRefused)
		j.opts.Limits.Deactivate = provisioning.Limit{Off: true}
		_, err = j.reconciler(t).Apply(t.Context(), p)
		require.ErrorIs(t, err, provisioning.ErrRefused, "what was staged waits even when no guard is against it any more")
		require.Zero(t, j.disabled(t))

		require.ErrorContains(t, p.Approve("0123:deactivate"), `names plan "0123"`)
		require.NoError(t, p.Approve(p.Token()))
		report, err = j.reconciler(t).Apply(t.Context(), saved(t, p))
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, 5, j.disabled(t))
		require.Equal(t, []provisioning.Ref{gref("big")}, j.partial(t).Plan.Concerned, "whose members were kept until then")
		require.Empty(t, j.partial(t).Plan.Concerned, "it is still remembered as staged")
	})
}

// A reference to somebody whose creation is staged waits, and is written when the creation is.
func TestStagePending(t *testing.T) {
	for _, delta := range []bool{false, true} {
		j := stagedJob(t, delta)
		j.opts.Limits.Create = provisioning.Limit{Count: 3}
		for n := 200; n < 205; n++ {
			j.src.Put(user(n))
		}
		led := user(1)
		led.Attributes.Set("displayName", "Led")
		led.Refs = provisioning.Refs{"manager": {uref(200)}}
		j.src.Put(led, group("small", 1, 2, 3, 200, 201), group("new", 1, 202))
		report := j.staged(t)
		require.Equal(t, map[string]int{"create Group": 1, "update User": 1}, ops(report.Plan))
		require.Len(t, report.Plan.Pending, 4)
		require.Equal(t, "Led", j.of(t, uref(1)).Attributes.Get("displayName"))
		require.Len(t, j.of(t, gref("new")).Refs["members"], 1)
		require.Empty(t, j.staged(t).Plan.Changes)

		// Approved as it was saved, it has the references written by the next run.
		p := saved(t, report.Staged)
		require.NoError(t, p.Approve(p.Token()))
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		j.clean(t)
		require.Len(t, j.of(t, gref("small")).Refs["members"], 5)
		require.Equal(t, []provisioning.Ref{j.of(t, uref(200)).Ref()}, j.of(t, uref(1)).Refs["manager"])
	}
}

// Whose removal is staged loses no membership before it is approved, and then does, also when only what changed is read.
func TestStageKeepsMemberships(t *testing.T) {
	for _, delta := range []bool{false, true} {
		t.Run(fmt.Sprint("delta ", delta), func(t *testing.T) {
			j := stagedJob(t, delta)
			led := user(50)
			led.Refs = provisioning.Refs{"manager": {uref(2)}}
			j.src.Put(led)
			j.clean(t)
			j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
			for n := range 5 {
				j.src.Remove(uref(n))
			}
			led.Refs = provisioning.Refs{"manager": {uref(60)}}
			j.src.Put(led, group("big", append([]int{}, numbers(99)[5:]...)...), group("small", 7))
			report := j.staged(t)
			require.Len(t, j.of(t, gref("big")).Refs["members"], 99, "only who is not among them is taken out")
			require.Len(t, j.of(t, gref("small")).Refs["members"], 4, "the new one is added, and nobody is taken out")
			require.Equal(t, []provisioning.Ref{j.of(t, uref(60)).Ref()}, j.of(t, uref(50)).Refs["manager"], "a manager is replaced")
			require.Empty(t, j.staged(t).Plan.Changes)

			p := saved(t, report.Staged)
			require.NoError(t, p.Approve(p.Token()))
			_, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			next := j.clean(t)
			require.Equal(t, delta, next.Plan.Partial)
			require.Equal(t, []provisioning.Ref{j.of(t, uref(7)).Ref()}, j.of(t, gref("small")).Refs["members"])
			require.Len(t, j.of(t, gref("big")).Refs["members"], 94)
		})
	}
}

// Of one person the rename can wait while the access is taken away, and neither disturbs the other.
func TestStageTwoChangesOfOneRecord(t *testing.T) {
	j := stagedJob(t, true)
	j.opts.Limits.Attributes = map[string]provisioning.Limit{"displayName": {Count: 3}}
	for n := 10; n < 20; n++ {
		r := user(n)
		r.Attributes.Set("displayName", "Changed")
		r.Disabled = n == 10
		j.src.Put(r)
	}
	report := j.staged(t)
	require.True(t, j.of(t, uref(10)).Disabled, "somebody keeps the access because of a rename")
	require.Equal(t, report.Token, j.staged(t).Token)

	p := saved(t, report.Staged)
	require.NoError(t, p.Approve(p.Token()))
	report, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report.Failures)
	require.True(t, j.of(t, uref(10)).Disabled, "the rename gave the access back")
	j.converged(t)
}

// The grace period of somebody whose deactivation is staged has not begun, and that of somebody whose deletion is staged is over.
func TestStageGrace(t *testing.T) {
	for _, delta := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := stagedJob(t, delta)
			j.opts.FullEvery = 1000 * time.Hour
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.opts.Policy.Grace = 48 * time.Hour
			j.clean(t)
			j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
			j.opts.Limits.Delete = provisioning.Limit{Count: 3}
			for n := 10; n < 20; n++ {
				j.src.Remove(uref(n))
			}
			j.src.Put(group("big", append(numbers(10), numbers(100)[20:]...)...))
			token := j.staged(t).Token
			time.Sleep(72 * time.Hour)
			report := j.staged(t)
			require.Equal(t, map[string]int{"deactivate User": 10}, ops(report.Staged), "somebody is deleted who was never disabled")
			require.Equal(t, token, report.Token)
			j.opts.Approve = token
			j.clean(t)
			require.Equal(t, 10, j.disabled(t))

			time.Sleep(48 * time.Hour)
			report = j.staged(t)
			require.Equal(t, map[string]int{"delete User": 10}, ops(report.Staged))
			require.Equal(t, report.Token, j.staged(t).Token, "the grace period began anew")
			j.opts.Approve = report.Token
			j.clean(t)
			require.Nil(t, j.of(t, uref(10)))
		})
	}
}

// The history has what was done, and a source that has fewer is not the measure of the next one before that is approved.
func TestStageHistory(t *testing.T) {
	j := stagedJob(t, false)
	j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
	for n := 10; n < 20; n++ {
		j.src.Remove(uref(n))
	}
	j.src.Put(user(200))
	j.staged(t)
	j.staged(t)
	history := func() *provisioning.History {
		_, h, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		return h
	}
	require.Equal(t, 0, history().Done(provisioning.User, provisioning.Deactivate, time.Time{}))
	require.Equal(t, 1, history().Done(provisioning.User, provisioning.Create, time.Time{}))
	require.Equal(t, 100, history().Source[provisioning.User])
	j.opts.Approve = j.staged(t).Token
	j.opts.DayLimits.Deactivate = provisioning.Limit{Off: true}
	j.clean(t)
	require.Equal(t, 10, history().Done(provisioning.User, provisioning.Deactivate, time.Time{}))
	require.Equal(t, 91, history().Source[provisioning.User])
}

// One record on demand is staged in the same way.
func TestStageOneRecord(t *testing.T) {
	j := stagedJob(t, true)
	j.opts.Limits.RemoveRefsEach = provisioning.Limit{Count: 3}
	j.src.Put(group("big", 1, 2, 3))
	trace, err := j.reconciler(t).Sync(t.Context(), gref("big"))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"update Group": 1}, ops(trace.Report.Staged))
	require.Len(t, j.of(t, gref("big")).Refs["members"], 100)
	require.Equal(t, trace.Report.Token, j.staged(t).Token)
	j.opts.Approve = trace.Report.Token
	trace, err = j.reconciler(t).Sync(t.Context(), gref("big"))
	require.NoError(t, err)
	require.NoError(t, trace.Report.Err())
	j.clean(t)
}

// A run that is killed at any write loses nothing of what was staged, neither before it is approved nor while it is applied.
func TestStageKilled(t *testing.T) {
	for _, approve := range []bool{false, true} {
		points := 0
		for point := 1; killStaged(t, point, approve) && !t.Failed(); point++ {
			points++
		}
		t.Logf("killed at %d writes, approved %t", points, approve)
		require.GreaterOrEqual(t, points, 4)
	}
}

func killStaged(t *testing.T, point int, approve bool) bool {
	t.Helper()
	j := newJob(30)
	j.source = j.src
	state := &mortalState{values: map[string][]byte{}}
	j.opts.State = state
	writes := -1 // counted from when it is zero
	killed := false
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Records" || c.Name == "Find" || writes < 0 || c.After {
			return nil
		}
		if writes++; writes >= point {
			killed = true
			state.kill()
			return errKilled
		}
		return nil
	}})
	j.sink = j.dst
	j.opts.Concurrency = 1
	j.clean(t)
	j.opts.OnRefused = provisioning.StageRisky
	off := provisioning.Limit{Off: true}
	j.opts.Limits, j.opts.DayLimits = provisioning.Limits{Deactivate: provisioning.Limit{Count: 3}, SourceFloor: -1}, provisioning.Limits{Deactivate: off}
	for n := range 5 {
		j.src.Remove(uref(n))
		j.src.Put(user(100 + n))
	}
	if approve {
		j.opts.Approve = j.staged(t).Token
		for n := range 5 {
			j.src.Put(user(200 + n))
		}
	}
	writes = 0
	_, err := j.reconciler(t).Run(t.Context())
	writes = -1
	state.revive()
	if !killed {
		require.NoError(t, err)
		return false
	}
	j.opts.Approve = ""
	for range 3 {
		report := j.run(t)
		require.Empty(t, report.Failures)
		if report.Staged == nil {
			continue
		}
		j.untouched(t, report.Staged)
		require.Equal(t, 5, len(report.Staged.Changes)+j.disabled(t), "a staged deactivation was lost")
		j.opts.Approve = report.Token
	}
	j.converged(t)
	require.Equal(t, 5, j.disabled(t), "killed at write %d", point)
	return true
}
