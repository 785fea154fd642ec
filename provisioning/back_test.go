package provisioning_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// A deletion that another run has made since the plan was saved is of the past: what is remembered of the person, who has come back
// under the same ExternalID as another record, stays, and nobody is counted as deleted twice.
func TestStalePlanOfWhoCameBack(t *testing.T) {
	disabled := func(n int) *provisioning.Record {
		r := user(n)
		r.Disabled = true
		return r
	}
	for _, c := range []struct {
		name string
		gone provisioning.Ref
		then func(t *testing.T, j *job) // after it came back
		want func(t *testing.T, j *job) // after the saved plan
	}{
		{"and was disabled", uref(3), func(t *testing.T, j *job) {
			j.src.Put(disabled(3))
			j.clean(t)
		}, func(t *testing.T, j *job) {
			j.src.Put(user(3))
			j.clean(t)
			require.Zero(t, j.disabled(t), "who was disabled by a run stays so")
		}},
		{"and waits for the end of a grace period", uref(3), func(t *testing.T, j *job) {
			j.src.Remove(uref(3))
			j.run(t)
			time.Sleep(time.Hour)
		}, func(t *testing.T, j *job) {
			time.Sleep(23 * time.Hour)
			j.clean(t)
			require.Nil(t, j.of(t, uref(3)), "the grace period began anew")
		}},
		{"with members that others may add too", gref("g"), func(*testing.T, *job) {}, func(t *testing.T, j *job) {
			j.src.Put(group("g", 1))
			j.clean(t)
			require.Len(t, j.of(t, gref("g")).Refs["members"], 1, "a member that a run added stays")
		}},
	} {
		for name, change := range map[string]func(*job){
			"a sink that finds": func(*job) {}, "one that reads all": func(j *job) { j.sink = j.dst.Bare() }, "a link table": func(j *job) { j.opts.Links = true },
		} {
			t.Run(c.name+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := newJob(20)
					j.opts.Policy = provisioning.Policy{
						Active: provisioning.ActiveBoth, SharedRefs: []string{"members"}, Grace: 24 * time.Hour,
						Gone: map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete, provisioning.Group: provisioning.GoneDelete},
					}
					change(j)
					j.src.Put(group("g", 1, 2), group("other", 1))
					j.clean(t)
					before, _ := j.src.Get(c.gone)
					j.src.Remove(c.gone)
					j.run(t)
					time.Sleep(24 * time.Hour)
					p := saved(t, j.plan(t))
					require.Equal(t, 1, p.Ops()[provisioning.Delete])
					j.clean(t)
					j.src.Put(before)
					j.clean(t)
					c.then(t, j)
					memory, history, err := j.reconciler(t).Memory(t.Context())
					require.NoError(t, err)
					_, err = j.reconciler(t).Apply(t.Context(), p)
					require.NoError(t, err)
					after, counted, err := j.reconciler(t).Memory(t.Context())
					require.NoError(t, err)
					require.Equal(t, memory, after)
					require.Equal(t, history.Owned, counted.Owned)
					require.Equal(t, history.Active, counted.Active)
					for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
						done := func(h *provisioning.History) int { return h.Done(kind, provisioning.Delete, time.Time{}) }
						require.Equal(t, done(history), done(counted))
					}
					c.want(t, j)
				})
			})
		}
	}
}

// A deletion that was made before is done, and counted once.
func TestStalePlanOfWhatIsDeleted(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	j.clean(t)
	j.src.Remove(uref(3))
	p := saved(t, j.plan(t))
	for range 2 {
		report, err := j.reconciler(t).Apply(t.Context(), saved(t, p))
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, 1, report.Ops[provisioning.Delete].Done)
	}
	owned, active := j.ours(t)
	require.Equal(t, []int{19, 19}, []int{owned, active})
	_, h, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, h.Done(provisioning.User, provisioning.Delete, time.Time{}))
}
