package provisioning_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Why somebody is held is remembered, so that a status can tell it without a reading of both sides.
func TestMemoryTellsWhyRecordsAreHeld(t *testing.T) {
	for _, delta := range []bool{false, true} {
		t.Run(fmt.Sprint("delta ", delta), func(t *testing.T) {
			j := newJob(10)
			if delta {
				j.source = j.src
			}
			mended := false
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.ID == uid(3) && !mended {
					return nil, errors.New("department is unknown")
				}
				return src, nil
			})
			held := func() provisioning.ByRef[provisioning.Reason] {
				m, _, err := j.reconciler(t).Memory(t.Context())
				require.NoError(t, err)
				return m.Held
			}
			want := provisioning.ByRef[provisioning.Reason]{provisioning.User: {uid(3): "map it: department is unknown"}}
			for range 2 {
				j.run(t)
				if diff := cmp.Diff(want, held()); diff != "" {
					t.Errorf("held (-want +got):\n%s", diff)
				}
			}
			// What an earlier version left does not tell why.
			state := j.opts.State.(*mortalState)
			old, err := state.Load(t.Context(), "default/memory")
			require.NoError(t, err)
			state.values["default/memory"] = []byte(strings.Replace(string(old), `"map it: department is unknown"`, "true", 1))
			require.Equal(t, provisioning.ByRef[provisioning.Reason]{provisioning.User: {uid(3): ""}}, held())
			mended = true
			j.clean(t)
			require.Zero(t, held().Len())
		})
	}
}
