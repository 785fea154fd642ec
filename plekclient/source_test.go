package plekclient_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// What a run reads of Plek must be all of it, or an error: who were missing would be created again.
func TestSinkIsReadWhole(t *testing.T) {
	const n = 8
	filled := func(t *testing.T, fault func(*http.Request) *plektest.Fault) provisioning.Source {
		s := start(t, nil)
		sink := connect(t, s, &plekclient.Options{PageSize: 2, Retries: -1})
		for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
			for i := range n {
				r := record(kind, i+1)
				r.ExternalID = provisioning.ID("source-" + string(kind) + string(rune('a'+i)))
				_, err := sink.Create(t.Context(), r)
				require.NoError(t, err)
			}
		}
		s.SetFault(fault)
		return sink
	}
	sourcetest.Test(t, sourcetest.Fixture{
		New:   func(t *testing.T) provisioning.Source { return filled(t, nil) },
		Kinds: []provisioning.Kind{provisioning.User, provisioning.Group},
		Count: map[provisioning.Kind]int{provisioning.User: n, provisioning.Group: n},
		Cut: func(t *testing.T, after int) provisioning.Source {
			var pages atomic.Int64
			return filled(t, func(r *http.Request) *plektest.Fault {
				if r.Method == http.MethodGet && pages.Add(1) > int64(after) {
					return &plektest.Fault{Reset: true}
				}
				return nil
			})
		},
	})
}
