package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// An approval that does not fit is refused with the reason, be it given in the options or in the plan, of all of it or of a part.
func TestApprovalThatDoesNotFit(t *testing.T) {
	freeze := func(*provisioning.Plan, *provisioning.History) error {
		return &provisioning.Refusal{Rule: "freeze", Text: "it is December", Concerns: func(c *provisioning.Change) bool { return c.Op == provisioning.Deactivate }}
	}
	for _, c := range []struct {
		name   string
		stages provisioning.OnRefused
		plan   bool // the approval is in the plan
		token  func(digest string) string
		want   func(digest string) string
	}{
		{"of another plan", provisioning.RefuseAll, false, func(string) string { return "0123:deactivate" },
			func(digest string) string {
				return `the approval that was given names plan "0123", and this is plan ` + digest
			}},
		{"which lacks a guard", provisioning.RefuseAll, false, func(digest string) string { return digest + ":deactivate" },
			func(string) string {
				return "the approval that was given is of this plan, and does not name what refuses it: freeze"
			}},
		{"which names no guard", provisioning.RefuseAll, false, func(digest string) string { return digest },
			func(string) string {
				return "the approval that was given is of this plan, and does not name what refuses it: deactivate, freeze"
			}},
		{"in the plan, which lacks a guard", provisioning.RefuseAll, true, func(digest string) string { return digest + ":freeze" },
			func(string) string {
				return "the approval that was given is of this plan, and does not name what refuses it: deactivate"
			}},
		{"of another plan, where a part is staged", provisioning.StageRisky, false, func(string) string { return "0123" },
			func(digest string) string {
				return `the approval that was given names plan "0123", and this is plan ` + digest + ", of which is staged "
			}},
		{"none", provisioning.RefuseAll, false, func(string) string { return "" }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(100)
			j.clean(t)
			j.opts.OnRefused = c.stages
			j.opts.Guards = []provisioning.Guard{freeze}
			j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
			for n := range 5 {
				j.src.Remove(uref(n))
			}
			j.src.Put(user(200))
			p := j.plan(t)
			token := c.token(p.Digest())
			if c.plan {
				require.NoError(t, p.Approve(token))
			} else {
				j.opts.Approve = token
			}
			err := j.reconciler(t).Judge(t.Context(), p)
			var refused *provisioning.RefusedError
			require.ErrorAs(t, err, &refused)
			if c.want == nil {
				require.Empty(t, refused.Unfit)
				return
			}
			require.Contains(t, refused.Unfit, c.want(p.Digest()))
			require.ErrorContains(t, err, c.want(p.Digest()))
			report, err := j.reconciler(t).Apply(t.Context(), p)
			if c.stages == provisioning.StageRisky {
				require.NoError(t, err)
				require.Equal(t, refused.Unfit, report.Unfit)
				require.ErrorContains(t, report.Err(), report.Unfit)
				return
			}
			require.ErrorContains(t, err, refused.Unfit)
			require.Equal(t, refused.Unfit, report.Unfit)
			require.Equal(t, refused.Token(), report.Token)
		})
	}
}
