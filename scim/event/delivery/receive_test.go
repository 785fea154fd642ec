package delivery_test

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

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

// sent signs a token as a Transmitter would.
func sent(t testing.TB, n int, edit func(*event.Token)) string {
	t.Helper()
	token := change(n)
	token.ID, token.Issuer, token.Audience, token.IssuedAt = fmt.Sprint("jti-", n), issuer, []string{audience}, time.Now()
	if edit != nil {
		edit(token)
	}
	set, err := signer(t, "a").Sign(token)
	require.NoError(t, err)
	return set
}

func TestReceiver(t *testing.T) {
	good := sent(t, 1, nil)
	for _, tt := range []struct {
		name, method, token, media, body string
		handle                           error
		status                           int
		code                             event.Code
	}{
		{"a token", "POST", secret, event.MediaType, good, nil, 202, ""},
		{"with the old secret", "POST", "old", event.MediaType, good, nil, 202, ""},
		{"with a charset and a line end", "POST", secret, event.MediaType + "; charset=utf-8", good + "\n", nil, 202, ""},
		{"no secret", "POST", "", event.MediaType, good, nil, 401, event.AuthenticationFailed},
		{"another secret", "POST", "x", event.MediaType, good, nil, 401, event.AuthenticationFailed},
		{"another media type", "POST", secret, "application/json", good, nil, 400, event.InvalidRequest},
		{"a GET", "GET", secret, "", "", nil, 405, event.InvalidRequest},
		{"no token", "POST", secret, event.MediaType, "hello", nil, 400, event.InvalidRequest},
		{"too large", "POST", secret, event.MediaType, strings.Repeat("x", 1<<20+1), nil, 400, event.InvalidRequest},
		{"another issuer", "POST", secret, event.MediaType, sent(t, 1, func(t *event.Token) { t.Issuer = "x" }), nil, 400, event.InvalidIssuer},
		{"another audience", "POST", secret, event.MediaType, sent(t, 1, func(t *event.Token) { t.Audience = []string{"x"} }), nil, 400, event.InvalidAudience},
		{"the application fails", "POST", secret, event.MediaType, good, errors.New("no disk"), 503, ""},
		{"the application refuses", "POST", secret, event.MediaType, good, event.Errorf(event.AccessDenied, "not yours"), 400, event.AccessDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := &recipient{handle: func(context.Context, *event.Token) error { return tt.handle }}
			q := httptest.NewRequest(tt.method, "/events", strings.NewReader(tt.body))
			q.Header.Set("Content-Type", tt.media)
			if tt.token != "" {
				q.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := httptest.NewRecorder()
			r.handler(t).ServeHTTP(w, q)
			var e event.Error
			if tt.code != "" {
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &e))
				require.Equal(t, "application/json", w.Header().Get("Content-Type"))
			}
			if w.Code != tt.status || e.Code != tt.code {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.code)
			}
			if got := len(r.txns()); (got == 1) != (tt.status == 202) {
				t.Errorf("%d tokens were handed on", got)
			}
			if tt.status == 202 && w.Body.Len() > 0 {
				t.Errorf("202 has a body: %s", w.Body)
			}
		})
	}
}

// TestOnce hands a token on once, although it comes many times at once and after a failure.
func TestOnce(t *testing.T) {
	var calls atomic.Int32
	r := &recipient{handle: func(context.Context, *event.Token) error {
		if calls.Add(1) == 1 {
			return errors.New("not yet")
		}
		time.Sleep(10 * time.Millisecond)
		return nil
	}}
	h, set := r.handler(t), sent(t, 1, nil)
	push := func() int {
		q := httptest.NewRequest("POST", "/", strings.NewReader(set))
		q.Header.Set("Content-Type", event.MediaType)
		q.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, q)
		return w.Code
	}
	if got := push(); got != http.StatusServiceUnavailable {
		t.Errorf("a failure is answered with %d", got)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := push(); got != http.StatusAccepted {
				t.Errorf("got %d", got)
			}
		})
	}
	wg.Wait()
	if got := r.txns(); len(got) != 1 {
		t.Errorf("handed on %d times", len(got))
	}
}

func TestReceiverPanic(t *testing.T) {
	r := &recipient{handle: func(context.Context, *event.Token) error { panic("oh") }}
	q := httptest.NewRequest("POST", "/", strings.NewReader(sent(t, 1, nil)))
	q.Header.Set("Content-Type", event.MediaType)
	q.Header.Set("Authorization", "Bearer "+secret)
	w := httptest.NewRecorder()
	r.handler(t).ServeHTTP(w, q)
	if w.Code != http.StatusServiceUnavailable || w.Body.Len() > 0 {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestMemorySeen(t *testing.T) {
	m := delivery.NewMemorySeen(3)
	for n := range 5 {
		require.NoError(t, m.Remember(t.Context(), "i", fmt.Sprint(n)))
		require.NoError(t, m.Remember(t.Context(), "i", fmt.Sprint(n)))
	}
	for n := range 5 {
		if got, _ := m.Seen(t.Context(), "i", fmt.Sprint(n)); got != (n >= 2) {
			t.Errorf("%d: %v", n, got)
		}
	}
	if got, _ := m.Seen(t.Context(), "j", "4"); got {
		t.Error("the token of another issuer was seen")
	}
}
