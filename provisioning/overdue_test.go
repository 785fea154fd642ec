package provisioning_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// A plan that waited for somebody to approve it gives nobody access after their last day, and takes it from nobody on their first.
func TestSavedPlanAfterTheDay(t *testing.T) {
	const day = 24 * time.Hour
	has := func(disabled bool, external provisioning.ID) func(*job) {
		return func(j *job) {
			account := user(30)
			account.Disabled, account.ExternalID = disabled, external
			j.dst.Put(account)
		}
	}
	for name, c := range map[string]struct {
		has         func(*job)
		from, until time.Duration
		enabled     bool // when the day is over
	}{
		"a creation":     {has: func(*job) {}, until: 2 * day},
		"a reactivation": {has: has(true, uid(30)), until: 2 * day},
		"an adoption":    {has: has(false, ""), until: 2 * day},
		"a deactivation": {has: has(false, uid(30)), from: 2 * day, enabled: true},
	} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, late %v", name, late), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := newJob(20)
					j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
					c.has(j)
					r := user(30)
					if c.from > 0 {
						r.ValidFrom = time.Now().Add(c.from)
					}
					if c.until > 0 {
						r.ValidUntil = time.Now().Add(c.until)
					}
					j.src.Put(r)
					p := saved(t, j.plan(t))
					before := j.of(t, uref(30))
					if !late {
						time.Sleep(day)
						report, err := j.reconciler(t).Apply(t.Context(), p)
						require.NoError(t, err)
						require.NoError(t, report.Err())
						require.Equal(t, c.enabled, j.of(t, uref(30)).Disabled)
						return
					}
					time.Sleep(3 * day)
					report, err := j.reconciler(t).Apply(t.Context(), p)
					require.NoError(t, err)
					require.ErrorIs(t, report.Err(), provisioning.ErrStale)
					require.GreaterOrEqual(t, report.Ops[provisioning.Create].Done, 20, "the rest was not done")
					require.Equal(t, before, j.of(t, uref(30)), "it was done after the day")
					j.clean(t)
					if have := j.of(t, uref(30)); have != nil {
						require.Equal(t, c.enabled, !have.Disabled)
					}
				})
			})
		}
	}
}
