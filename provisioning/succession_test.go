package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Under ActiveBoth who was disabled here is enabled again, and nobody else, whichever record of the source the account belongs to by
// then, and whichever account had belonged to it before.
func TestWhoDisabledAnAccountOutlivesItsLink(t *testing.T) {
	back := func(j *job, id provisioning.ID) provisioning.Ref {
		r := user(3)
		r.ID = id
		j.src.Put(r)
		return r.Ref()
	}
	// another has the account of a leaver deleted by hand, and somebody block another one of the same name.
	another := func(t *testing.T, j *job) provisioning.ID {
		j.dst.Remove(j.of(t, uref(3)).Ref())
		blocked := user(3)
		blocked.ID, blocked.Disabled = "blocked", true
		j.dst.Put(blocked)
		return blocked.ID
	}
	relink := func(t *testing.T, j *job, source provisioning.Ref, target provisioning.ID) {
		l := provisioning.Link{Kind: source.Kind, Source: source.ID, Target: target}
		require.NoError(t, j.reconciler(t).Relink(t.Context(), l))
	}
	for name, c := range map[string]struct {
		do      func(*testing.T, *job) provisioning.Ref
		enabled bool
	}{
		"rehired under another ID, and linked with the old account": {func(t *testing.T, j *job) provisioning.Ref {
			now := back(j, "rehired")
			relink(t, j, now, j.of(t, uref(3)).ID)
			return now
		}, true},
		"linked with an account that somebody blocked": {func(t *testing.T, j *job) provisioning.Ref {
			target := another(t, j)
			now := back(j, uid(3))
			relink(t, j, now, target)
			return now
		}, false},
		"given an account that somebody blocked by a rule": {func(t *testing.T, j *job) provisioning.Ref {
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
			another(t, j)
			return back(j, uid(3))
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Active = provisioning.ActiveBoth
			j.clean(t)
			j.src.Remove(uref(3))
			j.clean(t)
			require.True(t, j.of(t, uref(3)).Disabled)
			ref := c.do(t, j)
			j.clean(t)
			j.run(t)
			require.Equal(t, c.enabled, !j.of(t, ref).Disabled)
		})
	}
}

// Where membership is shared, whom others added to a group stays in it when the group becomes ours instead of another one that is
// no more.
func TestSharedMembersOfAnotherGroup(t *testing.T) {
	for name, adopt := range map[string][]provisioning.Match{"by hand": nil, "by a rule": {{Attributes: []string{"displayName"}}}} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.SharedRefs = []string{"members"}
			j.opts.Policy.Adopt = adopt
			j.src.Put(group("team", 1, 2))
			j.clean(t)
			j.dst.Remove(j.of(t, gref("team")).Ref())
			theirs := group("team", 1)
			theirs.ID, theirs.Refs["members"] = "theirs", []provisioning.Ref{j.of(t, uref(1)).Ref()}
			j.dst.Put(theirs)
			if adopt == nil {
				require.NoError(t, j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.Group, Source: "team", Target: "theirs"}))
			}
			j.src.Put(group("team", 2))
			j.clean(t)
			require.ElementsMatch(t, []provisioning.Ref{j.of(t, uref(1)).Ref(), j.of(t, uref(2)).Ref()}, j.of(t, gref("team")).Refs["members"])
			j.src.Put(group("team"))
			j.clean(t)
			require.Equal(t, []provisioning.Ref{j.of(t, uref(1)).Ref()}, j.of(t, gref("team")).Refs["members"])
		})
	}
}

// What was linked by hand is brought to the sink by the next run, also where that reads only what changed and what failed is put off.
func TestLinkedByHandIsLookedAt(t *testing.T) {
	j := deltaJob(t, 20)
	j.src.Remove(uref(3))
	j.partial(t)
	rehired := user(3)
	rehired.ID = "rehired"
	j.src.Put(rehired)
	for range 4 {
		require.Nil(t, j.of(t, rehired.Ref()), "the name is taken")
		j.run(t)
	}
	l := provisioning.Link{Kind: provisioning.User, Source: "rehired", Target: j.of(t, uref(3)).ID}
	require.NoError(t, j.reconciler(t).Relink(t.Context(), l))
	j.partial(t)
	require.False(t, j.of(t, rehired.Ref()).Disabled)
}
