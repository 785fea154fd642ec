package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// What a saved plan makes again that a run since had undone is undone by the next run, which no longer reads it among what changed.
func TestOvertakenPlanIsMadeGood(t *testing.T) {
	retitle := func(j *job, title string) {
		r := user(3)
		r.Attributes.Set("title", title)
		j.src.Put(r)
	}
	for name, c := range map[string]struct{ do, undo func(*job) }{
		"somebody who has left since": {func(j *job) { j.src.Put(user(30)) }, func(j *job) { j.src.Remove(uref(30)) }},
		"a value that is another":     {func(j *job) { retitle(j, "Manager") }, func(j *job) { retitle(j, "Clerk") }},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			retitle(j, "Clerk")
			j.source, j.sink = j.src, unversioned{j.dst}
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.clean(t)
			before := len(j.have(t))
			c.do(j)
			p := saved(t, j.plan(t))
			j.partial(t)
			c.undo(j)
			j.partial(t)
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			require.NoError(t, report.Err())
			j.clean(t)
			require.Len(t, j.have(t), before)
			require.Equal(t, []string{"Clerk"}, j.of(t, uref(3)).Attributes["title"])
			j.partial(t)
		})
	}
}
