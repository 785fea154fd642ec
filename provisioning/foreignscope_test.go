package provisioning_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Where the mapping gives the ExternalIDs and nobody is in scope for a while, nothing tells that it does. Whom the policy keeps is
// kept all the same, in every run.
func TestNobodyWithANumberInScope(t *testing.T) {
	for name, c := range map[string]struct {
		err  error // of the mapper
		left int   // who has left, of whom this cannot be told
	}{
		"all are out of scope":               {err: provisioning.SkipRecord},
		"all are out of scope, and one left": {err: provisioning.SkipRecord, left: 1},
		"nobody can be mapped, and one left": {err: errors.New("no number"), left: 1},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(8)
			j.source = j.src
			j.opts.Policy.OutOfScope = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneKeep}
			var fails error
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				src.ExternalID = "number of " + src.ID
				return src, fails
			})
			j.clean(t)
			fails = c.err
			for n := range c.left {
				j.src.Remove(uref(n))
			}
			for range 4 {
				report := j.run(t)
				require.False(t, report.Plan.Partial)
				require.Zero(t, j.disabled(t), "%+v", report.Plan.Changes)
			}
			fails = nil
			j.clean(t)
			require.Equal(t, c.left, j.disabled(t))
		})
	}
}
