package provisioning_test

import (
	"context"
	"fmt"
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
