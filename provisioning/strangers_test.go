package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// An account that is to be adopted for somebody who is disabled in the source is nobody's until it is, so it is not disabled before.
func TestAStrangerIsNotDisabled(t *testing.T) {
	one := provisioning.Limit{Count: 1}
	for name, c := range map[string]struct {
		opts provisioning.Options
		err  error // of the adoption
		ops  map[provisioning.Op]int
	}{
		"the adoption fails": {err: provisioning.ErrInvalid},
		"it is forbidden":    {opts: provisioning.Options{Policy: provisioning.Policy{Forbid: []provisioning.Op{provisioning.Adopt}}}},
		"it is staged": {opts: provisioning.Options{OnRefused: provisioning.StageRisky, Limits: provisioning.Limits{Adopt: one},
			DayLimits: provisioning.Limits{Adopt: one}}},
	} {
		t.Run(name, func(t *testing.T) {
			refuses := false
			j := faultyJob(20, func(call memory.Call) error {
				if call.Name == "Update" && refuses {
					return c.err
				}
				return nil
			})
			j.clean(t)
			c.opts.State, c.opts.Wait = j.opts.State, j.opts.Wait
			j.opts = c.opts
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
			refuses = true
			var theirs []provisioning.Ref
			for n := 30; n < 33; n++ {
				account, person := user(n), user(n)
				account.ID += "-theirs"
				person.Disabled = true
				j.dst.Put(account)
				j.src.Put(person)
				theirs = append(theirs, account.Ref())
			}
			for range 4 { // of which the last ones put it off
				j.run(t)
				for _, ref := range theirs {
					account, _ := j.dst.Get(ref)
					require.False(t, account.Disabled, "the account of a stranger was disabled")
				}
			}
		})
	}
}

// A plan that was saved adopts who is disabled in the source and disables the account, as one does that is applied at once.
func TestSavedPlanAdoptsAndDisables(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
	j.clean(t)
	account, person := user(30), user(30)
	account.ID, person.Disabled = "theirs", true
	j.dst.Put(account)
	j.src.Put(person)
	report, err := j.reconciler(t).Apply(t.Context(), saved(t, j.plan(t)))
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report.Failures)
	require.True(t, j.of(t, uref(30)).Disabled)
	j.converged(t)
}
