package httpx

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

// throttling answers as a server does that allows so many requests a second.
type throttling struct {
	mu       sync.Mutex
	bucket   *rate.Limiter
	taken    int
	refusals []time.Time
}

func (s *throttling) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(20 * time.Millisecond)
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: r}
	if s.bucket.Allow() {
		s.taken++
		return answer, nil
	}
	s.refusals = append(s.refusals, time.Now())
	answer.StatusCode = http.StatusTooManyRequests
	answer.Header.Set("Retry-After", "1")
	return answer, nil
}

// TestPaceFollowsTheServer shows that a client which is told that it is too fast becomes slower as a whole, and neither stays
// slow nor is told so again and again.
func TestPaceFollowsTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &throttling{bucket: rate.NewLimiter(100, 100)}
		c, err := New(&Options{HTTPClient: &http.Client{Transport: s}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Minute, cancel)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for ctx.Err() == nil {
					_, _ = c.Do(ctx, &Request{Method: "GET", URL: "https://scim.example.com/Users"}) // counted by the server
				}
			})
		}
		all.Wait()
		if s.taken < 6000 {
			t.Errorf("the server took %d requests in 2 minutes of the 12,000 that it would", s.taken)
		}
		if len(s.refusals)*10 > s.taken {
			t.Errorf("the server refused %d requests and took %d; want less than one in ten refused", len(s.refusals), s.taken)
		}
		t.Logf("taken %d, refused %d", s.taken, len(s.refusals))
	})
}

// TestPace shows how a pace shrinks and grows.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(0, 0)
		send := func(n int) time.Duration {
			began := time.Now()
			for range n {
				if err := p.wait(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			return time.Since(began)
		}
		if took := send(400); took != 0 {
			t.Errorf("without a limit 400 requests took %v", took)
		}
		p.slow()
		p.slow() // by another answer to the same burst
		if got := p.limiter.Limit(); got != 200 {
			t.Errorf("the limit is %v after 400 requests in a second were too many, want 200", got)
		}
		if took := send(200); took < 900*time.Millisecond || took > time.Second {
			t.Errorf("200 requests took %v, want about a second", took)
		}
		for range 30 {
			time.Sleep(time.Second)
			send(1)
		}
		if got := p.limiter.Limit(); got != rate.Inf {
			t.Errorf("the limit is %v after half a minute in which nothing was too fast, want none", got)
		}
		slow := newPace(15, 1)
		slow.slow()
		if got := slow.limiter.Limit(); got != slowestPace {
			t.Errorf("the limit is %v, want %v", got, slowestPace)
		}
		slower := newPace(5, 1)
		slower.slow()
		if got := slower.limiter.Limit(); got != 5 {
			t.Errorf("the limit of a slow client is %v, want what was asked for", got)
		}
	})
}
