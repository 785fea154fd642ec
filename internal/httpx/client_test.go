package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/provisioning"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestErrorsSayWhatToDoAndHoldNoSecret(t *testing.T) {
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	tls.Config.ErrorLog = nil
	t.Cleanup(tls.Close)
	plain := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "https://login.example.com/?user=jan", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 2000))
		default:
			w.WriteHeader(map[string]int{"/401": 401, "/403": 403}[r.URL.Path])
		}
	})
	for _, tt := range []struct {
		name, url, want string
		class           error
	}{
		{"unknown CA", tls.URL + "/x?q=jan", "give the certificate of the CA", provisioning.ErrUnavailable},
		{"TLS where there is none", strings.Replace(plain, "http:", "https:", 1) + "/x?q=jan", "does not speak TLS", provisioning.ErrUnavailable},
		{"nobody there", "http://127.0.0.1:1/x?q=jan", "check the address, the network and the firewall", provisioning.ErrUnavailable},
		{"redirect", plain + "/redirect?q=jan", "redirects to https://login.example.com, which is not followed", nil},
		{"wrong token", plain + "/401?q=jan", "check the token", provisioning.ErrUnauthorized},
		{"no right", plain + "/403?q=jan", "check the rights", provisioning.ErrUnauthorized},
		{"too large", plain + "/large?q=jan", "more than 1000 bytes", nil},
		{"not https", "http://example.com/x?q=jan", "use https://", nil},
		{"another scheme", "ftp://example.com/x?q=jan", "must begin with https://", nil},
		{"no host", "/x?q=jan", "not a URL with a host", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := httpx.New(&httpx.Options{Token: "hunter2", Retries: -1, MaxBody: 1000})
			require.NoError(t, err)
			_, err = c.Do(t.Context(), &httpx.Request{Method: "GET", URL: tt.url})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want one that says %q", err, tt.want)
			}
			if tt.class != nil && !errors.Is(err, tt.class) {
				t.Errorf("error %v is not of class %v", err, tt.class)
			}
			if s := err.Error(); strings.Contains(s, "jan") || strings.Contains(s, "hunter2") {
				t.Errorf("the error holds a person's data or a secret: %s", s)
			}
		})
	}
}

func TestOptionsHoldNoSecretInLogs(t *testing.T) {
	o := &httpx.Options{Token: "hunter2"}
	if s := o.LogValue().String(); strings.Contains(s, "hunter2") {
		t.Errorf("logged: %s", s)
	}
}

func TestTokenIsTakenUpWhenRotated(t *testing.T) {
	var current atomic.Value
	current.Store("one")
	var asked atomic.Int64
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Header.Get("Authorization") != "Bearer two" {
			w.WriteHeader(http.StatusUnauthorized)
			current.Store("two") // rotated while the request was on its way
		}
	})
	c, err := httpx.New(&httpx.Options{TokenSource: func(context.Context) (string, error) { return current.Load().(string), nil }})
	require.NoError(t, err)
	for range 2 {
		if _, err := c.Do(t.Context(), &httpx.Request{Method: "POST", URL: url, Body: []byte("{}")}); err != nil {
			t.Error(err)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("%d requests, want 3: one with the old token, two with the new", n)
	}
}

// issuer is an OAuth 2.0 server and a resource beside it.
type issuer struct {
	mu      sync.Mutex
	issued  int
	valid   string
	expires int
	fail    int // status of the token endpoint
	asked   int
}

func (s *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path == "/token" {
		s.asked++
		w.Header().Set("Content-Type", "application/json")
		if s.fail != 0 {
			w.WriteHeader(s.fail)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"secret hunter2 is wrong"}`))
			return
		}
		s.issued++
		s.valid = fmt.Sprintf("token-%d", s.issued)
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": s.valid, "token_type": "Bearer", "expires_in": s.expires})
		return
	}
	if s.valid == "" || r.Header.Get("Authorization") != "Bearer "+s.valid {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func TestOAuth(t *testing.T) {
	s := &issuer{expires: 3600}
	url := serve(t, s.ServeHTTP)
	c, err := httpx.New(&httpx.Options{OAuth: &clientcredentials.Config{ClientID: "id", ClientSecret: "hunter2", TokenURL: url + "/token"}, MaxWait: time.Millisecond})
	require.NoError(t, err)
	get := func() error {
		_, err := c.Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/x"})
		return err
	}
	issued := func() int { s.mu.Lock(); defer s.mu.Unlock(); return s.issued }

	t.Run("one token for many requests", func(t *testing.T) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := get(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := issued(); n != 1 {
			t.Errorf("%d tokens were asked for, want 1", n)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		s.mu.Lock()
		s.valid = ""
		s.mu.Unlock()
		if err := get(); err != nil || issued() != 2 {
			t.Errorf("error %v after %d tokens; want a second token", err, issued())
		}
	})
	t.Run("expired", func(t *testing.T) {
		s.mu.Lock()
		s.valid, s.expires = "", 1 // x/oauth2 takes a token that ends within seconds for expired
		s.mu.Unlock()
		for range 2 {
			if err := get(); err != nil {
				t.Error(err)
			}
		}
		if n := issued(); n != 4 {
			t.Errorf("%d tokens, want a new one for each request", n)
		}
	})
	for _, tt := range []struct {
		status int
		want   error
	}{{401, provisioning.ErrUnauthorized}, {400, provisioning.ErrUnauthorized}, {503, provisioning.ErrUnavailable}} {
		t.Run(fmt.Sprint("token endpoint answers ", tt.status), func(t *testing.T) {
			s.mu.Lock()
			s.valid, s.fail = "", tt.status
			s.mu.Unlock()
			err := get()
			if !errors.Is(err, tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error %v, want class %v and no secret", err, tt.want)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]*httpx.Options{
		"two kinds of credentials": {Token: "x", TokenSource: func(context.Context) (string, error) { return "", nil }},
		"OAuth without address":    {OAuth: &clientcredentials.Config{ClientID: "x"}},
		"negative rate":            {Rate: -1},
	} {
		if _, err := httpx.New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body, want string
	}{
		{"good", "application/json", `{"a":1}`, ""},
		{"good without type", "", ` {"a":1} `, ""},
		{"page", "text/html; charset=utf-8", "<!DOCTYPE html><html><head><title>Sign\n in</title>", `an HTML page titled "Sign in"`},
		{"page that says it is JSON", "application/json", "<html>", "an HTML page"},
		{"empty", "application/json", "  ", "it is empty"},
		{"cut off", "application/json", `{"a":`, "ends in the middle"},
		{"text", "text/plain", "Not Found", "fault at byte 1"},
		{"two values", "application/json", "{} {}", "something follows"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v map[string]any
			err := httpx.Decode(http.Header{"Content-Type": {tt.contentType}}, []byte(tt.body), &v)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !errors.Is(err, httpx.ErrNotJSON)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func Example() {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"name":"Plek"}`)
	}))
	defer s.Close()
	c, err := httpx.New(&httpx.Options{Token: "secret", Rate: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := c.Do(context.Background(), &httpx.Request{Method: http.MethodGet, URL: s.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	var v struct{ Name string }
	fmt.Println(httpx.Decode(resp.Header, resp.Body, &v), v.Name)
	// Output: <nil> Plek
}
