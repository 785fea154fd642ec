package server_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// What a handler in front refuses is refused to those who are let in, and told to the observer.
func TestRefuse(t *testing.T) {
	token := server.NewToken()
	var events []string
	h, err := server.New(types(), server.One(memstore.New(nil)), server.Bearer(server.Tokens{{Name: "a", Hash: server.HashToken(token)}}.Verify), &server.Options{
		Observer: server.Observer{Request: func(_ context.Context, e *server.Event) {
			events = append(events, fmt.Sprint(e.Endpoint, " ", e.Status))
		}},
	})
	require.NoError(t, err)
	why := &scim.Error{Status: http.StatusNotAcceptable, Detail: "no"}
	for _, tt := range []struct {
		auth string
		want int
	}{{"", 401}, {"Bearer " + token, 406}} {
		r := httptest.NewRequest("DELETE", "/Users/1", nil)
		r.Header.Set("Authorization", tt.auth)
		w := httptest.NewRecorder()
		h.Refuse(w, r, why)
		if w.Code != tt.want || strings.Contains(w.Body.String(), `"no"`) != (tt.want == 406) {
			t.Errorf("with %q: %d %s", tt.auth, w.Code, w.Body)
		}
	}
	if diff := cmp.Diff([]string{"User 401", "User 406"}, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if l := h.Limits(); l.Results != 1000 || l.Body != 1<<20 {
		t.Errorf("limits %+v", l)
	}
	if got := h.ResourceTypes(); len(got) != 2 || got[0].Name() != "User" || got[1].Name() != "Group" {
		t.Errorf("types %v", got)
	}
}

// A handler in front says itself what is the base, whatever the options say.
func TestAt(t *testing.T) {
	for _, base := range []string{"", "/v2"} {
		s := newService(t, &server.Options{Base: base})
		id := s.create(base+"/Users", `{"userName":"a"}`)
		for _, tt := range []struct{ path, at, want string }{
			{"/v1/Users/" + id, "/v1", "http://example.com/v1/Users/" + id},
			{"/Users/" + id, "", "http://example.com/Users/" + id},
			{"/Bulk/Users/" + id, "/Bulk", "http://example.com/Bulk/Users/" + id},
			{"/v1/Users/" + id, "/v", ""},
			{"/v1/x/Users/" + id, "/v1", ""},
		} {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, server.At(httptest.NewRequest("GET", tt.path, nil), tt.at))
			if got := w.Header().Get("Location"); got != tt.want {
				t.Errorf("%s at %q with the base %q: %d and location %q, want %q", tt.path, tt.at, base, w.Code, got, tt.want)
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// An error of package scim that a body gives is the answer; another is one of the connection.
func TestBodyThatFails(t *testing.T) {
	s := newService(t, nil)
	for err, want := range map[error]int{scim.Errorf(scim.ErrTooLarge, "in front"): 413, errors.New("gone"): 400} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", "/Users", failing{err}))
		if w.Code != want || strings.Contains(w.Body.String(), "in front") != (want == 413) || strings.Contains(w.Body.String(), "gone") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

func TestRewriteQuery(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"a=b", "a=b%21"},
		{"a=b+c&drop=1&d", "a=b+c%21&d=%21"},
		{"f=a%20eq%20%22x+y;z%22", "f=a+eq+%22x%2By%3Bz%22%21"},
	} {
		got, err := server.RewriteQuery(tt.in, func(name, value string) (string, bool, error) { return value + "!", name != "drop", nil })
		if err != nil || got != tt.want {
			t.Errorf("%s: got %s and error %v, want %s", tt.in, got, err, tt.want)
		}
	}
	if _, err := server.RewriteQuery("a=%zz", nil); !errors.Is(err, scim.ErrInvalidSyntax) {
		t.Errorf("what is escaped wrongly gives %v", err)
	}
	boom := errors.New("boom")
	if _, err := server.RewriteQuery("a=b", func(string, string) (string, bool, error) { return "", true, boom }); !errors.Is(err, boom) {
		t.Errorf("an error of f gives %v", err)
	}
}
