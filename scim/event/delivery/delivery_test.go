package delivery_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

const (
	issuer   = "https://scim.example.com"
	audience = "https://app.example.com"
	secret   = "secret-of-the-recipient"
)

func keys(t testing.TB, id string) *event.Keys {
	t.Helper()
	k, err := event.NewKeys(id, ed25519.NewKeyFromSeed(bytes.Repeat([]byte(id[:1]), ed25519.SeedSize)))
	require.NoError(t, err)
	return k
}

func signer(t testing.TB, id string) *event.Signer {
	t.Helper()
	s, err := event.NewSigner(keys(t, id), "")
	require.NoError(t, err)
	return s
}

func verifier(t testing.TB) *event.Verifier {
	t.Helper()
	v, err := event.NewVerifier(issuer, audience, keys(t, "a"), nil)
	require.NoError(t, err)
	return v
}

// change is what a Handler puts: a PATCH of the user n.
func change(n int) *event.Token {
	return &event.Token{Txn: fmt.Sprint("t", n), Time: time.Now(), Subject: event.Subject{URI: fmt.Sprintf("/Users/%d", n)},
		Events: []event.Event{{Type: event.PatchNotice, Attributes: []string{"title"}}}}
}

func txns(from, to int) (list []string) {
	for n := from; n <= to; n++ {
		list = append(list, fmt.Sprint("t", n))
	}
	return list
}

// told collects what an Observer is told.
type told struct {
	mu                         sync.Mutex
	delivered, refused, failed []string
	waits                      []time.Duration
}

func (o *told) observer() delivery.Observer {
	return delivery.Observer{
		Delivered: func(stream, id string) { o.mu.Lock(); defer o.mu.Unlock(); o.delivered = append(o.delivered, id) },
		Refused: func(stream, id string, err error) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.refused = append(o.refused, err.Error())
		},
		Failed: func(stream, id string, err error, wait time.Duration) {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.failed, o.waits = append(o.failed, err.Error()), append(o.waits, wait)
		},
	}
}

// recipient is an application that keeps what it was told of.
type recipient struct {
	mu     sync.Mutex
	got    []string // the txns, in the order in which they came
	handle delivery.HandleFunc
}

func (r *recipient) take(ctx context.Context, t *event.Token) error {
	if r.handle != nil {
		if err := r.handle(ctx, t); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, t.Txn)
	return nil
}

func (r *recipient) txns() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func (r *recipient) handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := delivery.NewReceiver(verifier(t), delivery.BearerTokens("old", secret), r.take, &delivery.ReceiverOptions{Logger: quiet})
	require.NoError(t, err)
	return h
}

var quiet = slog.New(slog.DiscardHandler)

// pushing starts a Transmitter that pushes to a handler.
func pushing(t *testing.T, h http.Handler, o delivery.TransmitterOptions) (*delivery.Transmitter, *delivery.MemoryQueue) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	queue := delivery.NewMemoryQueue(0, 0)
	if o.FirstWait == 0 {
		o.FirstWait, o.MaxWait = 2*time.Millisecond, 20*time.Millisecond
	}
	o.Logger = quiet
	tr, err := delivery.NewTransmitter(issuer, signer(t, "a"), queue, &o)
	require.NoError(t, err)
	require.NoError(t, tr.Add(delivery.Stream{ID: "app", Audience: []string{audience}, Push: &delivery.Endpoint{URL: server.URL, Token: secret}}))
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = tr.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return tr, queue
}

// eventually waits until what is got is as wanted.
func eventually(t *testing.T, want []string, got func() []string) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) && !slices.Equal(want, got()) {
		time.Sleep(2 * time.Millisecond)
	}
	if diff := cmp.Diff(want, got()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

// A fault is an answer instead of that of the recipient; with after, the recipient has had the request.
type fault struct {
	status int
	header string
	body   string
	after  bool
	reset  bool
}

// faulty has the faults come over the requests, in their order, before all goes well.
func faulty(h http.Handler, faults ...fault) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		var f *fault
		if len(faults) > 0 {
			f, faults = &faults[0], faults[1:]
		}
		mu.Unlock()
		if f == nil {
			h.ServeHTTP(w, r)
			return
		}
		if f.after {
			h.ServeHTTP(httptest.NewRecorder(), r)
		}
		if f.reset {
			panic(http.ErrAbortHandler)
		}
		if name, value, ok := strings.Cut(f.header, ": "); ok {
			w.Header().Set(name, value)
		}
		w.WriteHeader(f.status)
		_, _ = w.Write([]byte(f.body))
	})
}

func TestPush(t *testing.T) {
	json := func(code string) string { return `{"err":"` + code + `","description":"because"}` }
	for _, tt := range []struct {
		name    string
		faults  []fault
		want    []string
		failed  int
		refused string
	}{
		{name: "all is well", want: txns(1, 5)},
		{name: "the recipient has errors", faults: []fault{{status: 500}, {status: 502}, {status: 503}}, want: txns(1, 5), failed: 3},
		{name: "it is busy", faults: []fault{{status: 429, header: "Retry-After: 0"}}, want: txns(1, 5), failed: 1},
		{name: "the connection breaks before the token is read", faults: []fault{{reset: true}}, want: txns(1, 5), failed: 1},
		{name: "the connection breaks after it was handled", faults: []fault{{reset: true, after: true}, {status: 500, after: true}}, want: txns(1, 5), failed: 2},
		{name: "one token is no good", faults: []fault{{status: 400, body: json("invalid_request")}}, want: txns(2, 5), refused: "because"},
		{name: "one token is too large", faults: []fault{{status: 413}}, want: txns(2, 5), refused: "413"},
		{name: "the credentials are not known yet", faults: []fault{{status: 401}, {status: 403}, {status: 400, body: json("authentication_failed")}, {status: 400, body: json("access_denied")}}, want: txns(1, 5), failed: 4},
		{name: "the key is not known yet", faults: []fault{{status: 400, body: json("invalid_key")}, {status: 400, body: json("invalid_issuer")}, {status: 400, body: json("invalid_audience")}}, want: txns(1, 5), failed: 3},
		{name: "a proxy has another 400", faults: []fault{{status: 400, body: "<html>no</html>"}}, want: txns(1, 5), failed: 1},
		{name: "it has moved", faults: []fault{{status: 302, header: "Location: https://elsewhere.example.com"}}, want: txns(1, 5), failed: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, o := &recipient{}, &told{}
			tr, _ := pushing(t, faulty(r.handler(t), tt.faults...), delivery.TransmitterOptions{Observer: o.observer()})
			for n := 1; n <= 5; n++ {
				require.NoError(t, tr.Put(t.Context(), "", change(n)))
			}
			eventually(t, tt.want, r.txns)
			eventually(t, []string{"done"}, func() []string {
				o.mu.Lock()
				defer o.mu.Unlock()
				if len(o.delivered) == len(tt.want) {
					return []string{"done"}
				}
				return nil
			})
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.failed) != tt.failed {
				t.Errorf("%d attempts failed, want %d: %v", len(o.failed), tt.failed, o.failed)
			}
			if got := strings.Join(o.refused, " "); !strings.Contains(got, tt.refused) || (got == "") != (tt.refused == "") {
				t.Errorf("refused: %q, want %q", got, tt.refused)
			}
		})
	}
}

// TestRetryAfter waits as long as the recipient asks, up to the longest wait.
func TestRetryAfter(t *testing.T) {
	r, o := &recipient{}, &told{}
	tr, _ := pushing(t, faulty(r.handler(t), fault{status: 429, header: "Retry-After: 1"}, fault{status: 503, header: "Retry-After: 3600"}),
		delivery.TransmitterOptions{FirstWait: time.Millisecond, MaxWait: 1500 * time.Millisecond, Observer: o.observer()})
	begun := time.Now()
	require.NoError(t, tr.Put(t.Context(), "", change(1)))
	eventually(t, txns(1, 1), r.txns)
	if took := time.Since(begun); took < 2400*time.Millisecond {
		t.Errorf("it took %v, want the second that was asked for and the longest wait", took)
	}
	if diff := cmp.Diff([]time.Duration{time.Second, 1500 * time.Millisecond}, o.waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

// TestGiveUp drops a token that is never taken, if told so, and says so.
func TestGiveUp(t *testing.T) {
	r, o := &recipient{}, &told{}
	r.handle = func(_ context.Context, t *event.Token) error {
		if t.Txn == "t1" {
			return errors.New("the database is away")
		}
		return nil
	}
	tr, _ := pushing(t, r.handler(t), delivery.TransmitterOptions{GiveUp: 50 * time.Millisecond, FirstWait: time.Millisecond, MaxWait: 10 * time.Millisecond, Observer: o.observer()})
	for n := 1; n <= 2; n++ {
		require.NoError(t, tr.Put(t.Context(), "", change(n)))
	}
	eventually(t, txns(2, 2), r.txns)
	if len(o.refused) != 1 || !strings.Contains(o.refused[0], "tried for 50ms") {
		t.Errorf("refused: %q", o.refused)
	}
}
