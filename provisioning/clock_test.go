package provisioning_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A clock that was ahead for one run, as one of a machine that begins without a battery, puts nothing off until it is reached again.
func TestClockThatIsPutBack(t *testing.T) {
	j := newJob(20)
	j.source = j.src
	refuses := true
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.Ref == uref(30) && refuses {
			return provisioning.ErrInvalid
		}
		return nil
	}})
	j.sink = j.dst
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(10 * 365 * 24 * time.Hour)
		j.clean(t)
		j.src.Put(user(30))
		for range 2 {
			require.Error(t, j.run(t).Err())
		}
	})
	refuses = false
	byHand := j.of(t, uref(1))
	byHand.Attributes.Set("displayName", "By hand")
	j.dst.Put(byHand)
	synctest.Test(t, func(t *testing.T) { // whose clock begins anew
		require.False(t, j.clean(t).Plan.Partial)
		require.Equal(t, "User 1", j.of(t, uref(1)).Attributes.Get("displayName"))
		require.NotNil(t, j.of(t, uref(30)))
		_, history, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		require.Zero(t, history.Done(provisioning.User, provisioning.Create, time.Now()), "what is still to come counts for the limits of a day")
		require.True(t, j.partial(t).Plan.Partial)
	})
}
