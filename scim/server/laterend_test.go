package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// TestWait answers as usual if it is done in the time that the client would rather wait.
func TestWait(t *testing.T) {
	s, store, log, h := deferring(t, server.Async{}, server.Options{})
	slow := s.do("POST", "/Users", `{"userName":"slow"}`, "Prefer: wait=1, respond-async; x=y")
	if slow.status != http.StatusAccepted {
		t.Errorf("slow: %d %s", slow.status, slow.text)
	}
	close(store.gate)
	quick := s.do("POST", "/Users", `{"userName":"quick"}`, "Prefer: respond-async", `Prefer: WAIT="30"`)
	if quick.status != http.StatusCreated || quick.GetString("userName") != "quick" || quick.header.Get("Set-Txn") != "" {
		t.Errorf("quick: %d %s", quick.status, quick.text)
	}
	refused := s.do("POST", "/Users", `{"userName":"quick"}`, "Prefer: respond-async, wait=30")
	if refused.status != http.StatusConflict {
		t.Errorf("refused: %d %s", refused.status, refused.text)
	}
	require.NoError(t, h.Shutdown(t.Context()))
	n := 0
	for _, token := range log.all() {
		if token.Event(event.AsyncResponse) != nil {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d outcomes are told, want that of the slow one", n)
	}
	after := s.do("POST", "/Users", `{"userName":"after"}`, later)
	if after.status != http.StatusCreated {
		t.Errorf("after the end: %d %s", after.status, after.text)
	}
}

// TestLaterFull does a request at once when there is no room, unless it would overtake one that waits.
func TestLaterFull(t *testing.T) {
	s, store, _, _ := deferring(t, server.Async{Workers: 1, Queue: 1}, server.Options{})
	a, b := made(t, store, "a"), made(t, store, "b")
	patch := patchBody(`{"op":"add","path":"title","value":"x"}`)
	for range 2 {
		require.Equal(t, http.StatusAccepted, s.do("PATCH", "/Users/"+a, patch, later).status)
	}
	if got := s.do("PATCH", "/Users/"+a, patch, later); got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" {
		t.Errorf("one that would overtake another: %d %s", got.status, got.text)
	}
	done := make(chan int)
	go func() { done <- s.do("PATCH", "/Users/"+b, patch, later).status }()
	select {
	case got := <-done:
		t.Errorf("it was not done at once, but answered with %d", got)
	case <-time.After(50 * time.Millisecond):
	}
	close(store.gate)
	if got := <-done; got != http.StatusOK {
		t.Errorf("one that overtakes nobody: %d", got)
	}
}

// TestShutdown breaks off what is not done in time, and tells the clients.
func TestShutdown(t *testing.T) {
	s, store, log, h := deferring(t, server.Async{Workers: 1}, server.Options{})
	id := made(t, store, "a")
	var want []string
	for n := range 3 {
		a := s.do("PATCH", "/Users/"+id, patchBody(fmt.Sprintf(`{"op":"add","path":"title","value":"%d"}`, n)), later)
		want = append(want, a.header.Get("Set-Txn")+" 503")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown gives %v", err)
	}
	var got []string
	for _, token := range log.all() {
		got = append(got, fmt.Sprintf("%s %d", token.Txn, token.Events[0].Response.Status))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPreferIgnored does at once what nobody can be told of later.
func TestPreferIgnored(t *testing.T) {
	s := newService(t, nil)
	if got := s.do("POST", "/Users", `{"userName":"a"}`, later); got.status != http.StatusCreated || got.header.Get("Preference-Applied") != "" {
		t.Errorf("got %d %v", got.status, got.header)
	}
	if got := s.do("GET", "/Events/x", ""); got.status != http.StatusNotFound {
		t.Errorf("an endpoint for events: %d", got.status)
	}
}

// TestLaterKeepsBody does what the request said, although buffers are used again.
func TestLaterKeepsBody(t *testing.T) {
	s, store, _, h := deferring(t, server.Async{}, server.Options{})
	var names []string
	for n := range 50 {
		name := strings.Repeat(fmt.Sprint(n%10), 100) + fmt.Sprint(n)
		names = append(names, name)
		s.do("POST", "/Users", fmt.Sprintf(`{"userName":%q}`, name), later)
	}
	close(store.gate)
	require.NoError(t, h.Shutdown(t.Context()))
	var got []string
	for _, v := range s.do("GET", "/Users?count=100", "").GetValues("Resources") {
		got = append(got, v.(*scim.Object).GetString("userName"))
	}
	slices.Sort(got)
	slices.Sort(names)
	if diff := cmp.Diff(names, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var discardLog = slog.New(slog.DiscardHandler)

// TestLaterMe does a request to /Me later, and tells of the user, also when it was not done.
func TestLaterMe(t *testing.T) {
	for _, done := range []bool{true, false} {
		store, log := &gated{memstore.New(nil), make(chan struct{})}, &eventLog{}
		id := made(t, store, "me")
		h, err := server.New(types(), server.One(store), func(*http.Request) (*server.Caller, error) { return &server.Caller{UserID: id}, nil },
			&server.Options{Logger: discardLog, Events: &server.Events{Sink: log, Async: &server.Async{Workers: 1}}, Observer: server.Observer{Request: func(_ context.Context, e *server.Event) {
				if e.Txn != "" && e.Status != http.StatusAccepted {
					panic("a hook")
				}
			}}})
		require.NoError(t, err)
		s := &service{t: t, Handler: h}
		var want []string
		for n := range 2 {
			a := s.do("PATCH", "/Me", patchBody(fmt.Sprintf(`{"op":"add","path":"title","value":"%d"}`, n)), later)
			if a.status != http.StatusAccepted || a.header.Get("Location") != "http://example.com/Users/"+id {
				t.Errorf("got %d %v", a.status, a.header)
			}
			want = append(want, fmt.Sprintf("%s /Users/%s %v", a.header.Get("Set-Txn"), id, done))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if done {
			close(store.gate)
		} else {
			cancel()
		}
		_ = h.Shutdown(ctx)
		var got []string
		for _, token := range log.all() {
			if e := token.Event(event.AsyncResponse); e != nil {
				got = append(got, fmt.Sprintf("%s %s %v", token.Txn, token.Subject.URI, e.Response.Status == 200))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("done %v (-want +got):\n%s", done, diff)
		}
	}
}

// FuzzPrefer sends any preference. Whatever it is, the request is done once, now or later.
func FuzzPrefer(f *testing.F) {
	for _, p := range []string{"respond-async", "wait=0, respond-async", "return=minimal; x=\"y,z\", RESPOND-ASYNC", "wait=-1", "wait=9999999999999999999", "respond-async=no", ",;=,"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, prefer string) {
		if strings.ContainsAny(prefer, "\r\n") {
			return
		}
		s, store, log, h := deferring(t, server.Async{}, server.Options{})
		close(store.gate)
		a := s.do("POST", "/Users", `{"userName":"a"}`, "Prefer: "+prefer)
		require.NoError(t, h.Shutdown(t.Context()))
		outcomes := 0
		for _, token := range log.all() {
			if token.Event(event.AsyncResponse) != nil {
				outcomes++
			}
		}
		total := s.do("GET", "/Users", "").Get("totalResults")
		if fmt.Sprint(total) != "1" || (a.status == http.StatusAccepted) != (outcomes == 1) || a.status != http.StatusAccepted && a.status != http.StatusCreated {
			t.Errorf("%q: %d, %d outcomes, %v users", prefer, a.status, outcomes, total)
		}
	})
}
