package provisioning_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// HR systems write 9999-12-31 for somebody who stays for ever, and the end of that day is in a year that JSON cannot tell.
func TestBoundsBeyondTheCalendar(t *testing.T) {
	far := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Add(24 * time.Hour)
	long := time.Date(-4711, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		from, until time.Time
		disabled    bool
	}{
		"until for ever":         {until: far},
		"since ever":             {from: long},
		"until before the years": {until: long, disabled: true},
		"from never on":          {from: far, disabled: true},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.CreateDisabled = true
			r := user(3)
			r.ValidFrom, r.ValidUntil = c.from, c.until
			j.src.Put(r)
			p := saved(t, j.plan(t))
			require.Zero(t, p.Due)
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			require.NoError(t, report.Err())
			require.Equal(t, c.disabled, j.of(t, uref(3)).Disabled)
			j.converged(t)
		})
	}
}

// A creation that the sink refused is tried as soon as its data is mended, also of somebody who stays for ever.
func TestMendedCreationOfWhoStaysForEver(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	r := user(30)
	r.ValidUntil = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Add(24 * time.Hour)
	r.Attributes.Set("userName", "user1@example.com")
	j.src.Put(r)
	for range 3 {
		require.Error(t, j.run(t).Err())
	}
	r.Attributes.Set("userName", "user30@example.com")
	j.src.Put(r)
	require.Equal(t, 1, j.clean(t).Ops[provisioning.Create].Done)
}
