package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func types() []*scim.ResourceType {
	return []*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}
}

func TestNewRefuses(t *testing.T) {
	stores := server.One(memstore.New(nil))
	printer := func(endpoint string) *scim.ResourceType {
		return scim.MustResourceType(scim.ResourceTypeDefinition{Name: "Printer", Endpoint: endpoint, Schema: &scim.Schema{ID: "urn:example:Printer", Name: "Printer"}})
	}
	for name, f := range map[string]func() (*server.Handler, error){
		"no types":         func() (*server.Handler, error) { return server.New(nil, stores, server.InsecureAnyone, nil) },
		"no stores":        func() (*server.Handler, error) { return server.New(types(), nil, server.InsecureAnyone, nil) },
		"nobody to let in": func() (*server.Handler, error) { return server.New(types(), stores, nil, nil) },
		"a base without /": func() (*server.Handler, error) {
			return server.New(types(), stores, server.InsecureAnyone, &server.Options{Base: "scim"})
		},
		"an endpoint twice": func() (*server.Handler, error) {
			return server.New(append(types(), scim.NewUserType()), stores, server.InsecureAnyone, nil)
		},
		"a taken endpoint": func() (*server.Handler, error) {
			return server.New([]*scim.ResourceType{printer("/Bulk")}, stores, server.InsecureAnyone, nil)
		},
		"a deep endpoint": func() (*server.Handler, error) {
			return server.New([]*scim.ResourceType{printer("/a/b")}, stores, server.InsecureAnyone, nil)
		},
	} {
		if h, err := f(); err == nil || h != nil {
			t.Errorf("%s: New gives %v and error %v", name, h, err)
		}
	}
}

// tenants serves two tenants, each with its token, and gives the tokens.
func tenants(t *testing.T, o *server.Options) (s *service, acme, globex string) {
	t.Helper()
	acme, globex = server.NewToken(), server.NewToken()
	old := server.NewToken()
	tokens := server.Tokens{
		{Name: "acme", Tenant: "acme", Hash: server.HashToken(acme)},
		{Name: "globex", Tenant: "globex", Hash: server.HashToken(globex)},
		{Name: "old", Tenant: "acme", Hash: server.HashToken(old), Expires: time.Now().Add(-time.Second)},
	}
	stores := map[string]server.Store{"acme": memstore.New(nil), "globex": memstore.New(nil)}
	h, err := server.New(types(), func(_ context.Context, tenant string) (server.Store, error) {
		if s := stores[tenant]; s != nil {
			return s, nil
		}
		return nil, scim.ErrForbidden
	}, server.Bearer(tokens.Verify), o)
	require.NoError(t, err)
	return &service{t: t, Handler: h}, acme, globex
}

func TestAuthentication(t *testing.T) {
	s, acme, _ := tenants(t, nil)
	for _, tt := range []struct {
		name string
		path string
		auth []string
		want int
	}{
		{"a token", "/Users", []string{"Authorization: Bearer " + acme}, 200},
		{"the scheme in lower case", "/Users", []string{"Authorization: bearer " + acme}, 200},
		{"nothing", "/Users", nil, 401},
		{"nothing, for what is not there", "/nothing", nil, 401},
		{"nothing, for discovery", "/ServiceProviderConfig", nil, 401},
		{"an empty token", "/Users", []string{"Authorization: Bearer "}, 401},
		{"a wrong token", "/Users", []string{"Authorization: Bearer " + acme + "x"}, 401},
		{"part of a token", "/Users", []string{"Authorization: Bearer " + acme[:len(acme)-1]}, 401},
		{"another scheme", "/Users", []string{"Authorization: Basic " + acme}, 401},
		{"two headers", "/Users", []string{"Authorization: Bearer " + acme, "Authorization: Bearer x"}, 401},
		{"in the URL", "/Users?access_token=" + acme, nil, 401},
		{"a huge token", "/Users", []string{"Authorization: Bearer " + strings.Repeat("x", 1<<20)}, 401},
	} {
		a := s.do("GET", tt.path, "", tt.auth...)
		if a.status != tt.want || (a.status == 401) != strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: got %d, %q", tt.name, a.status, a.header.Get("WWW-Authenticate"))
		}
	}
}

func TestTokens(t *testing.T) {
	one, two, expired := server.NewToken(), server.NewToken(), server.NewToken()
	tokens := server.Tokens{
		{Name: "one", Hash: server.HashToken(one)}, {Name: "two", Hash: server.HashToken(two), ReadOnly: true},
		{Name: "expired", Hash: server.HashToken(expired), Expires: time.Now()},
	}
	for token, want := range map[string]*server.Caller{one: {Subject: "one"}, two: {Subject: "two", ReadOnly: true}, expired: nil, "": nil} {
		got, err := tokens.Verify(t.Context(), token)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("error %v, (-want +got):\n%s", err, diff)
		}
	}
	text, err := tokens[0].Hash.MarshalText()
	require.NoError(t, err)
	var back server.TokenHash
	if err := back.UnmarshalText(text); err != nil || back != tokens[0].Hash {
		t.Errorf("a hash does not come back from its text: %v", err)
	}
	if back.UnmarshalText([]byte("12")) == nil || back.UnmarshalText(bytes.Repeat([]byte("x"), 64)) == nil {
		t.Error("text that is no hash is taken for one")
	}
	if s := fmt.Sprint(slog.AnyValue(&tokens[0]).Resolve()); strings.Contains(s, tokens[0].Hash.String()) {
		t.Errorf("the hash is in the log: %s", s)
	}
}

// TestTenants proves that a tenant has no way to what belongs to another.
func TestTenants(t *testing.T) {
	byPath := func(r *http.Request) (string, error) {
		tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		return tenant, nil
	}
	s, acme, globex := tenants(t, &server.Options{Tenant: byPath})
	auth := func(token string) string { return "Authorization: Bearer " + token }
	a := s.do("POST", "/acme/scim/Users", userBody("bjensen", ""), auth(acme))
	require.Equal(t, 201, a.status, a.text)
	if got, want := a.header.Get("Location"), "http://example.com/acme/scim/Users/"+a.GetString("id"); got != want {
		t.Errorf("location %s, want %s", got, want)
	}
	id := a.GetString("id")
	for _, tt := range []struct {
		name, method, path, body, token string
		want                            int
	}{
		{"its own", "GET", "/acme/scim/Users/" + id, "", acme, 200},
		{"another's token", "GET", "/acme/scim/Users/" + id, "", globex, 401},
		{"no tenant", "GET", "/Users/" + id, "", acme, 401},
		{"its own path, another's id", "GET", "/globex/scim/Users/" + id, "", globex, 404},
		{"replace another's", "PUT", "/globex/scim/Users/" + id, userBody("x", ""), globex, 404},
		{"patch another's", "PATCH", "/globex/scim/Users/" + id, patchBody(`{"op":"add","path":"title","value":"x"}`), globex, 404},
		{"delete another's", "DELETE", "/globex/scim/Users/" + id, "", globex, 404},
		{"the same userName", "POST", "/globex/scim/Users", userBody("bjensen", ""), globex, 201},
		{"delete another's in bulk", "POST", "/globex/scim/Bulk", bulkBody(0, `{"method":"DELETE","path":"/Users/`+id+`"}`), globex, 200},
		{"its own, still there", "GET", "/acme/scim/Users/" + id, "", acme, 200},
	} {
		if got := s.do(tt.method, tt.path, tt.body, auth(tt.token)); got.status != tt.want {
			t.Errorf("%s: got %d %s, want %d", tt.name, got.status, got.text, tt.want)
		}
	}
	if _, err := server.One(memstore.New(nil))(t.Context(), "acme"); !errors.Is(err, scim.ErrForbidden) {
		t.Errorf("a caller of a tenant gets the store of a service without tenants: %v", err)
	}
}

func TestReadOnlyCaller(t *testing.T) {
	h, err := server.New(types(), server.One(memstore.New(nil)), func(*http.Request) (*server.Caller, error) { return &server.Caller{ReadOnly: true}, nil }, nil)
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	for request, want := range map[string]int{"GET /Users": 200, "POST /Users/.search": 200, "POST /.search": 200, "POST /Users": 403, "PUT /Users/x": 403, "PATCH /Users/x": 403, "DELETE /Users/x": 403, "POST /Bulk": 403} {
		method, path, _ := strings.Cut(request, " ")
		if got := s.do(method, path, "{}"); got.status != want {
			t.Errorf("%s: got %d, want %d", request, got.status, want)
		}
	}
}

// broken is a Store that fails in ways of its own.
type broken struct {
	server.Store
	get func() error
}

func (b broken) Get(context.Context, *scim.ResourceType, string, *scim.Projection) (*scim.Resource, error) {
	return nil, b.get()
}

func TestInternalErrorsAreNotTold(t *testing.T) {
	for name, f := range map[string]func() error{
		"error": func() error { return errors.New("pq: password of bjensen is secret") },
		"panic": func() error { panic("secret") },
		"late":  func() error { return fmt.Errorf("secret: %w", context.DeadlineExceeded) },
	} {
		var log bytes.Buffer
		var events []server.Event
		h, err := server.New(types(), server.One(broken{get: f}), server.InsecureAnyone, &server.Options{
			Logger:   slog.New(slog.NewTextHandler(&log, nil)),
			Observer: server.Observer{Request: func(_ context.Context, e *server.Event) { events = append(events, *e) }},
		})
		require.NoError(t, err)
		s := &service{t: t, Handler: h}
		a := s.do("GET", "/Users/1", "")
		if a.status < 500 || strings.Contains(a.text, "secret") || strings.Contains(a.text, "goroutine") {
			t.Errorf("%s: the client is told %d %s", name, a.status, a.text)
		}
		if !strings.Contains(log.String(), "secret") || len(events) != 1 || events[0].Err == nil || events[0].Status != a.status {
			t.Errorf("%s: who runs the service is told %s %+v", name, log.String(), events)
		}
	}
}

func TestSecrets(t *testing.T) {
	body := userBody("a", `,"password":"t1meMa$heen"`)
	plain := newService(t, nil)
	id := plain.create("/Users", body)
	r, err := plain.store.Get(t.Context(), scim.NewUserType(), id, nil)
	require.NoError(t, err)
	if r.Has("password") {
		t.Error("without Options.Secret a password is stored")
	}
	hashed := newService(t, &server.Options{Secret: func(_ context.Context, a *scim.Attribute, v any) (any, error) {
		return "hash of " + a.Name + " " + fmt.Sprint(len(v.(string))), nil
	}})
	id = hashed.create("/Users", body)
	stored := func() string {
		r, err := hashed.store.Get(t.Context(), scim.NewUserType(), id, nil)
		require.NoError(t, err)
		return r.GetString("password")
	}
	if got := stored(); got != "hash of password 11" {
		t.Errorf("stored %q", got)
	}
	for _, step := range []struct{ name, method, path, body, want string }{
		{"get", "GET", "/Users/" + id, "", "hash of password 11"},
		{"get on request", "GET", "/Users/" + id + "?attributes=password,userName", "", "hash of password 11"},
		{"search", "POST", "/Users/.search", `{"attributes":["password"]}`, "hash of password 11"},
		{"replace without it", "PUT", "/Users/" + id, userBody("a", `,"title":"x"`), "hash of password 11"},
		{"replace", "PUT", "/Users/" + id, userBody("a", `,"password":"four"`), "hash of password 4"},
		{"patch", "PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"password","value":"seven!!"}`), "hash of password 7"},
		{"patch another", "PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"title","value":"y"}`), "hash of password 7"},
	} {
		a := hashed.do(step.method, step.path, step.body)
		if a.status != 200 || strings.Contains(a.text, "password") {
			t.Errorf("%s: %d %s", step.name, a.status, a.text)
		}
		if got := stored(); got != step.want {
			t.Errorf("%s: stored %q, want %q", step.name, got, step.want)
		}
	}
}

func TestSlowStoreIsGivenUp(t *testing.T) {
	waits := broken{}
	h, err := server.New(types(), server.One(slow{waits}), server.InsecureAnyone, &server.Options{Limits: server.Limits{Timeout: time.Millisecond}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/Users/1", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("got %d", w.Code)
	}
}

type slow struct{ server.Store }

func (slow) Get(ctx context.Context, _ *scim.ResourceType, _ string, _ *scim.Projection) (*scim.Resource, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
