package server_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// TestLocation creates a user at a URL and looks at the location in the answer, without the id.
func TestLocation(t *testing.T) {
	tests := []struct {
		name, url, strip, base string
		options                server.Options
		headers                []string
		tls                    bool
		want                   string
	}{
		{name: "at the root", url: "/Users", want: "http://example.com/Users/"},
		{name: "below a base", url: "/scim/v2/Users", want: "http://example.com/scim/v2/Users/"},
		{name: "below a tenant", url: "/t/a%20b/v2/Users/", want: "http://example.com/t/a%20b/v2/Users/"},
		{name: "below a base that is told", url: "/scim/v2/Users", options: server.Options{Base: "/scim/v2/"}, want: "http://example.com/scim/v2/Users/"},
		{name: "stripped", url: "/scim/v2/Users", strip: "/scim/v2", want: "http://example.com/scim/v2/Users/"},
		{name: "stripped in part", url: "/api/scim/v2/Users", strip: "/api", want: "http://example.com/api/scim/v2/Users/"},
		{name: "TLS", url: "/Users", tls: true, want: "https://example.com/Users/"},
		{name: "a URL that is told", url: "/x/Users", options: server.Options{BaseURL: func(*http.Request) string { return "https://plek.example/scim/" }}, want: "https://plek.example/scim/Users/"},
		{name: "a proxy that is not trusted", url: "/Users", headers: []string{"Forwarded: proto=https;host=evil.example"}, want: "http://example.com/Users/"},
		{name: "Forwarded", url: "/Users", options: server.Options{TrustProxy: true}, headers: []string{`Forwarded: for=1.2.3.4;proto=http;host=a.example, for="[::1]";Proto=https;Host="plek.example:8443"`}, want: "https://plek.example:8443/Users/"},
		{name: "X-Forwarded", url: "/Users", options: server.Options{TrustProxy: true}, headers: []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: plek.example", "X-Forwarded-Prefix: /scim/"}, want: "https://plek.example/scim/Users/"},
		{name: "a host that is none", url: "/Users", options: server.Options{TrustProxy: true}, headers: []string{"X-Forwarded-Proto: javascript", "X-Forwarded-Host: a/b?c"}, want: "http://example.com/Users/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := server.New(types(), server.One(memstore.New(nil)), server.InsecureAnyone, &tt.options)
			require.NoError(t, err)
			var handler http.Handler = h
			if tt.strip != "" {
				handler = http.StripPrefix(tt.strip, h)
			}
			r := httptest.NewRequest("POST", tt.url, strings.NewReader(userBody("a", "")))
			if r.TLS = nil; tt.tls {
				r.TLS = &tls.ConnectionState{}
			}
			for _, h := range tt.headers {
				name, value, _ := strings.Cut(h, ": ")
				r.Header.Add(name, value)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, http.StatusCreated, w.Code, w.Body)
			o, err := scim.DecodeObject(w.Body.Bytes(), nil)
			require.NoError(t, err)
			want := tt.want + o.GetString("id")
			if got := w.Header().Get("Location"); got != want {
				t.Errorf("Location %s, want %s", got, want)
			}
			if got := o.GetObject("meta").GetString("location"); got != want {
				t.Errorf("meta.location %s, want %s", got, want)
			}
		})
	}
}

func TestBaseIsKept(t *testing.T) {
	s := newService(t, &server.Options{Base: "/scim/v2"})
	for path, want := range map[string]int{"/scim/v2/Users": 200, "/scim/v2": 200, "/scim/v2/": 200, "/Users": 404, "/scim/v2x/Users": 404, "/x/scim/v2/Users": 404, "/scim/v2/x/Users": 404} {
		if got := s.do("GET", path, ""); got.status != want {
			t.Errorf("%s: got %d, want %d", path, got.status, want)
		}
	}
}

func TestMe(t *testing.T) {
	store := memstore.New(&memstore.Options{NewID: func() string { return "me" }})
	h, err := server.New(types(), server.One(store), func(*http.Request) (*server.Caller, error) { return &server.Caller{UserID: "me"}, nil }, nil)
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	for _, step := range []struct {
		method, body string
		want         int
		contains     string
	}{
		{"GET", "", 404, ""},
		{"POST", userBody("a", ""), 501, ""},
		{"create", "", 201, ""},
		{"GET", "", 200, "/scim/Users/me"},
		{"PATCH", patchBody(`{"op":"add","path":"title","value":"Boss"}`), 200, "Boss"},
		{"PUT", userBody("b", ""), 200, `"userName":"b"`},
		{"DELETE", "", 204, ""},
		{"GET", "", 404, ""},
	} {
		path := "/scim/Me"
		if step.method == "create" {
			step.method, path, step.body = "POST", "/scim/Users", userBody("a", "")
		}
		if a := s.do(step.method, path, step.body); a.status != step.want || !strings.Contains(a.text, step.contains) {
			t.Errorf("%s %s: got %d %s, want %d %s", step.method, path, a.status, a.text, step.want, step.contains)
		}
	}
}

// TestReferences proves that values which point to resources have a $ref.
func TestReferences(t *testing.T) {
	s := newService(t, nil)
	boss := s.user("boss")
	id := s.create("/v2/Users", `{"schemas":["`+scim.UserSchema+`","`+scim.EnterpriseUserSchema+`"],"userName":"a","`+scim.EnterpriseUserSchema+`":{"manager":{"value":"`+boss+`"}}}`)
	g := s.create("/v2/Groups", `{"schemas":["`+scim.GroupSchema+`"],"displayName":"g","members":[{"value":"`+id+`","type":"User"},{"value":"`+boss+`"}]}`)
	user, group := s.do("GET", "/v2/Users/"+id, ""), s.do("GET", "/v2/Groups/"+g, "")
	for name, got := range map[string]string{
		"/v2/Users/" + boss: user.GetObject(scim.EnterpriseUserSchema).GetObject("manager").GetString("$ref"),
		"/v2/Groups/" + g:   user.GetValues("groups")[0].(*scim.Object).GetString("$ref"),
		"/v2/Users/" + id:   group.GetValues("members")[0].(*scim.Object).GetString("$ref"),
	} {
		if want := "http://example.com" + name; got != want {
			t.Errorf("$ref %q, want %q", got, want)
		}
	}
	r, err := s.store.Get(t.Context(), scim.NewUserType(), id, nil)
	require.NoError(t, err)
	if strings.Contains(r.GetObject(scim.EnterpriseUserSchema).GetObject("manager").GetString("$ref"), "http") {
		t.Error("the $ref of an answer is stored")
	}
}

func TestMembersOnce(t *testing.T) {
	s := newService(t, nil)
	id := s.group("g", "a", "b", "a")
	if got := len(s.do("GET", "/Groups/"+id, "").GetValues("members")); got != 2 {
		t.Errorf("created with %d members", got)
	}
	a := s.do("PUT", "/Groups/"+id, `{"schemas":["`+scim.GroupSchema+`"],"displayName":"g","members":[{"value":"c"},{"value":"c"}]}`)
	if got := len(a.GetValues("members")); got != 1 {
		t.Errorf("replaced by %d members", got)
	}
}
