package delivery_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

// polled makes a Transmitter whose one stream is polled.
func polled(t testing.TB, o delivery.TransmitterOptions, wrap func(http.Handler) http.Handler) (*delivery.Transmitter, string) {
	t.Helper()
	o.Logger = quiet
	tr, err := delivery.NewTransmitter(issuer, signer(t, "a"), delivery.NewMemoryQueue(0, 0), &o)
	require.NoError(t, err)
	require.NoError(t, tr.Add(delivery.Stream{ID: "app", Audience: []string{audience}}))
	h, err := tr.Poll("app", delivery.BearerTokens(secret))
	require.NoError(t, err)
	if wrap != nil {
		h = wrap(h)
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return tr, server.URL
}

func poller(t testing.TB, url string, o *delivery.PollerOptions) *delivery.Poller {
	t.Helper()
	p, err := delivery.NewPoller(delivery.Endpoint{URL: url, Token: secret}, verifier(t), o)
	require.NoError(t, err)
	return p
}

// TestPollRequests looks at each answer (RFC 8936 section 2).
func TestPollRequests(t *testing.T) {
	o := &told{}
	tr, url := polled(t, delivery.TransmitterOptions{PollMax: 3, PollWait: 50 * time.Millisecond, Observer: o.observer()}, nil)
	poll := func(body string) (status int, sets []string, more bool) {
		t.Helper()
		q, err := http.NewRequest("POST", url, strings.NewReader(body))
		require.NoError(t, err)
		q.Header.Set("Content-Type", "application/json")
		q.Header.Set("Authorization", "Bearer "+secret)
		resp, err := http.DefaultClient.Do(q)
		require.NoError(t, err)
		defer resp.Body.Close()
		var a struct {
			Sets          map[string]string `json:"sets"`
			MoreAvailable bool              `json:"moreAvailable"`
		}
		if resp.StatusCode == http.StatusOK {
			require.NoError(t, json.NewDecoder(resp.Body).Decode(&a))
			require.NotNil(t, a.Sets)
		}
		for id, set := range a.Sets {
			token, err := verifier(t).Verify(set)
			require.NoError(t, err)
			require.Equal(t, id, token.ID)
			sets = append(sets, id)
		}
		return resp.StatusCode, sets, a.MoreAvailable
	}
	if status, sets, more := poll(`{"returnImmediately":true}`); status != 200 || len(sets) != 0 || more {
		t.Errorf("an empty stream: %d %v %v", status, sets, more)
	}
	for n := 1; n <= 5; n++ {
		require.NoError(t, tr.Put(t.Context(), "", change(n)))
	}
	if _, sets, more := poll(`{"maxEvents":0}`); len(sets) != 0 || !more {
		t.Errorf("maxEvents 0: %v %v", sets, more)
	}
	_, first, more := poll(`{"maxEvents":2}`)
	if len(first) != 2 || !more {
		t.Errorf("maxEvents 2: %v %v", first, more)
	}
	_, again, more := poll(`{}`)
	if len(again) != 3 || !more {
		t.Errorf("more than the transmitter gives: %v %v", again, more)
	}
	body, err := json.Marshal(map[string]any{"ack": again[:2], "setErrs": map[string]any{again[2]: map[string]string{"err": "invalid_request", "description": "odd"}}})
	require.NoError(t, err)
	if _, sets, more := poll(string(body)); len(sets) != 2 || more {
		t.Errorf("after acknowledgement: %v %v", sets, more)
	}
	if len(o.delivered) != 2 || len(o.refused) != 1 || !strings.Contains(o.refused[0], "odd") {
		t.Errorf("told: %v %v", o.delivered, o.refused)
	}
	for name, body := range map[string]string{"no JSON": "x", "maxEvents below 0": `{"maxEvents":-1}`, "ack of another type": `{"ack":"x"}`, "too large": `{"ack":["` + strings.Repeat("x", 1<<20) + `"]}`} {
		if status, _, _ := poll(body); status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, status)
		}
	}
	q, err := http.NewRequest("POST", url, strings.NewReader(`{}`))
	require.NoError(t, err)
	q.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(q)
	require.NoError(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a secret: %d", resp.StatusCode)
	}
	if _, err := tr.Poll("other", delivery.Anyone); err == nil {
		t.Error("a stream that is not there is polled")
	}
}

// TestPoller gives tokens once, in their order, over faults, and acknowledges what a loop was through with.
func TestPoller(t *testing.T) {
	tr, url := polled(t, delivery.TransmitterOptions{PollMax: 3}, func(h http.Handler) http.Handler {
		return faulty(h, fault{status: 503, header: "Retry-After: 0"}, fault{reset: true, after: true}, fault{status: 429, header: "Retry-After: 0"})
	})
	p := poller(t, url, &delivery.PollerOptions{MaxEvents: 4})
	for n := 1; n <= 10; n++ {
		require.NoError(t, tr.Put(t.Context(), "", change(n)))
	}
	var got []string
	for token, err := range p.Pending(t.Context()) {
		require.NoError(t, err)
		got = append(got, token.Txn)
		if len(got) == 5 {
			break // t5 was not finished
		}
	}
	for token, err := range p.Pending(t.Context()) {
		require.NoError(t, err)
		got = append(got, token.Txn)
	}
	if diff := cmp.Diff(append(txns(1, 5), txns(5, 10)...), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for token := range poller(t, url, nil).Pending(t.Context()) {
		t.Errorf("%v was not acknowledged", token)
	}
}

// TestPollerWaits gives a token as soon as it is there, and ends with its context.
func TestPollerWaits(t *testing.T) {
	tr, url := polled(t, delivery.TransmitterOptions{PollWait: time.Minute}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	time.AfterFunc(50*time.Millisecond, func() { _ = tr.Put(ctx, "", change(1)) })
	var got []string
	var last error
	for token, err := range poller(t, url, nil).Tokens(ctx) {
		if last = err; err != nil {
			break
		}
		got = append(got, token.Txn)
		time.AfterFunc(50*time.Millisecond, cancel)
	}
	if diff := cmp.Diff(txns(1, 1), got); diff != "" || !errors.Is(last, context.Canceled) {
		t.Errorf("%v\n%s", last, diff)
	}
}

// TestPollerRefuses tells of single tokens that are no good, and ends where all of them would be lost.
func TestPollerRefuses(t *testing.T) {
	var acks []string
	answers := func(sets ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			var req struct {
				Ack     []string
				SetErrs map[string]any
			}
			_ = json.NewDecoder(r.Body).Decode(&req)
			for _, id := range req.Ack {
				acks = append(acks, "ack "+id)
			}
			for id := range req.SetErrs {
				acks = append(acks, "err "+id)
			}
			list := sets
			if len(req.Ack)+len(req.SetErrs) > 0 {
				list = nil
			}
			fmt.Fprintf(w, `{"x":[1,{}],"sets":{%s},"moreAvailable":false}`, strings.Join(list, ","))
		}
	}
	entry := func(id, set string) string { return fmt.Sprintf("%q:%q", id, set) }
	one := entry("jti-1", sent(t, 1, nil))
	for _, tt := range []struct {
		name    string
		answer  http.HandlerFunc
		want    []string
		acks    []string
		problem string
	}{
		{"one is no good", answers(entry("x", "hello"), one, entry("y", sent(t, 2, nil))), []string{"t1"}, []string{"ack jti-1", "err x", "err y"}, ""},
		{"all are of another issuer", answers(entry("jti-2", sent(t, 2, func(t *event.Token) { t.Issuer = "x" })), one), nil, nil, "left with the transmitter"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }, nil, nil, "RFC 8936"},
		{"sets is no object", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"sets":[]}`)) }, nil, nil, "RFC 8936"},
		{"it goes on for ever", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"sets":{%s}}`, one) }, []string{"t1"}, nil, "although they were acknowledged"},
		{"it is not there", http.NotFound, nil, nil, "404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			acks = nil
			server := httptest.NewServer(tt.answer)
			defer server.Close()
			var got []string
			var last error
			for token, err := range poller(t, server.URL, nil).Pending(t.Context()) {
				var single *delivery.TokenError
				switch {
				case errors.As(err, &single):
				case err != nil:
					last = err
				default:
					got = append(got, token.Txn)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (last == nil) != (tt.problem == "") || last != nil && !strings.Contains(last.Error(), tt.problem) {
				t.Errorf("ended with %v, want %q", last, tt.problem)
			}
			sorted := map[string]bool{}
			for _, a := range acks {
				sorted[a] = true
			}
			for _, a := range tt.acks {
				if !sorted[a] {
					t.Errorf("%s is missing in %v", a, acks)
				}
			}
			if tt.acks == nil && len(acks) > 0 && tt.name != "it goes on for ever" {
				t.Errorf("acknowledged: %v", acks)
			}
		})
	}
}

// FuzzPollAnswer reads anything that a transmitter may answer, without a panic and without an end.
func FuzzPollAnswer(f *testing.F) {
	f.Add([]byte(`{"sets":{},"moreAvailable":true}`))
	f.Add([]byte(`{"sets":{"1":"` + sent(f, 1, nil) + `"}}`))
	f.Add([]byte(`{"sets":{"1":2}}`))
	var body []byte
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		_, _ = w.Write(body)
		return w.Result(), nil
	})
	p, err := delivery.NewPoller(delivery.Endpoint{URL: "https://scim.example.com", HTTPClient: &http.Client{Transport: transport}}, verifier(f), nil)
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, b []byte) {
		body = b
		n := 0
		for token := range p.Pending(t.Context()) {
			if token != nil && token.ID != "jti-1" {
				t.Errorf("a token that nobody signed: %+v", token)
			}
			if n++; n > 10_000 {
				t.Fatal("it does not end")
			}
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
