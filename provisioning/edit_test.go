package provisioning_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// editing asks fault before each writing of references, and after it.
type editing struct {
	*memory.Store
	fault func(name string, add int, after bool) error
}

func (s *editing) EditRefs(ctx context.Context, ref provisioning.Ref, name string, add, remove []provisioning.Ref) error {
	if err := s.fault(name, len(add), false); err != nil {
		return err
	}
	if err := s.Store.EditRefs(ctx, ref, name, add, remove); err != nil {
		return err
	}
	return s.fault(name, len(add), true)
}

// References that were removed count for the day, although others of the same record could not be written.
func TestRemovedReferencesCountAlone(t *testing.T) {
	j := newJob(30)
	bad := false
	j.sink = &editing{j.dst, func(name string, _ int, _ bool) error {
		if name == "owners" && bad {
			return provisioning.ErrUnavailable
		}
		return nil
	}}
	owned := func(n int, owners ...provisioning.Ref) *provisioning.Record {
		g := group("g", numbers(n)...)
		g.Refs["owners"] = owners
		return g
	}
	j.src.Put(owned(20, []provisioning.Ref{}...))
	j.clean(t)
	j.opts.Limits.RemoveRefs = provisioning.Limit{Count: 5}
	bad = true
	for n := 16; n >= 4; n -= 4 {
		j.src.Put(owned(n, uref(25)))
		if _, err := j.reconciler(t).Run(t.Context()); err != nil {
			require.ErrorIs(t, err, provisioning.ErrRefused)
		}
	}
	require.Len(t, j.of(t, gref("g")).Refs["members"], 16, "a day may remove 5 references")
}

// A manager who is replaced by another is no reference removed, in the limit of a day as in that of a run.
func TestReplacedReferencesAreNotRemoved(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprintf("batch %v", batch), func(t *testing.T) {
			j := newJob(30)
			if batch {
				j.sink = memory.Batching{Store: j.dst}
			}
			under := func(manager int) {
				for n := range 20 {
					r := user(n)
					r.Refs = provisioning.Refs{"manager": {uref(manager)}}
					j.src.Put(r)
				}
			}
			under(25)
			j.clean(t)
			j.opts.Limits = provisioning.Limits{RemoveRefs: provisioning.Limit{Count: 5}, Update: provisioning.Limit{Off: true}}
			for manager := 26; manager < 30; manager++ {
				under(manager)
				j.clean(t)
			}
			for n := range 4 {
				r := user(n)
				r.Refs = provisioning.Refs{"manager": {}}
				j.src.Put(r)
			}
			j.clean(t)
		})
	}
}

// Of references that others may add to those are ours that we added, or may have. What was refused or not come to is theirs who
// add it afterwards.
func TestSharedReferencesAreOursOnceAdded(t *testing.T) {
	refuse, lose := provisioning.ErrInvalid, provisioning.ErrUnavailable
	// The names are written in their order, and each case answers some of these writes: before they are done, or after.
	type answer struct {
		name  string
		after bool
		err   error
		ends  bool // the run
	}
	for _, c := range []struct {
		name    string
		answers []answer
		ours    bool
	}{
		{"it was added", nil, true},
		{"it was refused", []answer{{name: "members", err: refuse}}, false},
		{"another name of the same record was refused after it", []answer{{name: "owners", err: refuse}}, true},
		{"another name of the same record was refused before it", []answer{{name: "deputies", err: refuse}}, false},
		{"the answer was lost", []answer{{name: "members", after: true, err: lose}, {name: "members", err: lose}}, true},
		{"the answer was lost, and then it was refused", []answer{{name: "members", after: true, err: lose}, {name: "members", err: refuse}}, true},
		{"the run ended before", []answer{{name: "deputies", after: true, ends: true}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(10)
			var left []answer
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			j.sink = &editing{j.dst, func(name string, _ int, after bool) error {
				if len(left) == 0 || left[0].name != name || left[0].after != after {
					return nil
				}
				a := left[0]
				left = left[1:]
				if a.ends {
					cancel()
				}
				return a.err
			}}
			j.opts.Policy.SharedRefs = []string{"deputies", "members", "owners"}
			j.opts.Attempts = 2
			with := func(others ...int) *provisioning.Record {
				g := group("g", append([]int{1}, others...)...)
				g.Refs["deputies"], g.Refs["owners"] = group("", others...).Refs["members"], group("", others...).Refs["members"]
				return g
			}
			j.src.Put(with())
			j.clean(t)
			j.src.Put(with(3))
			left = c.answers
			_, _ = j.reconciler(t).Run(ctx)
			require.Empty(t, left, "the case is not what it says")

			// Somebody else adds it, or finds it there, and then the source no longer wants it.
			g := j.of(t, gref("g"))
			require.NoError(t, j.dst.EditRefs(t.Context(), g.Ref(), "members", []provisioning.Ref{j.of(t, uref(3)).Ref()}, nil))
			j.src.Put(with())
			j.run(t)
			want := 2
			if c.ours {
				want = 1
			}
			require.Len(t, j.of(t, gref("g")).Refs["members"], want)
		})
	}
}

// A member who could not be created was not added.
func TestSharedReferencesThatWaitAreNotOurs(t *testing.T) {
	for _, batch := range []bool{false, true} {
		j := faultyJob(10, func(c memory.Call) error {
			if c.Name == "Create" && c.Ref.ID == uid(30) {
				return provisioning.ErrInvalid
			}
			return nil
		})
		if batch {
			j.sink = memory.Batching{Store: j.dst}
		}
		j.opts.Policy.SharedRefs = []string{"members"}
		j.src.Put(user(30), group("g", 1, 30))
		j.run(t)
		m, _, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		ours, _ := m.Shared.Get(gref("g"))
		require.Equal(t, []provisioning.Ref{uref(1)}, ours["members"], "batch %v", batch)
	}
}

// What a run has added stays ours, so that who leaves the group loses it, although a plan is applied afterwards that was saved
// before and has the same member to add.
func TestSharedReferencesOutliveAnOvertakenPlan(t *testing.T) {
	j := newJob(1)
	j.opts.Policy.SharedRefs = []string{"members"}
	j.src.Put(group("g", 0))
	j.clean(t)
	j.src.Put(user(1), group("g", 0, 1))
	p := saved(t, j.plan(t))
	j.clean(t)
	_, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	j.src.Put(group("g", 0))
	j.run(t)
	j.run(t)
	require.Equal(t, []provisioning.Ref{j.of(t, uref(0)).Ref()}, j.of(t, gref("g")).Refs["members"])
}
