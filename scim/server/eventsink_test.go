package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// TestEventSinkFails answers as if nothing had failed, in bounded time, and says so to the log and to the observer.
func TestEventSinkFails(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	for name, put := range map[string]func(context.Context) error{
		"error":              func(context.Context) error { return errors.New("no disk") },
		"panic":              func(context.Context) error { panic("oh") },
		"too slow":           func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"it does not listen": func(ctx context.Context) error { <-never; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			var told []error
			e := &eventLog{put: put}
			s, _ := listening(t, &server.Events{Sink: e, Timeout: 50 * time.Millisecond}, server.Options{
				Logger:   slog.New(slog.NewTextHandler(&log, nil)),
				Observer: server.Observer{Request: func(_ context.Context, e *server.Event) { told = append(told, e.Err) }},
			})
			begun := time.Now()
			id := s.user("a")
			if got := s.do("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"Dr"}`)); got.status != 200 {
				t.Errorf("got %d %s", got.status, got.text)
			}
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if len(told) != 2 || told[0] == nil || told[1] == nil {
				t.Errorf("the observer is told %v", told)
			}
			if n := strings.Count(log.String(), "event not handed on"); n != 2 {
				t.Errorf("the log has %d lines about it:\n%s", n, log.String())
			}
		})
	}
}

// TestEventOutlivesClient tells of a change whose client has gone.
func TestEventOutlivesClient(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	e := &eventLog{put: func(c context.Context) error { cancel(); err = c.Err(); return nil }}
	s, _ := listening(t, &server.Events{Sink: e}, server.Options{})
	r, _ := http.NewRequestWithContext(ctx, "POST", "/Users", strings.NewReader(`{"userName":"a"}`))
	s.ServeHTTP(discard{http.Header{}}, r)
	if err != nil || len(e.all()) != 1 {
		t.Errorf("%v, and %d events", err, len(e.all()))
	}
}

type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// TestEventOrder has 50 writers change three resources, and wants the versions in their order.
func TestEventOrder(t *testing.T) {
	s, log := listening(t, &server.Events{}, server.Options{})
	paths := []string{"/Users/" + s.user("a"), "/Groups/" + s.group("g"), "/Groups/" + s.group("h")}
	var wg sync.WaitGroup
	for w := range 50 {
		wg.Go(func() {
			path := paths[w%len(paths)]
			body := patchBody(fmt.Sprintf(`{"op":"replace","path":"displayName","value":"%d"}`, w))
			if strings.HasPrefix(path, "/Groups") && w%2 == 0 {
				body = patchBody(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"%d"}]}`, w))
			}
			for range 3 {
				if got := s.do("PATCH", path, body); got.status >= 300 {
					t.Errorf("got %d %s", got.status, got.text)
				}
				body = strings.Replace(body, `value":"`, `value":"x`, 1)
			}
		})
	}
	wg.Wait()
	last := map[string]int{}
	n := 0
	for _, token := range log.all() {
		var version int
		_, err := fmt.Sscanf(token.Events[0].Version, `W/"%d"`, &version)
		require.NoError(t, err)
		if version <= last[token.Subject.URI] {
			t.Errorf("%s: version %d is told after %d", token.Subject.URI, version, last[token.Subject.URI])
		}
		last[token.Subject.URI] = version
		n++
	}
	if n < 50 {
		t.Errorf("only %d events", n)
	}
}

// TestEventTenants tells of each tenant's changes as that tenant's.
func TestEventTenants(t *testing.T) {
	stores := map[string]server.Store{"acme": memstore.New(nil), "globex": memstore.New(nil)}
	log := &eventLog{}
	var tokens server.Tokens
	for tenant := range stores {
		tokens = append(tokens, server.Token{Name: tenant, Tenant: tenant, Hash: server.HashToken(tenant)})
	}
	h, err := server.New(types(), func(_ context.Context, tenant string) (server.Store, error) { return stores[tenant], nil }, server.Bearer(tokens.Verify),
		&server.Options{Events: &server.Events{Sink: log, Async: &server.Async{}}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	for _, tenant := range []string{"acme", "globex", "acme"} {
		s.do("POST", "/Users", fmt.Sprintf(`{"userName":"%s %d"}`, tenant, len(log.all())), "Authorization: Bearer "+tenant)
	}
	if diff := cmp.Diff([]string{"acme", "globex", "acme"}, log.tenant); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a := s.do("POST", "/Users", `{"userName":"later"}`, "Authorization: Bearer acme", "Prefer: respond-async")
	require.Equal(t, http.StatusAccepted, a.status, a.text)
	require.NoError(t, h.Shutdown(t.Context()))
	path := strings.TrimPrefix(a.header.Get("Location"), "http://example.com")
	for tenant, want := range map[string]int{"acme": 200, "globex": 404} {
		w := record(s, "GET", path, "", "Authorization: Bearer "+tenant)
		if w.Code != want {
			t.Errorf("%s finds the outcome of acme's request: %d %s", tenant, w.Code, w.Body)
		}
	}
}

// TestEventGateway tells of what a Gateway has handed on, and not of what its sink refused.
func TestEventGateway(t *testing.T) {
	sink := &refusing{Sink: memory.New(nil)}
	g, err := server.NewGateway(memstore.New(nil), sink, nil)
	require.NoError(t, err)
	log := &eventLog{}
	h, err := server.New(types(), server.One(g.Store()), server.InsecureAnyone, &server.Options{Events: &server.Events{Sink: log}, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	s := &service{t: t, Handler: h}
	u := s.user("a")
	grp := s.group("g")
	s.do("PATCH", "/Groups/"+grp, patchBody(`{"op":"add","path":"members","value":[{"value":"`+u+`"}]}`))
	sink.err = provisioning.ErrInvalid
	if got := s.do("PATCH", "/Users/"+u, patchBody(`{"op":"add","path":"title","value":"x"}`)); got.status != 400 {
		t.Errorf("what the sink refuses: %d %s", got.status, got.text)
	}
	s.do("POST", "/Users", `{"userName":"refused"}`)
	want := []string{"/Users/U prov:create:notice id,userName,active,emails", "/Groups/G prov:create:notice id,displayName", "/Groups/G prov:patch:notice members"}
	if diff := cmp.Diff(want, log.take(t, map[string]string{u: "U", grp: "G"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSecurityEventsConfig says what is wired, and nothing else.
func TestSecurityEventsConfig(t *testing.T) {
	const p = "urn:ietf:params:scim:event:"
	config := func(s *service) string {
		o := s.do("GET", "/ServiceProviderConfig", "").GetObject("securityEvents")
		if o == nil {
			return ""
		}
		b, err := json.Marshal(o)
		require.NoError(t, err)
		return strings.ReplaceAll(string(b), p, "")
	}
	notices, _ := listening(t, &server.Events{}, server.Options{})
	full, _ := listening(t, &server.Events{Full: true, Async: &server.Async{}}, server.Options{})
	for _, tt := range []struct {
		name string
		s    *service
		want string
	}{
		{"none", newService(t, nil), ""},
		{"notices", notices, `{"asyncRequest":"none","eventUris":["prov:create:notice","prov:patch:notice","prov:put:notice","prov:delete","prov:activate","prov:deactivate"]}`},
		{"full, and later", full, `{"asyncRequest":"request","eventUris":["prov:create:notice","prov:patch:notice","prov:put:notice","prov:create:full","prov:patch:full","prov:put:full","prov:delete","prov:activate","prov:deactivate","misc:asyncresp"]}`},
	} {
		if diff := cmp.Diff(tt.want, config(tt.s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	for name, e := range map[string]*server.Events{"no sink": {}, "a sink that cannot sign": {Sink: silent{}, Async: &server.Async{}}} {
		if _, err := server.New(types(), server.One(memstore.New(nil)), server.InsecureAnyone, &server.Options{Events: e}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

type silent struct{}

func (silent) Put(context.Context, string, *event.Token) error { return nil }

// TestLargeEvents are notices, since a recipient would not take them.
func TestLargeEvents(t *testing.T) {
	s, log := listening(t, &server.Events{Full: true}, server.Options{})
	members := make([]string, 15_000)
	list := make([]string, len(members))
	for i := range members {
		members[i] = fmt.Sprintf("member-with-a-long-name-%d", i)
		list[i] = fmt.Sprintf(`{"value":%q}`, members[i])
	}
	g := s.group("g", members...)
	s.do("PATCH", "/Groups/"+g, patchBody(`{"op":"replace","path":"members","value":[`+strings.Join(list, ",")+`,{"value":"x"}]}`))
	s.do("PATCH", "/Groups/"+g, patchBody(`{"op":"remove","path":"members[value eq \"x\"]"}`))
	s.do("PUT", "/Groups/"+g, `{"displayName":"h","members":[`+strings.Join(list, ",")+`]}`)
	want := []string{
		"/Groups/G prov:create:notice id,displayName,members", "/Groups/G prov:patch:notice members",
		"/Groups/G prov:patch:full " + patchSchema + `[{"op":"remove","path":"members[value eq \"x\"]"}]}`, "/Groups/G prov:put:notice displayName",
	}
	if diff := cmp.Diff(want, log.take(t, map[string]string{g: "G"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
