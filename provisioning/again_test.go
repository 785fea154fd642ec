package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// What was mended and is put off until tomorrow can be tried by hand: one record on demand, or all in a run.
func TestMendedIsTriedByHand(t *testing.T) {
	sync := func(t *testing.T, j *job) {
		explained, err := j.reconciler(t).Explain(t.Context(), uref(3))
		require.NoError(t, err)
		require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1}, explained.Plan.Ops())
		trace, err := j.reconciler(t).Sync(t.Context(), uref(3))
		require.NoError(t, err)
		require.NoError(t, trace.Report.Err())
	}
	run := func(t *testing.T, j *job) {
		require.Empty(t, j.run(t).Plan.Changes, "it is not put off")
		j.opts.Again = true
		require.NoError(t, j.run(t).Err())
	}
	for name, c := range map[string]struct {
		delta bool
		do    func(*testing.T, *job)
	}{
		"one record on demand":  {false, sync},
		"one of what changed":   {true, sync},
		"a full run":            {false, run},
		"a run of what changed": {true, run},
	} {
		t.Run(name, func(t *testing.T) {
			broken := true
			j := newJob(5)
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if broken && c.Name == "Create" && c.Ref.ID == uid(3) {
					return fmt.Errorf("title is too long: %w", provisioning.ErrInvalid)
				}
				return nil
			}})
			j.sink = j.dst
			if c.delta {
				j.source = j.src
			}
			for range 4 {
				j.run(t)
			}
			require.Nil(t, j.of(t, uref(3)))
			broken = false
			c.do(t, j)
			require.NotNil(t, j.of(t, uref(3)))
			j.converged(t)
			m, _, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			require.Zero(t, m.Failing.Len(), "it is remembered as failing")
		})
	}
}

// Nobody is taken for gone because a record that is looked at again is not found: not when the source has one that does not tell its
// ID, and not when it was never said to be gone. Who was proved gone is removed in the end.
func TestNotFoundAgain(t *testing.T) {
	leave := func(j *job) { j.src.Remove(uref(3)) }
	disable := func(j *job) {
		off := user(3)
		off.Disabled = true
		j.src.Put(off)
	}
	for _, c := range []struct {
		name   string
		change func(*job)
		then   func(*elusive)
		stage  bool
		want   bool // whether it is there in the end
	}{
		{"disabled in the source, and it does not tell its ID", disable, func(s *elusive) { s.nameless = true }, false, true},
		{"disabled in the source, and it is not found", disable, func(s *elusive) { s.lost = true }, false, true},
		{"disabled in the source and staged, and it is not found", disable, func(s *elusive) { s.lost = true }, true, true},
		{"gone, and another does not tell its ID", leave, func(s *elusive) { s.nameless = true }, false, true},
		{"gone and staged, and another does not tell its ID", leave, func(s *elusive) { s.nameless = true }, true, true},
		{"gone", leave, func(*elusive) {}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(30)
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			bad := atomic.Bool{}
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if bad.Load() && (c.Name == "Deactivate" || c.Name == "Delete") {
					return provisioning.ErrUnavailable
				}
				return nil
			}})
			j.sink = j.dst
			src := &elusive{Store: j.src}
			j.source = src
			j.clean(t)
			c.change(j)
			bad.Store(!c.stage)
			if c.stage {
				j.opts.OnRefused = provisioning.StageRisky
				j.opts.Guards = []provisioning.Guard{noRemovals}
			}
			j.run(t)
			bad.Store(false)
			j.opts.Guards = nil
			c.then(src)
			require.True(t, j.run(t).Plan.Partial)
			require.Equal(t, c.want, j.of(t, uref(3)) != nil)
			if src.nameless && src.gone(uref(3)) {
				// It is not forgotten that it is gone.
				src.nameless = false
				require.True(t, j.run(t).Plan.Partial)
				require.Nil(t, j.of(t, uref(3)))
			}
		})
	}
}

// noRemovals refuses what removes anybody, and nothing else.
func noRemovals(p *provisioning.Plan, _ *provisioning.History) error {
	removes := func(c *provisioning.Change) bool {
		return c.Op == provisioning.Deactivate || c.Op == provisioning.Delete
	}
	for _, c := range p.Changes {
		if removes(c) {
			return &provisioning.Refusal{Rule: "removals", Text: "somebody is removed", Concerns: removes}
		}
	}
	return nil
}

// elusive is a source that does not find what it is asked for, or finds a record that does not tell its ID.
type elusive struct {
	*memory.Store
	lost, nameless bool
}

func (s *elusive) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		switch {
		case s.nameless:
			yield(nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: l.Kind}, Err: errors.New("no objectGUID")})
		case !s.lost:
			s.Store.Find(ctx, l)(yield)
		}
	}
}

func (s *elusive) gone(ref provisioning.Ref) bool {
	_, ok := s.Get(ref)
	return !ok
}
