package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A plan calls unchanged who is as they shall be, and nobody of whom it only does nothing: because it failed and is put off, because
// the policy forbids it, or because the sink does not keep it.
func TestUnchangedAreAsTheyShallBe(t *testing.T) {
	for name, c := range map[string]struct {
		fault error
		do    func(*job)
	}{
		"put off": {provisioning.ErrInvalid, func(*job) {}},
		"forbidden": {nil, func(j *job) {
			j.opts.Policy.Forbid = []provisioning.Op{provisioning.Create, provisioning.Update}
		}},
		"not kept": {nil, func(j *job) {
			j.sink = altering{j.dst, func(_ provisioning.ID, r *provisioning.Record) { delete(r.Attributes, "displayName") }}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			j := faultyJob(20, func(call memory.Call) error {
				if call.Name == "Create" && call.Ref == uref(30) || call.Name == "Update" {
					return c.fault
				}
				return nil
			})
			j.clean(t)
			c.do(j)
			j.src.Put(renamedUser(3))
			want := 19
			if name != "not kept" {
				j.src.Put(user(30))
			}
			for range 5 {
				report := j.run(t)
				require.Equal(t, want, report.Plan.Counts[provisioning.User].Unchanged, "%v", report.Plan.Ops())
			}
			require.True(t, j.plan(t).Empty())
		})
	}
}
