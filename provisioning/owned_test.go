package provisioning_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// What is not in the link table is another job's, whatever ExternalID it carries.
func TestOwnedLinked(t *testing.T) {
	j := newJob(20)
	j.opts.Links = true
	j.opts.Policy.Owned = provisioning.OwnedLinked
	j.opts.Policy.Forbid = []provisioning.Op{provisioning.Create}
	theirs := user(3)
	theirs.ID, theirs.ExternalID = "made by another job", uid(3)
	theirs.Attributes.Set("displayName", "As they want it")
	j.dst.Put(theirs)
	for _, disabled := range []bool{false, true} {
		ours := user(3)
		ours.Disabled = disabled
		j.src.Put(ours)
		report := j.run(t)
		require.Empty(t, report.Plan.Changes)
		require.Equal(t, 1, report.Plan.Counts[provisioning.User].Unmanaged)
		got, _ := j.dst.Get(theirs.Ref())
		require.Equal(t, "As they want it", got.Attributes.Get("displayName"))
		require.False(t, got.Disabled)
	}
}

// A link that was lost with its process is found again, also of somebody who has left meanwhile.
func TestOwnedLinkedAfterAKill(t *testing.T) {
	state := newState()
	j := newJob(5)
	j.opts.State, j.opts.Links, j.opts.Concurrency = state, true, 1
	j.opts.Policy.Owned = provisioning.OwnedLinked
	var kill atomic.Bool
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.After && c.Ref.ID == uid(4) && kill.Load() {
			state.kill()
			return errKilled
		}
		return nil
	}})
	j.sink = j.dst
	kill.Store(true)
	_, err := j.reconciler(t).Run(t.Context())
	require.Error(t, err)
	kill.Store(false)
	state.revive()
	j.src.Remove(uref(2))
	report := j.clean(t)
	require.Len(t, report.Plan.Relinked, 5)
	require.Equal(t, 5, j.dst.Len(provisioning.User), "somebody is there twice")
	require.True(t, j.of(t, uref(2)).Disabled, "a leaver whom this job created keeps the access")
	j.src.Remove(uref(1))
	j.clean(t)
	require.True(t, j.of(t, uref(1)).Disabled, "a leaver whom this job created keeps the access")
}

// The account that was created for one person is not adopted for another, although both have the same address.
func TestAdoptionOfARecoveredRecord(t *testing.T) {
	j := newJob(0)
	j.opts.Links = true
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"mail"}}}
	var lose atomic.Bool
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.After && lose.Load() {
			return provisioning.ErrUnavailable
		}
		return nil
	}})
	j.sink = nameless{j.dst.Bare()}
	one, two := user(1), user(2)
	one.Attributes.Set("mail", "info@example.com")
	two.Attributes.Set("mail", "info@example.com")
	j.src.Put(one)
	lose.Store(true)
	j.run(t)
	lose.Store(false)
	require.Equal(t, 1, j.dst.Len(provisioning.User))
	j.src.Put(two)
	j.run(t)
	names := map[string]bool{}
	for _, r := range j.have(t) {
		names[r.Attributes.Get("userName")] = true
	}
	require.Equal(t, map[string]bool{"user1@example.com": true, "user2@example.com": true}, names)
}

// Nor is it ever adopted, whatever it has in common with ours.
func TestAnothersIsNotAdopted(t *testing.T) {
	j := newJob(1)
	j.dst = memory.New(nil)
	j.sink = j.dst
	j.opts.Links = true
	j.opts.Policy.Owned = provisioning.OwnedLinked
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
	theirs := user(0)
	theirs.ID, theirs.ExternalID = "made by another job", "of another source"
	j.dst.Put(theirs)
	j.clean(t)
	require.Equal(t, 2, j.dst.Len(provisioning.User))
	got, _ := j.dst.Get(theirs.Ref())
	require.Equal(t, provisioning.ID("of another source"), got.ExternalID)
}
