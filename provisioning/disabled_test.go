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

// Under ActiveBoth a block by hand stays, whatever the reconciler did, or was about to do, to the same account long ago.
func TestBlockByHandStays(t *testing.T) {
	enable := func(t *testing.T, j *job) {
		account := j.of(t, uref(3))
		account.Disabled = false
		j.dst.Put(account)
	}
	run := func(t *testing.T, j *job) { j.run(t) }
	saves := func(t *testing.T, j *job) {
		_, err := j.reconciler(t).Apply(t.Context(), saved(t, j.plan(t)))
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		fails error // of a deactivation
		led   error // of what is written to references
		back  func(*testing.T, *job)
		run   func(*testing.T, *job)
	}{
		"the deactivation was refused":                  {fails: provisioning.ErrInvalid, run: run},
		"the deactivation failed":                       {fails: provisioning.ErrUnavailable, run: run},
		"the run stopped":                               {fails: provisioning.ErrUnauthorized, run: run},
		"somebody else enabled the account":             {back: enable, run: run},
		"somebody else did, and plans are saved":        {back: enable, run: saves},
		"enabling it failed, but for its references":    {led: provisioning.ErrInvalid, run: run},
		"the deactivation failed, and plans are saved":  {fails: provisioning.ErrUnavailable, run: saves},
		"the deactivation was refused, plans are saved": {fails: provisioning.ErrInvalid, run: saves},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Attempts = 1
			j.opts.Policy.Active = provisioning.ActiveBoth
			var leaves, comesBack atomic.Bool
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				switch {
				case call.Name == "Deactivate" && leaves.Load():
					return c.fails
				case call.Name == "EditRefs" && comesBack.Load():
					return c.led
				}
				return nil
			}})
			j.sink = j.dst
			j.clean(t)
			leaves.Store(true)
			j.src.Remove(uref(3))
			_, _ = j.reconciler(t).Run(t.Context())
			require.Equal(t, c.fails == nil, j.of(t, uref(3)).Disabled)
			leaves.Store(false)
			if c.back != nil {
				c.back(t, j)
			}
			comesBack.Store(true)
			r := user(3)
			r.Refs = provisioning.Refs{"manager": {uref(1)}}
			j.src.Put(r)
			c.run(t, j)
			comesBack.Store(false)
			c.run(t, j)
			require.False(t, j.of(t, uref(3)).Disabled)
			// A year later security blocks the account.
			require.NoError(t, j.dst.Deactivate(t.Context(), j.of(t, uref(3)).Ref()))
			c.run(t, j)
			require.True(t, j.of(t, uref(3)).Disabled, "who was blocked by hand has access again")
		})
	}
}

// A deactivation that the sink refused is nobody's, so that a block by hand that comes before the next run stays too.
func TestBlockByHandAfterARefusal(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Active = provisioning.ActiveBoth
	refuses := true
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
		if call.Name == "Deactivate" && refuses {
			return provisioning.ErrInvalid
		}
		return nil
	}})
	j.sink = j.dst
	j.clean(t)
	j.src.Remove(uref(3))
	j.run(t)
	refuses = false
	require.NoError(t, j.dst.Deactivate(t.Context(), j.of(t, uref(3)).Ref()))
	j.src.Put(user(3))
	j.run(t)
	require.True(t, j.of(t, uref(3)).Disabled, "who was blocked by hand has access again")
}

// Under ActiveBoth who was disabled in the sink before stays so, also once it is adopted.
func TestBlockByHandOutlivesAdoption(t *testing.T) {
	j := newJob(1)
	j.opts.Policy.Active = provisioning.ActiveBoth
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
	theirs := user(0)
	theirs.ID, theirs.Disabled = "theirs", true
	j.dst.Put(theirs)
	require.Equal(t, 1, j.run(t).Ops[provisioning.Adopt].Done)
	j.run(t)
	require.True(t, j.of(t, uref(0)).Disabled, "who was blocked by hand has access again")
}

// Under ActiveBoth who was created disabled is enabled on the first day, also if the run was killed that created the account.
func TestFirstDayAfterAKill(t *testing.T) {
	for _, links := range []bool{false, true} {
		t.Run(fmt.Sprint("links ", links), func(t *testing.T) {
			s := newState()
			j := newJob(0)
			j.opts.State, j.opts.Links = s, links
			j.opts.Policy.Active, j.opts.Policy.CreateDisabled = provisioning.ActiveBoth, true
			early := user(0)
			early.Disabled = true
			j.src.Put(early)
			kill := true
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if kill && call.Name == "Create" && call.After {
					s.kill()
					return errKilled
				}
				return nil
			}})
			j.sink = j.dst
			if links {
				j.sink = nameless{j.dst.Bare()}
			}
			_, err := j.reconciler(t).Run(t.Context())
			require.ErrorIs(t, err, errKilled)
			kill = false
			s.revive()
			j.run(t)
			require.Equal(t, 1, j.disabled(t))
			j.src.Put(user(0))
			j.clean(t)
			require.Zero(t, j.disabled(t), "whom the run created disabled stays so")
		})
	}
}

// A creation that the sink refused leaves nothing: an account that somebody else makes afterwards, and blocks, stays blocked.
func TestBlockByHandAfterARefusedCreation(t *testing.T) {
	j := newJob(1)
	j.opts.Policy.Active, j.opts.Policy.CreateDisabled = provisioning.ActiveBoth, true
	refuses := true
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
		if call.Name == "Create" && refuses {
			return provisioning.ErrInvalid
		}
		return nil
	}})
	j.sink = j.dst
	early := user(3)
	early.Disabled = true
	j.src.Put(early)
	j.run(t)
	refuses = false
	theirs := user(3)
	theirs.ID, theirs.ExternalID, theirs.Disabled = "theirs", uid(3), true
	j.dst.Put(theirs)
	j.src.Put(user(3))
	j.run(t)
	j.run(t)
	require.True(t, j.of(t, uref(3)).Disabled, "who was blocked by hand has access again")
}
