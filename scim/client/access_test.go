package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/client"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func TestPing(t *testing.T) {
	h, err := server.New([]*scim.ResourceType{scim.NewUserType()}, server.One(memstore.New(nil)), server.Bearer(func(_ context.Context, token string) (*server.Caller, error) {
		if token != "hunter2" {
			return nil, scim.Errorf(scim.ErrUnauthorized, "wrong")
		}
		return &server.Caller{}, nil
	}), nil)
	require.NoError(t, err)
	secure := httptest.NewTLSServer(h)
	t.Cleanup(secure.Close)
	cas := x509.NewCertPool()
	cas.AddCert(secure.Certificate())
	trusted := &tls.Config{RootCAs: cas}
	other := func(status int, contentType, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, tt := range []struct {
		name, url string
		options   client.Options
		want      string
		class     error
	}{
		{"good", secure.URL, client.Options{Token: "hunter2", TLS: trusted}, "", nil},
		{"good below a path", secure.URL + "/scim/v2/", client.Options{Token: "hunter2", TLS: trusted}, "", nil},
		{"wrong CA", secure.URL, client.Options{Token: "hunter2"}, "give the certificate of the CA", nil},
		{"wrong token", secure.URL, client.Options{Token: "hunter3", TLS: trusted}, "check the token", provisioning.ErrUnauthorized},
		{"no token", secure.URL, client.Options{TLS: trusted}, "check the token", provisioning.ErrUnauthorized},
		{"login page", other(200, "text/html", "<html><title>Sign in</title></html>"), client.Options{}, `HTML page titled "Sign in": check the base address`, client.ErrNotSCIM},
		{"page not found", other(404, "text/html", "<html><title>Not Found</title></html>"), client.Options{}, "check the base address", client.ErrNotSCIM},
		{"API not found", other(404, "application/json", `{"message":"Not Found"}`), client.Options{}, "check the base address", provisioning.ErrNotFound},
		{"another API", other(200, "application/json", `{"data":[]}`), client.Options{}, "no SCIM list; check the base address", client.ErrNotSCIM},
		{"text", other(200, "text/plain", "It works!"), client.Options{}, "not JSON", client.ErrNotSCIM},
		{"nothing", other(200, "application/json", ""), client.Options{}, "it is empty", client.ErrNotSCIM},
		{"nobody there", "http://127.0.0.1:1", client.Options{}, "check the address, the network and the firewall", provisioning.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.options.Retries = -1
			err := directory(t, tt.url, &tt.options).Ping(t.Context())
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("error %v", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || tt.class != nil && !errors.Is(err, tt.class)):
				t.Errorf("error %v; want one of class %v that says %q", err, tt.class, tt.want)
			case err != nil && strings.Contains(err.Error(), "hunter"):
				t.Errorf("the error holds the token: %v", err)
			}
		})
	}
}

// No header can carry such a token, which would look as if the service were unavailable.
func TestTokenOfTwoLines(t *testing.T) {
	for _, token := range []string{"hunter2\n", "hunter2\r\nX-Other: 1", "hunter2\x00"} {
		_, err := client.New("https://example.com/scim/v2", &client.Options{Token: token})
		if err == nil || !strings.Contains(err.Error(), "control character") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: error %v", token, err)
		}
	}
}

func TestOptionsHoldNoSecretInLogs(t *testing.T) {
	o := &client.Options{Token: "hunter2", PageSize: 50}
	if s := o.LogValue().String(); strings.Contains(s, "hunter2") || !strings.Contains(s, "50") {
		t.Errorf("logged: %s", s)
	}
}

// slack counts requests as its documentation says: 180 writes of users per minute, bursts of 20.
type slack struct {
	mu      sync.Mutex
	limit   *rate.Limiter
	refused int
}

func (s *slack) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	resp := &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"id":"1"}`)), Request: r}
	if !s.limit.Allow() {
		s.refused++
		resp.StatusCode = http.StatusTooManyRequests
		resp.Header.Set("Retry-After", "20")
	}
	return resp, nil
}

func TestSlackIsNotOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slack{limit: rate.NewLimiter(rate.Limit(3), 20)}
		d := directory(t, "https://api.slack.com/scim/v2", &client.Options{Profile: client.Slack(), HTTPClient: &http.Client{Transport: s}})
		start := time.Now()
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 25 {
					if _, err := d.Create(t.Context(), record(provisioning.User, 1)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took > 61*time.Second || s.refused > 0 {
			t.Errorf("200 users took %v and were refused %d times; want a minute and no refusal", took, s.refused)
		}
	})
}

// Two clients of one organisation share what the service counts together.
func TestSharedLimiter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slack{limit: rate.NewLimiter(rate.Limit(10), 1)}
		shared := rate.NewLimiter(10, 1)
		var wg sync.WaitGroup
		for range 2 {
			d := directory(t, "https://example.com", &client.Options{Limiter: shared, HTTPClient: &http.Client{Transport: s}})
			wg.Go(func() {
				for range 50 {
					if _, err := d.Create(t.Context(), record(provisioning.User, 1)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if s.refused > 0 {
			t.Errorf("%d requests were refused, want none", s.refused)
		}
	})
}
