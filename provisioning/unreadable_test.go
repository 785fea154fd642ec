package provisioning_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// While a record of the sink cannot be read, which may be somebody's own account, nobody is given another that only looks like it.
func TestNobodyIsAdoptedBesideAnUnreadableRecord(t *testing.T) {
	for _, known := range []bool{false, true} {
		j := newJob(20)
		j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"displayName"}}}
		j.clean(t)
		own := j.of(t, uref(3))
		lookalike := user(3)
		lookalike.ID = "lookalike"
		lookalike.Attributes.Set("userName", "mallory")
		j.dst.Put(lookalike)
		j.sink = readFails{j.dst, own.Ref(), known}
		report := j.run(t)
		require.Error(t, report.Err())
		require.Empty(t, report.Plan.Changes, "whose account cannot be read was given another")
		j.sink = j.dst
		j.clean(t)
		require.Equal(t, own, j.of(t, uref(3)))
	}
}
