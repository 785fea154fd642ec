package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

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
