package httpx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
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

func TestSecretIsNotSentWhereATokenEndpointRedirects(t *testing.T) {
	var secrets atomic.Int64
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		secrets.Add(1)
		_, _ = w.Write([]byte(`{"access_token":"x","token_type":"Bearer"}`))
	})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere+"/token", http.StatusTemporaryRedirect)
	})
	c, err := httpx.New(&httpx.Options{OAuth: &clientcredentials.Config{ClientID: "id", ClientSecret: "hunter2", TokenURL: url + "/token"}})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), &httpx.Request{Method: "GET", URL: url + "/x"})
	if err == nil || secrets.Load() != 0 {
		t.Errorf("error %v, and the secret was sent elsewhere %d times; want a refusal", err, secrets.Load())
	}
}
