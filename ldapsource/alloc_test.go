package ldapsource_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/provisioning"
)

// A person of 22 attributes costs at most 25 allocations, the record itself included.
func TestAllocations(t *testing.T) {
	const n = 5000
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: n}})
	o := options(d)
	o.Attributes = benchAttributes
	s := newSource(t, d.TLSURL, o)
	require.NoError(t, s.Ping(t.Context()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, err := range s.Records(t.Context(), provisioning.User) {
		require.NoError(t, err)
	}
	runtime.ReadMemStats(&after)
	if each := float64(after.Mallocs-before.Mallocs) / n; each > 25 {
		t.Errorf("%.1f allocations a person, want 25 at most", each)
	}
}
