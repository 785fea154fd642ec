package provisioning_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// What a run did is saved at least every ten seconds, so that one that is killed is in the day's history all the same.
func TestCheckpoint(t *testing.T) {
	for _, links := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			state := &mortalState{values: map[string][]byte{}}
			writes, until := 0, 0
			j := faultyJob(0, func(c memory.Call) error {
				if c.After || until == 0 {
					return nil
				}
				if writes++; writes > until {
					state.kill()
					return errKilled
				}
				time.Sleep(2 * time.Second)
				return nil
			})
			j.opts.State, j.opts.Concurrency, j.opts.Links = state, 1, links
			if links {
				j.sink = nameless{j.dst}
			}
			j.clean(t)
			for n := range 40 {
				j.src.Put(user(n))
			}
			until = 20
			began := time.Now()
			_, err := j.reconciler(t).Run(t.Context())
			require.ErrorIs(t, err, errKilled)
			state.revive()
			_, h, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			// After ten seconds five are done, and so on.
			done := h.Done(provisioning.User, provisioning.Create, began.Add(-time.Second))
			require.GreaterOrEqual(t, done, 15)
			require.LessOrEqual(t, done, 20)
			until = 0
			j.clean(t)
			require.Len(t, j.have(t), 40)
		})
	}
}
