package provisioning_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// ours gives how many users are ours after the last run, as the history has it, and how many of them are enabled.
func (j *job) ours(t *testing.T) (owned, active int) {
	t.Helper()
	_, h, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	return h.Owned[provisioning.User], h.Active[provisioning.User]
}

// byHand makes accounts in the sink for people who are new in the source, as an administrator does.
func (j *job) byHand(from, to int) {
	for n := from; n < to; n++ {
		account := user(n)
		account.ID = provisioning.ID(fmt.Sprint("by hand ", n))
		j.dst.Put(account)
		j.src.Put(user(n))
	}
}

// What a run did that stopped half-way is known to the next one: whom it deleted itself is no sink that gives too few.
func TestHistoryOfAStoppedRun(t *testing.T) {
	j := newJob(100)
	j.opts.Limits = provisioning.Limits{Delete: provisioning.Limit{Off: true}, SourceFloor: -1}
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	var stops atomic.Bool
	var deletes atomic.Int64
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if stops.Load() && c.Name == "Delete" && !c.After && deletes.Add(1) > 30 {
			return provisioning.ErrUnauthorized
		}
		return nil
	}})
	j.sink = j.dst
	j.clean(t)
	for n := range 40 {
		j.src.Remove(uref(n))
	}
	stops.Store(true)
	_, err := j.reconciler(t).Run(t.Context())
	require.ErrorIs(t, err, provisioning.ErrUnauthorized)
	owned, active := j.ours(t)
	require.Equal(t, []int{70, 70}, []int{owned, active})
	stops.Store(false)
	j.src.Put(user(200))
	j.clean(t)
}

// A plan that was saved, and overtaken by a run since, leaves the numbers of that run as they are, but for what it does itself.
func TestHistoryOfAnOvertakenPlan(t *testing.T) {
	j := newJob(50)
	j.clean(t)
	changed := user(1)
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed, user(60))
	p := saved(t, j.plan(t))
	j.src.Remove(uref(60))
	for n := 100; n < 109; n++ {
		j.src.Put(user(n))
	}
	j.clean(t)
	report, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, 1, report.Ops[provisioning.Create].Done)
	_, h, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	require.Equal(t, 60, h.Owned[provisioning.User], "records of ours after the last run")
	require.Equal(t, 59, h.Source[provisioning.User], "what the last good run read")
}

// Who is adopted is ours when that is done, and not before.
func TestHistoryOfAdoptions(t *testing.T) {
	adopts := []provisioning.Match{{Attributes: []string{"userName"}}}
	for _, delta := range []bool{false, true} {
		t.Run(fmt.Sprint("done, delta ", delta), func(t *testing.T) {
			j := newJob(10)
			if delta {
				j.source = j.src
			}
			j.opts.Policy.Adopt = adopts
			j.clean(t)
			j.byHand(200, 205)
			require.False(t, j.run(t).Plan.Partial, "what changed does not tell who else an account may belong to")
			owned, active := j.ours(t)
			require.Equal(t, []int{15, 15}, []int{owned, active})
		})
	}
	t.Run("staged", func(t *testing.T) {
		j := stagedJob(t, false)
		j.opts.Policy.Adopt = adopts
		j.opts.Limits.Adopt = provisioning.Limit{Count: 3}
		j.clean(t)
		j.byHand(200, 260)
		require.Len(t, j.run(t).Staged.Changes, 60)
		owned, active := j.ours(t)
		require.Equal(t, []int{100, 100}, []int{owned, active})
	})
}

// A saved plan is judged by what was left there when it was made, and not by what runs have done since: it is stale, record by
// record, and not one for which the sink gives too few.
func TestFloorsOfAnOvertakenPlan(t *testing.T) {
	j := newJob(285)
	p := saved(t, j.plan(t))
	j.clean(t)
	report, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	require.Equal(t, 285, report.Ops[provisioning.Create].NotTried)
	require.ErrorIs(t, report.Err(), provisioning.ErrStale)
	require.Equal(t, 285, j.dst.Len(provisioning.User))

	p = saved(t, j.plan(t))
	for n := 300; n < 400; n++ {
		j.src.Put(user(n))
	}
	j.clean(t)
	err = j.reconciler(t).Judge(t.Context(), p)
	require.ErrorContains(t, err, "the source gave 285 Users, the last good run read 385; at least 308 must be; that run was made after the plan, so make the plan again")
}

// The references that the history counts are those that were written: one whose target could not be created is none yet, and those of
// a record are of which others could not be written.
func TestHistoryOfReferences(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault func(call memory.Call, edits int) error // edits are the references of how many names were to be written until now
		want  int
	}{
		{"all are written", func(memory.Call, int) error { return nil }, 7},
		{"a target is not created", func(call memory.Call, _ int) error {
			if call.Name == "Create" && call.Ref.ID == uid(30) {
				return provisioning.ErrInvalid
			}
			return nil
		}, 6},
		{"the creation of a target is to be tried again", func(call memory.Call, _ int) error {
			if call.Name == "Create" && call.Ref.ID == uid(30) {
				return provisioning.ErrUnavailable
			}
			return nil
		}, 6},
		{"only some are written", func(call memory.Call, edits int) error {
			if call.Name == "EditRefs" && edits > 1 {
				return provisioning.ErrInvalid
			}
			return nil
		}, 5},
		{"none are written", func(call memory.Call, _ int) error {
			if call.Name == "EditRefs" {
				return provisioning.ErrInvalid
			}
			return nil
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(20)
			faulty, edits := false, 0
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if !faulty {
					return nil
				}
				if call.Name == "EditRefs" && !call.After {
					edits++
				}
				return c.fault(call, edits)
			}})
			j.opts.Concurrency = 1
			j.source, j.sink = j.src, j.dst
			j.src.Put(group("g", 1, 2, 3))
			j.clean(t)
			faulty = true
			g := group("g", 1, 2, 4, 30, 5)
			g.Refs["owners"] = []provisioning.Ref{uref(6), uref(7)}
			j.src.Put(g, user(30))
			require.True(t, j.run(t).Plan.Partial)
			_, h, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			refs := j.of(t, gref("g")).Refs
			require.Equal(t, c.want, len(refs["members"])+len(refs["owners"]))
			require.Equal(t, c.want, h.Refs[provisioning.Group])
		})
	}
}
