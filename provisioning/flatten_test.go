package provisioning_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A group of nested groups that is asked for alone is as a run makes it.
func TestFlattenOnDemand(t *testing.T) {
	for name, c := range map[string]struct {
		change func(j *job, inner, outer *provisioning.Record)
		want   []int
		held   string
	}{
		"nothing changed": {func(*job, *provisioning.Record, *provisioning.Record) {}, []int{1, 2, 3, 4}, ""},
		"a member deep down": {func(j *job, inner, _ *provisioning.Record) {
			inner.Refs["members"] = append(inner.Refs["members"], uref(5))
			j.src.Put(inner)
		}, []int{1, 2, 3, 4, 5}, ""},
		"a member of its own": {func(j *job, _, outer *provisioning.Record) {
			outer.Refs["members"] = append(outer.Refs["members"], uref(6))
			j.src.Put(outer)
		}, []int{1, 2, 3, 4, 6}, ""},
		"a nested group that cannot be read": {func(j *job, _, _ *provisioning.Record) {
			j.source = failing{j.src, gref("inner")}
		}, []int{1, 2, 3, 4}, "the source's record cannot be read: its members include Group/inner, which cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(10)
			j.opts.Policy.FlattenRefs = []string{"members"}
			inner, outer := group("inner", 2, 3, 4), group("outer", 1)
			outer.Refs["members"] = append(outer.Refs["members"], gref("middle"))
			middle := group("middle")
			middle.Refs["members"] = []provisioning.Ref{gref("inner"), gref("outer")} // and a circle
			j.src.Put(inner, middle, outer)
			j.clean(t)
			c.change(j, inner, outer)
			trace, err := j.reconciler(t).Sync(t.Context(), gref("outer"))
			require.NoError(t, err)
			var want []provisioning.Ref
			for _, n := range c.want {
				want = append(want, j.of(t, uref(n)).Ref())
			}
			require.ElementsMatch(t, want, j.of(t, gref("outer")).Refs["members"])
			require.Contains(t, trace.Read.Refs["members"], gref("middle"), "Read is what the source gave")
			if c.held != "" {
				require.Len(t, trace.Plan.Held, 1)
				require.Equal(t, c.held, trace.Plan.Held[0].Reason)
				return
			}
			require.Len(t, trace.Mapped.Refs["members"], len(want), "Mapped is what the sink shall have")
			again, err := j.reconciler(t).Explain(t.Context(), gref("outer"))
			require.NoError(t, err)
			require.Empty(t, again.Plan.Changes)
		})
	}
}

// Only what refers to its own kind needs the kind read whole.
func TestFlattenReadsNoMoreThanItMust(t *testing.T) {
	reads := 0
	j := newJob(0)
	j.src = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Records" && !c.After {
			reads++
		}
		return nil
	}})
	j.source = j.src
	j.opts.Policy.FlattenRefs = []string{"members"}
	j.src.Put(user(1), group("flat", 1))
	j.run(t)
	reads = 0
	for _, ref := range []provisioning.Ref{uref(1), gref("flat")} {
		_, err := j.reconciler(t).Explain(t.Context(), ref)
		require.NoError(t, err)
	}
	require.Zero(t, reads)
}

// A circle that a group stands outside of ends too.
func TestFlattenACircleBelow(t *testing.T) {
	j := newJob(5)
	j.opts.Policy.FlattenRefs = []string{"members"}
	nest := func(id, in string, member int) *provisioning.Record {
		g := group(id, member)
		g.Refs["members"] = append(g.Refs["members"], gref(in))
		return g
	}
	j.src.Put(nest("outside", "b", 1), nest("b", "c", 2), nest("c", "b", 3))
	j.clean(t)
	require.Len(t, j.of(t, gref("outside")).Refs["members"], 3)
	require.Len(t, j.of(t, gref("b")).Refs["members"], 2)
}
