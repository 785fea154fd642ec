package httpx_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/provisioning"
)

// answer is what a server does with one attempt.
type answer struct {
	status int
	header http.Header
	body   io.Reader
	err    error
}

func status(code int, retryAfter string) answer {
	h := http.Header{}
	if retryAfter != "" {
		h.Set("Retry-After", retryAfter)
	}
	return answer{status: code, header: h}
}

// script gives its answers one after the other, the last one for ever.
type script struct {
	mu      sync.Mutex
	answers []answer
	times   []time.Time
	bodies  []string
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times = append(s.times, time.Now())
	body := ""
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	s.bodies = append(s.bodies, body)
	a := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	if a.err != nil {
		return nil, a.err
	}
	if a.body == nil {
		a.body = strings.NewReader("{}")
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(a.body), Request: r, ContentLength: -1}, nil
}

// broken is a body that ends in the middle.
func broken() io.Reader { return io.MultiReader(strings.NewReader("{"), errReader{}) }

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("connection reset by peer") }

func TestRetries(t *testing.T) {
	reset := answer{err: errors.New("connection reset by peer")}
	refused := answer{err: &net.OpError{Op: "dial", Err: errors.New("connection refused")}}
	for _, tt := range []struct {
		name    string
		method  string
		patch   bool // repeatable
		answers []answer
		want    int // attempts
		err     error
		atLeast time.Duration
	}{
		{"good", "GET", false, []answer{status(200, "")}, 1, nil, 0},
		{"GET after a 503", "GET", false, []answer{status(503, ""), status(200, "")}, 2, nil, 0},
		{"GET after a reset", "GET", false, []answer{reset, status(200, "")}, 2, nil, 0},
		{"GET whose body breaks off", "GET", false, []answer{{status: 200, body: broken()}, status(200, "")}, 2, nil, 0},
		{"GET that never works", "GET", false, []answer{status(500, "")}, 5, provisioning.ErrUnavailable, 0},
		{"GET that is wrong", "GET", false, []answer{status(400, "")}, 1, provisioning.ErrInvalid, 0},
		{"501 is final", "GET", false, []answer{status(501, "")}, 1, errors.ErrUnsupported, 0},
		{"PUT after a reset", "PUT", false, []answer{reset, status(200, "")}, 2, nil, 0},
		{"DELETE after a 502", "DELETE", false, []answer{status(502, ""), status(204, "")}, 2, nil, 0},
		{"POST after a 503 is not sent twice", "POST", false, []answer{status(503, "")}, 1, provisioning.ErrUnavailable, 0},
		{"POST after a reset is not sent twice", "POST", false, []answer{reset}, 1, provisioning.ErrUnavailable, 0},
		{"POST whose answer breaks off is not sent twice", "POST", false, []answer{{status: 201, body: broken()}}, 1, provisioning.ErrUnavailable, 0},
		{"POST that never left", "POST", false, []answer{refused, status(201, "")}, 2, nil, 0},
		{"POST after a 429", "POST", false, []answer{status(429, "3"), status(201, "")}, 2, nil, 3 * time.Second},
		{"PATCH that may be repeated", "PATCH", true, []answer{reset, status(503, ""), status(200, "")}, 3, nil, 0},
		{"PATCH that may not", "PATCH", false, []answer{reset}, 1, provisioning.ErrUnavailable, 0},
		{"Retry-After in seconds", "GET", false, []answer{status(503, "7"), status(200, "")}, 2, nil, 7 * time.Second},
		{"Retry-After as a date", "GET", false, []answer{status(429, "Sat, 01 Jan 2000 00:00:09 GMT"), status(200, "")}, 2, nil, 9 * time.Second},
		{"Retry-After that is nonsense", "GET", false, []answer{status(429, "soon"), status(200, "")}, 2, nil, 0},
		{"more 429 than failures are borne", "GET", false, []answer{status(429, "1"), status(429, "1"), status(429, "1"), status(429, "1"), status(429, "1"), status(429, "1"), status(200, "")}, 7, nil, 6 * time.Second},
		{"Retry-After beyond the longest wait", "GET", false, []answer{status(429, "3600")}, 1, provisioning.ErrUnavailable, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answers: tt.answers}
				c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
				require.NoError(t, err)
				start := time.Now()
				_, err = c.Do(t.Context(), &httpx.Request{Method: tt.method, URL: "https://example.com/x", Body: []byte(`{"a":1}`), Repeatable: tt.patch})
				if !errors.Is(err, tt.err) || tt.err == nil && err != nil {
					t.Errorf("error %v, want %v", err, tt.err)
				}
				if len(s.times) != tt.want {
					t.Errorf("%d attempts, want %d", len(s.times), tt.want)
				}
				for i, b := range s.bodies {
					if b != `{"a":1}` {
						t.Errorf("attempt %d sent %q", i, b)
					}
				}
				if took := time.Since(start); took < tt.atLeast || took > 2*time.Minute {
					t.Errorf("it took %v, want at least %v", took, tt.atLeast)
				}
			})
		})
	}
}

func TestRetryErrorTellsHowLong(t *testing.T) {
	s := &script{answers: []answer{status(429, "3600")}}
	c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
	require.NoError(t, err)
	_, err = c.Do(t.Context(), &httpx.Request{Method: "GET", URL: "https://example.com/x"})
	var retry *provisioning.RetryError
	if !errors.As(err, &retry) || retry.After != time.Hour {
		t.Errorf("error %v, want a RetryError of an hour", err)
	}
}

func TestAllRequestsWaitTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{status(429, "10"), status(200, "")}}
		c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
		require.NoError(t, err)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 5 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if _, err := c.Do(t.Context(), &httpx.Request{Method: "GET", URL: "https://example.com/x"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		early := 0
		for _, at := range s.times {
			if at.Sub(start) < 10*time.Second {
				early++
			}
		}
		if early != 1 {
			t.Errorf("%d requests were sent before the time that the server named, want only the first", early)
		}
	})
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{status(200, "")}}
		c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}, Rate: 10, Burst: 2})
		require.NoError(t, err)
		start := time.Now()
		for range 12 {
			_, err := c.Do(t.Context(), &httpx.Request{Method: "GET", URL: "https://example.com/x"})
			require.NoError(t, err)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("12 requests at 10 a second, 2 at once, took %v, want 1s", took)
		}
	})
}

func TestCancelledWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{status(429, "50")}}
		c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
		require.NoError(t, err)
		why := errors.New("the operator pressed a key")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(5*time.Second, func() { cancel(why) })
		start := time.Now()
		_, err = c.Do(ctx, &httpx.Request{Method: "GET", URL: "https://example.com/x"})
		if !errors.Is(err, why) && !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v to notice, want 5s", took)
		}
	})
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{status(503, "30")}}
		c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err = c.Do(ctx, &httpx.Request{Method: "GET", URL: "https://example.com/x"})
		var retry *provisioning.RetryError
		if !errors.As(err, &retry) || time.Since(start) != 0 {
			t.Errorf("error %v after %v; want a RetryError at once, since the wait would end after the deadline", err, time.Since(start))
		}
	})
}

func TestRepeatedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answers: []answer{{err: errors.New("reset")}, status(412, "")}}
		c, err := httpx.New(&httpx.Options{HTTPClient: &http.Client{Transport: s}})
		require.NoError(t, err)
		_, err = c.Do(t.Context(), &httpx.Request{Method: "PUT", URL: "https://example.com/x"})
		var refused *httpx.StatusError
		require.ErrorAs(t, err, &refused)
		if diff := cmp.Diff(true, refused.Repeated); diff != "" || !errors.Is(err, provisioning.ErrConflict) {
			t.Errorf("error %v, repeated %t; want a conflict that says it was sent twice", err, refused.Repeated)
		}
	})
}
