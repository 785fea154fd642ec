package provisioning_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Where membership is shared, a member whom somebody has taken out of the group in the sink, and the source too, is theirs when they
// take that one in again.
func TestMemberAddedAgainByHand(t *testing.T) {
	runs := func(t *testing.T, j *job) { j.clean(t) }
	saves := func(t *testing.T, j *job) {
		report, err := j.reconciler(t).Apply(t.Context(), saved(t, j.plan(t)))
		require.NoError(t, err)
		require.NoError(t, report.Err())
	}
	for name, c := range map[string]struct {
		run    func(*testing.T, *job)
		deltas bool
	}{"everything is compared": {run: runs}, "from what changed": {run: runs, deltas: true}, "plans are saved": {run: saves}} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			if c.deltas {
				j.source = j.src
			}
			j.opts.Policy.SharedRefs = []string{"members"}
			j.src.Put(group("team", 1, 2))
			c.run(t, j)
			member := j.of(t, uref(1)).Ref()
			edit := func(do func(members []provisioning.Ref) []provisioning.Ref) {
				g := j.of(t, gref("team"))
				g.Refs["members"] = do(g.Refs["members"])
				j.dst.Put(g)
			}
			edit(func(members []provisioning.Ref) []provisioning.Ref {
				return slices.DeleteFunc(members, func(r provisioning.Ref) bool { return r == member })
			})
			j.src.Put(group("team", 2))
			c.run(t, j)
			edit(func(members []provisioning.Ref) []provisioning.Ref { return append(members, member) })
			j.src.Put(group("team", 2, 3))
			c.run(t, j)
			require.Contains(t, j.of(t, gref("team")).Refs["members"], member)
			// Whom the source takes in when they are there already stays theirs.
			j.src.Put(group("team", 1, 2, 3))
			c.run(t, j)
			j.src.Put(group("team"))
			c.run(t, j)
			require.Equal(t, []provisioning.Ref{member}, j.of(t, gref("team")).Refs["members"])
		})
	}
}

// A saved plan removes no member whom a run since has removed, and somebody has taken in again.
func TestSavedPlanOfAMemberAddedAgainByHand(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.SharedRefs = []string{"members"}
	j.src.Put(group("team", 1, 2))
	j.clean(t)
	member := j.of(t, uref(1)).Ref()
	j.src.Put(group("team", 2))
	p := saved(t, j.plan(t))
	j.clean(t)
	g := j.of(t, gref("team"))
	g.Refs["members"] = append(g.Refs["members"], member)
	j.dst.Put(g)
	report, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	require.ErrorIs(t, report.Err(), provisioning.ErrStale)
	require.Contains(t, j.of(t, gref("team")).Refs["members"], member)
	j.converged(t)
}
