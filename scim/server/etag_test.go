package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func TestPreconditions(t *testing.T) {
	tests := []struct {
		name, method, header string
		want                 int
	}{
		{"get: same version", "GET", `If-None-Match: W/"1"`, http.StatusNotModified},
		{"get: same version, strong", "GET", `If-None-Match: "1"`, http.StatusNotModified},
		{"get: one of several", "GET", `If-None-Match: "x,y", W/"1"`, http.StatusNotModified},
		{"get: any", "GET", `If-None-Match: *`, http.StatusNotModified},
		{"head: same version", "HEAD", `If-None-Match: W/"1"`, http.StatusNotModified},
		{"get: another version", "GET", `If-None-Match: W/"2"`, http.StatusOK},
		{"put: same version", "PUT", `If-Match: W/"1"`, http.StatusOK},
		{"put: without quotes", "PUT", `If-Match: 1`, http.StatusOK},
		{"put: any", "PUT", `If-Match: *`, http.StatusOK},
		{"put: another version", "PUT", `If-Match: W/"2"`, http.StatusPreconditionFailed},
		{"put: must not exist", "PUT", `If-None-Match: *`, http.StatusPreconditionFailed},
		{"patch: same version", "PATCH", `If-Match: W/"1"`, http.StatusOK},
		{"patch: one of several", "PATCH", `If-Match: W/"0", W/"1"`, http.StatusOK},
		{"patch: another version", "PATCH", `If-Match: W/"2"`, http.StatusPreconditionFailed},
		{"delete: same version", "DELETE", `If-Match: W/"1"`, http.StatusNoContent},
		{"delete: any", "DELETE", `If-Match: *`, http.StatusNoContent},
		{"delete: another version", "DELETE", `If-Match: W/"2"`, http.StatusPreconditionFailed},
	}
	bodies := map[string]string{"PUT": userBody("new", ""), "PATCH": patchBody(`{"op":"add","path":"title","value":"new"}`)}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, nil)
			id := s.user("a")
			if got := s.do(tt.method, "/Users/"+id, bodies[tt.method], tt.header); got.status != tt.want {
				t.Errorf("got %d %s, want %d", got.status, got.text, tt.want)
			}
			s.group("g", id)
			after := s.do("GET", "/Users/"+id, "")
			if changed := after.status != 200 || after.header.Get("ETag") != `W/"1"`; changed != (tt.method != "GET" && tt.method != "HEAD" && tt.want < 300) {
				t.Errorf("the resource was changed: %v, after an answer of %d", changed, tt.want)
			}
		})
	}
	t.Run("group", func(t *testing.T) {
		s := newService(t, nil)
		id := s.group("g", "a")
		add := patchBody(`{"op":"add","path":"members","value":[{"value":"b"}]}`)
		for _, step := range []struct {
			header string
			want   int
		}{{`If-Match: W/"9"`, 412}, {`If-Match: W/"1"`, 200}, {`If-Match: W/"1"`, 412}, {`If-Match: *`, 200}} {
			if got := s.do("PATCH", "/Groups/"+id, add, step.header); got.status != step.want {
				t.Errorf("%s: got %d %s, want %d", step.header, got.status, got.text, step.want)
			}
		}
	})
}

// TestNoChange proves that what changes nothing makes no new version.
func TestNoChange(t *testing.T) {
	s := newService(t, nil)
	const more = `,"title":"t","emails":[{"value":"a@example.com","type":"work"}]`
	id := s.create("/Users", userBody("a", more))
	for _, op := range []string{
		`{"op":"add","path":"title","value":"t"}`, `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"a@example.com"}`,
		`{"op":"add","value":{"emails":[{"value":"a@example.com","type":"work"}]}}`, `{"op":"remove","path":"nickName"}`, `{"op":"replace","value":{"id":"x"}}`,
	} {
		if a := s.do("PATCH", "/Users/"+id, patchBody(op)); a.status != 200 || a.header.Get("ETag") != `W/"1"` {
			t.Errorf("%s: %d, version %s %s", op, a.status, a.header.Get("ETag"), a.text)
		}
	}
	if a := s.do("PUT", "/Users/"+id, userBody("a", more)); a.status != 200 || a.header.Get("ETag") != `W/"1"` {
		t.Errorf("PUT of the same: %d, version %s", a.status, a.header.Get("ETag"))
	}
}

// contended is a Store in which somebody else is always first.
type contended struct {
	server.Store
	tries int
}

func (c *contended) Replace(context.Context, *scim.ResourceType, *scim.Resource, string) (*scim.Resource, error) {
	c.tries++
	return nil, scim.ErrVersion
}

func TestContention(t *testing.T) {
	store := &contended{Store: memstore.New(nil)}
	h, err := server.New(types(), server.One(store), server.InsecureAnyone, &server.Options{Limits: server.Limits{Attempts: 3}})
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	id := s.user("a")
	patch := patchBody(`{"op":"add","path":"title","value":"x"}`)
	for _, tt := range []struct {
		method, body, header string
		status, tries        int
	}{
		{"PATCH", patch, "", http.StatusConflict, 3},
		{"PUT", userBody("b", ""), "", http.StatusConflict, 3},
		{"PATCH", patch, `If-Match: W/"1"`, http.StatusPreconditionFailed, 1},
		{"PUT", userBody("b", ""), `If-Match: *`, http.StatusPreconditionFailed, 1},
	} {
		store.tries = 0
		if a := s.do(tt.method, "/Users/"+id, tt.body, tt.header); a.status != tt.status || store.tries != tt.tries {
			t.Errorf("%s %s: %d after %d tries, want %d after %d", tt.method, tt.header, a.status, store.tries, tt.status, tt.tries)
		}
	}
}
