package server_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// service is a Handler over a memstore for tests.
type service struct {
	t *testing.T
	http.Handler
	store *memstore.Store
}

func newService(t *testing.T, o *server.Options) *service {
	t.Helper()
	store := memstore.New(nil)
	h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, server.One(store), server.InsecureAnyone, o)
	require.NoError(t, err)
	return &service{t: t, Handler: h, store: store}
}

// An answer is what came back, with its body read.
type answer struct {
	status int
	header http.Header
	text   string
	*scim.Object
}

// do sends a request; a header is "Name: value".
func (s *service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String(), Object: &scim.Object{}}
	if a.text != "" {
		o, err := scim.DecodeObject(w.Body.Bytes(), &scim.Options{Limits: scim.Limits{Body: 1 << 30, Values: 1 << 30}})
		require.NoError(s.t, err, "answer is not JSON: %s", a.text)
		a.Object = o
		require.Equal(s.t, "application/scim+json", w.Header().Get("Content-Type"))
	}
	return a
}

// create makes a resource and gives its id.
func (s *service) create(path, body string) string {
	s.t.Helper()
	a := s.do("POST", path, body, "Content-Type: application/scim+json")
	require.Equal(s.t, http.StatusCreated, a.status, a.text)
	return a.GetString("id")
}

func (s *service) user(name string) string {
	s.t.Helper()
	return s.create("/Users", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":%q,"active":true,"emails":[{"value":%q,"type":"work","primary":true}]}`, name, name+"@example.com"))
}

func (s *service) group(name string, members ...string) string {
	s.t.Helper()
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = fmt.Sprintf(`{"value":%q}`, m)
	}
	return s.create("/Groups", fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"displayName":%q,"members":[%s]}`, name, strings.Join(list, ",")))
}
