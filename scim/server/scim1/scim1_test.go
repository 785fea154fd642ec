package scim1_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/scim1"
)

func types() []*scim.ResourceType {
	return []*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}
}

// service is one store, served by both versions: 2.0 below /v2 and 1.1 below /v1.
type service struct {
	t        *testing.T
	one, two http.Handler
	store    *memstore.Store
	header   http.Header
}

// newService makes a service that numbers its resources from 1.
func newService(t *testing.T, o *server.Options) *service { return numbered(t, "", o) }

// numbered makes a service that numbers its resources, after a prefix.
func numbered(t *testing.T, prefix string, o *server.Options) *service {
	t.Helper()
	n := 0
	store := memstore.New(&memstore.Options{NewID: func() string { n++; return prefix + strconv.Itoa(n) }})
	two, err := server.New(types(), server.One(store), server.InsecureAnyone, o)
	require.NoError(t, err)
	return &service{t: t, one: inFront(t, two), two: two, store: store, header: http.Header{"Content-Type": {"application/json"}}}
}

func newBehind(t *testing.T, types ...*scim.ResourceType) *server.Handler {
	t.Helper()
	h, err := server.New(types, server.One(memstore.New(nil)), server.InsecureAnyone, nil)
	require.NoError(t, err)
	return h
}

func inFront(t *testing.T, h *server.Handler) http.Handler {
	t.Helper()
	one, err := scim1.New(h, nil)
	require.NoError(t, err)
	return one
}

// with gives the service with another header in each request.
func (s *service) with(name, value string) *service {
	c := *s
	c.header = s.header.Clone()
	c.header.Set(name, value)
	return &c
}

// An answer is what came back, with its body read.
type answer struct {
	status int
	header http.Header
	text   string
	*scim.Object
}

// do sends a request to the version that its path begins with.
func (s *service) do(method, path, body string) answer {
	s.t.Helper()
	return s.send(httptest.NewRequestWithContext(s.t.Context(), method, path, strings.NewReader(body)))
}

func (s *service) send(r *http.Request) answer {
	s.t.Helper()
	r.Header = s.header
	w := httptest.NewRecorder()
	h, media := s.one, "application/json"
	if strings.HasPrefix(r.URL.Path, "/v2") {
		h, media = s.two, "application/scim+json"
	}
	h.ServeHTTP(w, r)
	a := answer{status: w.Code, header: w.Header(), text: w.Body.String(), Object: &scim.Object{}}
	if a.text != "" {
		o, err := scim.DecodeObject(w.Body.Bytes(), &scim.Options{Limits: scim.Limits{Body: 1 << 30, Values: 1 << 30}})
		require.NoError(s.t, err, "answer is not JSON: %s", a.text)
		a.Object = o
		require.Equal(s.t, media, w.Header().Get("Content-Type"))
		require.Equal(s.t, strconv.Itoa(len(a.text)), w.Header().Get("Content-Length"))
	}
	return a
}

// want sends a request and fails if the status is another.
func (s *service) want(status int, method, path, body string) answer {
	s.t.Helper()
	a := s.do(method, path, body)
	if a.status != status {
		s.t.Fatalf("%s %s %.1000s: status %d, want %d: %.1000s", method, path, body, a.status, status, a.text)
	}
	return a
}

// user and group make one by 2.0.
func (s *service) user(name string) string {
	s.t.Helper()
	return s.want(201, "POST", "/v2/Users", fmt.Sprintf(`{"schemas":[%q],"userName":%q,"active":true,"password":"secret","emails":[{"value":%q,"type":"work"}]}`, scim.UserSchema, name, name+"@example.com")).GetString("id")
}

func (s *service) group(name string, members ...string) string {
	s.t.Helper()
	return s.want(201, "POST", "/v2/Groups", fmt.Sprintf(`{"schemas":[%q],"displayName":%q,"members":[%s]}`, scim.GroupSchema, name, values("", members...))).GetString("id")
}

// values gives values of a multi-valued attribute, with something more in each.
func values(more string, ids ...string) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = fmt.Sprintf(`{"value":%q%s}`, id, more)
	}
	return strings.Join(list, ",")
}

func (s *service) members(group string) []string {
	s.t.Helper()
	var list []string
	for _, v := range s.want(200, "GET", "/v2/Groups/"+group, "").GetValues("members") {
		list = append(list, v.(*scim.Object).GetString("value"))
	}
	return list
}

func TestNewRefuses(t *testing.T) {
	if h, err := scim1.New(nil, nil); err == nil || h != nil {
		t.Errorf("New(nil) gives %v and error %v", h, err)
	}
	if h, err := scim1.New(newBehind(t, types()...), &scim1.Options{Base: "v1"}); err == nil || h != nil {
		t.Errorf("New with a base without a slash gives %v and error %v", h, err)
	}
	odd := scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Odd", Endpoint: "/ServiceProviderConfigs", Schema: &scim.Schema{ID: "urn:example:Odd", Name: "Odd"}})
	if h, err := scim1.New(newBehind(t, odd), nil); err == nil || h != nil {
		t.Errorf("New with an endpoint that is taken gives %v and error %v", h, err)
	}
}

// Below other paths, behind StripPrefix and with URLs of one's own, locations lead back to 1.1.
func TestLocations(t *testing.T) {
	s := newService(t, nil)
	s.user("anna")
	mux := http.NewServeMux()
	mux.Handle("/tenants/acme/scim/v1/", s.one)
	mux.Handle("/api/", http.StripPrefix("/api", s.one))
	mux.Handle("/v1/", s.one)
	for _, tt := range []struct{ path, want string }{
		{"/v1/Users/1", "http://example.com/v1/Users/1"},
		{"/v1/Users/1/", "http://example.com/v1/Users/1"},
		{"/v1/Users/1.json", "http://example.com/v1/Users/1"},
		{"/tenants/acme/scim/v1/Users/1.json?x=y", "http://example.com/tenants/acme/scim/v1/Users/1"},
		{"/api/v1/Users/1", "http://example.com/api/v1/Users/1"},
		{"/api/v1/Users/1.json?attributes=meta", "http://example.com/api/v1/Users/1"},
	} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", tt.path, nil))
		o, err := scim.DecodeObject(w.Body.Bytes(), nil)
		require.NoError(t, err)
		if got := o.GetObject("meta").GetString("location"); got != tt.want || w.Header().Get("Location") != tt.want {
			t.Errorf("%s: location %q and header %q, want %q", tt.path, got, w.Header().Get("Location"), tt.want)
		}
	}

	// Each version has a base of its own.
	behind, err := server.New(types(), server.One(s.store), server.InsecureAnyone, &server.Options{Base: "/v2", BaseURL: func(r *http.Request) string {
		return "https://id.example.com" + r.URL.Path[:3]
	}})
	require.NoError(t, err)
	one, err := scim1.New(behind, &scim1.Options{Base: "/v1/"})
	require.NoError(t, err)
	based := &service{t: t, one: one, two: behind, header: s.header}
	for path, want := range map[string]string{"/v1/Users/1": "https://id.example.com/v1/Users/1", "/v2/Users/1": "https://id.example.com/v2/Users/1", "/other/v1/Users/1": "", "/Users/1": "", "/v1": "", "/v1Users/1": "", "/v1/Me/Users/1": ""} {
		status := 200
		if want == "" {
			status = 404
		}
		if a := based.want(status, "GET", path, ""); a.header.Get("Location") != want {
			t.Errorf("%s with bases: location %q, want %q", path, a.header.Get("Location"), want)
		}
	}
}

// No request is done later, whatever it prefers, since 1.1 has no answer for that.
func TestPreferences(t *testing.T) {
	s := newService(t, nil)
	var seen http.Header
	behind, err := server.New(types(), server.One(s.store), func(r *http.Request) (*server.Caller, error) {
		seen = r.Header
		return server.InsecureAnyone(r)
	}, nil)
	require.NoError(t, err)
	c := (&service{t: t, one: inFront(t, behind), header: s.header}).with("Prefer", "respond-async")
	c.want(201, "POST", "/v1/Users", `{"userName":"a"}`)
	if seen.Get("Prefer") != "" || c.header.Get("Prefer") == "" {
		t.Errorf("the preference is passed on, or taken from the request itself")
	}
}

func TestConditionalRequests(t *testing.T) {
	s := newService(t, nil)
	s.user("anna")
	if a := s.with("If-None-Match", `W/"1"`).want(304, "GET", "/v1/Users/1", ""); a.text != "" || a.header.Get("Etag") != `W/"1"` {
		t.Errorf("304: %q %v", a.text, a.header)
	}
	if a := s.do("HEAD", "/v1/Users/1", ""); a.status != 200 || a.text != "" || a.header.Get("Content-Length") != "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("HEAD: %d %q %v", a.status, a.text, a.header)
	}
	s.with("If-Match", `W/"0"`).want(412, "PATCH", "/v1/Users/1", `{"active":false}`)
	s.with("If-Match", `W/"0"`).want(412, "PUT", "/v1/Users/1", `{"userName":"anna"}`)
	s.with("If-Match", `W/"0"`).want(412, "DELETE", "/v1/Users/1", "")
	s.with("If-Match", `W/"1"`).want(200, "PATCH", "/v1/Users/1", `{"active":false}`)
	s.with("If-Match", `W/"2"`).want(200, "DELETE", "/v1/Users/1", "")
	s.want(404, "GET", "/v1/Users/1", "")
}

// The configuration says of 1.1 what it says of 2.0, by other names.
func TestConfig(t *testing.T) {
	s := newService(t, &server.Options{
		Documentation: "https://example.com/help",
		Schemes:       []server.AuthenticationScheme{{Type: "oauth2", Name: "OAuth", Description: "d", SpecURI: "https://example.com/spec", DocumentationURI: "https://example.com/oauth"}},
		Secret:        func(context.Context, *scim.Attribute, any) (any, error) { return "hash", nil },
	})
	a := s.want(200, "GET", "/v1/ServiceProviderConfigs.json", "")
	want := `{"schemas":["urn:scim:schemas:core:1.0"],"documentationUrl":"https://example.com/help","patch":{"supported":true},"bulk":{"supported":true,"maxOperations":1000,"maxPayloadSize":4194304},` +
		`"filter":{"supported":true,"maxResults":1000},"changePassword":{"supported":true},"sort":{"supported":true},"etag":{"supported":true},"xmlDataFormat":{"supported":false},` +
		`"authenticationSchemes":[{"type":"oauth2","name":"OAuth","description":"d","specUrl":"https://example.com/spec","documentationUrl":"https://example.com/oauth"}]}`
	if diff := cmp.Diff(want, a.text); diff != "" {
		t.Errorf("the configuration (-want +got):\n%s", diff)
	}
	list := s.want(200, "GET", "/v1/Schemas", "")
	if len(list.GetValues("Resources")) != 2 || list.GetValues("Resources")[0].(*scim.Object).GetString("id") != "urn:scim:schemas:core:1.0:User" {
		t.Errorf("the schemas: %.300s", list.text)
	}
	for _, text := range []string{`"name":"managerId"`, `"schema":"urn:scim:schemas:extension:enterprise:1.0"`, `"multiValuedAttributeChildName":"address"`, `"multiValuedAttributeChildName":"email"`} {
		if !strings.Contains(list.text, text) {
			t.Errorf("the schemas have no %s", text)
		}
	}
	if strings.Contains(list.text, ":2.0:") || strings.Contains(list.text, "resourceType") || strings.Contains(list.text, `"reference"`) {
		t.Errorf("the schemas have what 1.1 does not know: %s", list.text)
	}
}

// What clients send that is of both versions, or of neither, is taken as the server behind takes it.
func TestMixed(t *testing.T) {
	s := newService(t, nil)
	for i, body := range []string{
		`{"schemas":["urn:scim:schemas:core:1.0","urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"google"}`,
		`{"schemas":"urn:scim:schemas:core:1.0","userName":"text"}`,
		`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"two","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"manager":{"value":"m"}}}`,
		`{"schemas":["urn:scim:schemas:core:1.0"],"userName":"object","emails":{"value":"o@example.com"},"urn:scim:schemas:extension:enterprise:1.0":{"manager":"m"}}`,
	} {
		a := s.want(201, "POST", "/v1/Users", body)
		if schemas := a.GetValues("schemas"); schemas[0] != "urn:scim:schemas:core:1.0" || strings.Contains(a.text, ":2.0:") || i > 1 && !strings.Contains(a.text, `"managerId":"m"`) {
			t.Errorf("%s\nmakes %s", body, a.text)
		}
	}
}

// A body that nobody asks for is not read, so that who is not let in costs nothing.
func TestBodyIsReadLate(t *testing.T) {
	behind, err := server.New(types(), server.One(memstore.New(nil)), server.Bearer(server.Tokens{}.Verify), nil)
	require.NoError(t, err)
	r := httptest.NewRequest("POST", "/v1/Users", nil)
	r.Body = unread{t}
	r.ContentLength = 1 << 40
	w := httptest.NewRecorder()
	inFront(t, behind).ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized || w.Header().Get("Www-Authenticate") == "" {
		t.Errorf("without a token: %d %v", w.Code, w.Header())
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func (unread) Close() error { return nil }
