package scim1_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
)

// told are the events that a sink was given.
type told []string

func (l *told) Put(_ context.Context, tenant string, t *event.Token) error {
	for _, e := range t.Events {
		*l = append(*l, fmt.Sprintf("%s %s %v", t.Subject.URI, strings.TrimPrefix(string(e.Type), "urn:ietf:params:scim:event:prov:"), e.Attributes))
	}
	return nil
}

// The hooks of the Handler behind see what is done by 1.1 as they see what is done by 2.0: passwords become what is kept of
// them and are never shown, and events tell of each change.
func TestHooks(t *testing.T) {
	var events told
	secrets := 0
	s := newService(t, &server.Options{
		Events: &server.Events{Sink: &events},
		Secret: func(_ context.Context, a *scim.Attribute, v any) (any, error) {
			secrets++
			return fmt.Sprint("hash of ", len(v.(string))), nil
		},
	})
	shown := ""
	for _, r := range []struct{ method, path, body string }{
		{"POST", "/v1/Users", `{"userName":"anna","password":"first"}`},
		{"PATCH", "/v1/Users/1", `{"password":"the second","title":"Guide"}`},
		{"PUT", "/v1/Users/1", `{"userName":"anna","title":"Guide"}`},
		{"GET", "/v1/Users/1?attributes=password,urn:scim:schemas:core:1.0:password", ""},
		{"GET", "/v1/Users?attributes=password", ""},
		{"PATCH", "/v1/Users/1", `{"active":false}`},
		{"DELETE", "/v1/Users/1", ""},
	} {
		a := s.do(r.method, r.path, r.body)
		if a.status >= 300 {
			t.Errorf("%s %s: %d %s", r.method, r.path, a.status, a.text)
		}
		shown += a.text
		if r.method == "PUT" {
			kept, err := s.store.Get(t.Context(), types()[0], "1", nil)
			require.NoError(t, err)
			if kept.GetString("password") != "hash of 10" {
				t.Errorf("after a PUT without a password %q is kept", kept.GetString("password"))
			}
		}
	}
	if secrets != 2 || strings.Contains(shown, "hash") || strings.Contains(shown, "password") {
		t.Errorf("the hook was asked %d times, and there was shown %s", secrets, shown)
	}
	want := []string{
		"/Users/1 create:notice [id userName password]",
		"/Users/1 patch:notice [title password]",
		"/Users/1 deactivate []",
		"/Users/1 delete []",
	}
	if diff := cmp.Diff(want, []string(events)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}
