package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

// TestStreams gives each stream what is its own: its tenant, its audience, its types.
func TestStreams(t *testing.T) {
	queue := delivery.NewMemoryQueue(0, 0)
	tr, err := delivery.NewTransmitter(issuer, signer(t, "a"), queue, nil)
	require.NoError(t, err)
	for _, s := range []delivery.Stream{
		{ID: "acme", Tenant: "acme", Audience: []string{"https://acme.example.com"}},
		{ID: "acme deletes", Tenant: "acme", Audience: []string{"https://other.example.com"}, Types: []event.Type{event.Delete}},
		{ID: "globex", Tenant: "globex", Audience: []string{"https://globex.example.com"}},
	} {
		require.NoError(t, tr.Add(s))
	}
	require.NoError(t, tr.Put(t.Context(), "acme", change(1)))
	require.NoError(t, tr.Put(t.Context(), "acme", &event.Token{Txn: "t2", Subject: event.Subject{URI: "/Users/2"}, Events: []event.Event{{Type: event.Delete}}}))
	require.NoError(t, tr.Put(t.Context(), "globex", change(3)))
	require.NoError(t, tr.Put(t.Context(), "", change(4)))
	require.NoError(t, tr.Put(t.Context(), "nobody", change(5)))
	got := map[string][]string{}
	ids := map[string]bool{}
	for _, stream := range []string{"acme", "acme deletes", "globex"} {
		entries, err := queue.Next(t.Context(), stream, 100)
		require.NoError(t, err)
		for _, e := range entries {
			token, err := event.ParseClaims(e.Claims, event.Limits{})
			require.NoError(t, err)
			got[stream] = append(got[stream], token.Txn+" "+strings.Join(token.Audience, ","))
			if ids[e.ID] || e.ID != token.ID || token.Issuer != issuer || time.Since(token.IssuedAt) > time.Minute {
				t.Errorf("%s: the token %+v is not addressed as it should", stream, token)
			}
			ids[e.ID] = true
		}
	}
	want := map[string][]string{
		"acme":         {"t1 https://acme.example.com", "t2 https://acme.example.com"},
		"acme deletes": {"t2 https://other.example.com"},
		"globex":       {"t3 https://globex.example.com"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, s := range map[string]delivery.Stream{
		"twice": {ID: "acme", Audience: []string{"x"}}, "no ID": {Audience: []string{"x"}}, "no audience": {ID: "x"},
		"no URL":        {ID: "y", Audience: []string{"x"}, Push: &delivery.Endpoint{URL: "app.example.com"}},
		"without TLS":   {ID: "z", Audience: []string{"x"}, Push: &delivery.Endpoint{URL: "http://app.example.com/events"}},
		"two passwords": {ID: "z", Audience: []string{"x"}, Push: &delivery.Endpoint{URL: "https://app.example.com/events", Token: "a", TokenSource: func(context.Context) (string, error) { return "", nil }}},
	} {
		if err := tr.Add(s); err == nil {
			t.Errorf("a stream is added: %s", name)
		}
	}
}

// TestFull refuses what there is no room for, says so, and keeps what is there without a gap.
func TestFull(t *testing.T) {
	queue := delivery.NewMemoryQueue(3, 0)
	tr, err := delivery.NewTransmitter(issuer, signer(t, "a"), queue, nil)
	require.NoError(t, err)
	require.NoError(t, tr.Add(delivery.Stream{ID: "app", Audience: []string{audience}}))
	for n := 1; n <= 5; n++ {
		err := tr.Put(t.Context(), "", change(n))
		if full := errors.Is(err, delivery.ErrFull); full != (n > 3) || full && !strings.Contains(err.Error(), fmt.Sprint("t", n)) {
			t.Errorf("put %d: %v", n, err)
		}
	}
	entries, err := queue.Next(t.Context(), "app", 100)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	small := delivery.NewMemoryQueue(0, 10)
	if err := small.Put(t.Context(), "s", delivery.Entry{ID: "1", Claims: make([]byte, 11)}); !errors.Is(err, delivery.ErrFull) {
		t.Errorf("more bytes than there is room for: %v", err)
	}
}

// TestStreamsComeAndGo adds and removes streams while the Transmitter runs.
func TestStreamsComeAndGo(t *testing.T) {
	r := &recipient{}
	tr, queue := pushing(t, r.handler(t), delivery.TransmitterOptions{})
	second := &recipient{}
	server := httptest.NewServer(second.handler(t))
	defer server.Close()
	require.NoError(t, tr.Put(t.Context(), "", change(1)))
	eventually(t, txns(1, 1), r.txns)
	require.NoError(t, tr.Add(delivery.Stream{ID: "second", Audience: []string{audience}, Push: &delivery.Endpoint{URL: server.URL, Token: "old"}}))
	require.NoError(t, tr.Put(t.Context(), "", change(2)))
	eventually(t, txns(2, 2), second.txns)
	eventually(t, txns(1, 2), r.txns)
	tr.Remove("app")
	require.NoError(t, tr.Put(t.Context(), "", change(3)))
	eventually(t, txns(2, 3), second.txns)
	entries, err := queue.Next(t.Context(), "app", 10)
	require.NoError(t, err)
	for _, e := range entries { // its last token may have been taken without that being noted
		if strings.Contains(string(e.Claims), `"t3"`) {
			t.Error("a stream that was removed still gets tokens")
		}
	}
	if diff := cmp.Diff(txns(1, 2), r.txns()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := tr.Run(t.Context()); err == nil {
		t.Error("it runs twice")
	}
}

// TestOrder keeps the order of each writer while 50 put at once.
func TestOrder(t *testing.T) {
	r := &recipient{}
	tr, _ := pushing(t, faulty(r.handler(t), fault{status: 500}, fault{reset: true, after: true}, fault{status: 503}), delivery.TransmitterOptions{})
	const writers, each = 50, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				token := change(w)
				token.Txn = fmt.Sprintf("%d/%d", w, n)
				if err := tr.Put(t.Context(), "", token); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	end := time.Now().Add(20 * time.Second)
	for len(r.txns()) < writers*each && time.Now().Before(end) {
		time.Sleep(5 * time.Millisecond)
	}
	next := make([]int, writers)
	for _, txn := range r.txns() {
		var w, n int
		_, err := fmt.Sscanf(txn, "%d/%d", &w, &n)
		require.NoError(t, err)
		if n != next[w] {
			t.Fatalf("writer %d: %d came when %d was next", w, n, next[w])
		}
		next[w]++
	}
	for w, n := range next {
		if n != each {
			t.Errorf("writer %d: %d of %d came", w, n, each)
		}
	}
}

// TestKeyRotation signs what waits with the new key.
func TestKeyRotation(t *testing.T) {
	r := &recipient{}
	v := verifier(t)
	v.SetKeys(keys(t, "b"))
	h, err := delivery.NewReceiver(v, delivery.Anyone, r.take, &delivery.ReceiverOptions{Logger: quiet})
	require.NoError(t, err)
	o := &told{}
	tr, _ := pushing(t, h, delivery.TransmitterOptions{Observer: o.observer()})
	require.NoError(t, tr.Put(t.Context(), "", change(1)))
	end := time.Now().Add(10 * time.Second)
	for failures := 0; failures == 0 && time.Now().Before(end); {
		o.mu.Lock()
		failures = len(o.failed)
		o.mu.Unlock()
	}
	require.Empty(t, r.txns())
	tr.SetSigner(signer(t, "b"))
	eventually(t, txns(1, 1), r.txns)
}
