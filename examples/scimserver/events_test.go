package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	eventsIssuer = "https://scim.example.com"
	eventsSecret = "secret-for-events"
)

// published gets the keys of a running server.
func (p *program) published() *event.Keys {
	p.t.Helper()
	resp, err := p.client.Get(p.url + keysPath)
	require.NoError(p.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.NotContains(p.t, string(b), `"d"`)
	keys, err := event.ParseKeys(b)
	require.NoError(p.t, err)
	return keys
}

// an application that is told of changes: "type uri", in their order.
type application struct {
	mu   sync.Mutex
	told []string
	// away says that it does not answer.
	away bool
	http.Handler
}

func (a *application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	h := a.Handler
	away := a.away || h == nil
	a.mu.Unlock()
	if away {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.ServeHTTP(w, r)
}

func (a *application) set(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f()
}

// eventually waits until the application has been told of all that is wanted.
func (a *application) eventually(t *testing.T, want []string) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for {
		a.mu.Lock()
		got := slices.Clone(a.told)
		a.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("(-want +got):\n%s", cmp.Diff(want, got))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The server pushes each change to an application, which another process is, and goes on after both were away.
func TestEventsArePushed(t *testing.T) {
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Setenv(eventsToken, eventsSecret)
			app := &application{}
			receiving := httptest.NewServer(app)
			defer receiving.Close()
			db := database(t)
			key := filepath.Join(t.TempDir(), "keys.json")
			token := newToken(t, db, "entra")
			other := newToken(t, db, "other", "-tenant", "other")
			args := []string{"-db", db, "-events-push", receiving.URL, "-events-issuer", eventsIssuer, "-events-key", key}
			p := start(t, args...)
			verifier, err := event.NewVerifier(eventsIssuer, receiving.URL, p.published(), nil)
			require.NoError(t, err)
			receiver, err := delivery.NewReceiver(verifier, delivery.BearerTokens(eventsSecret), func(_ context.Context, token *event.Token) error {
				app.set(func() {
					for _, e := range token.Events {
						app.told = append(app.told, strings.TrimPrefix(string(e.Type), "urn:ietf:params:scim:event:")+" "+token.Subject.URI)
					}
				})
				return nil
			}, &delivery.ReceiverOptions{Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			app.set(func() { app.Handler = receiver })
			c := p.as(token)
			id := c.want(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"anna"}`).id()
			p.as(other).want(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"somebody else's"}`)
			c.want(200, "PATCH", "/Users/"+id, patch(`{"op":"Replace","path":"active","value":"False"}`))
			want := []string{"prov:create:notice /Users/" + id, "prov:deactivate /Users/" + id}
			app.eventually(t, want)
			if a := c.want(200, "GET", "/ServiceProviderConfig", ""); a.str("securityEvents.asyncRequest") != "none" || !strings.Contains(a.text, "prov:create:notice") {
				t.Errorf("the configuration: %s", a.text)
			}

			// The application is away, the server is killed, and nothing is lost.
			app.set(func() { app.away = true })
			c.want(200, "PATCH", "/Users/"+id, patch(`{"op":"add","path":"title","value":"Dr"}`))
			p.kill()
			p = start(t, args...)
			c = p.as(token)
			c.want(204, "DELETE", "/Users/"+id, "")
			app.set(func() { app.away = false })
			app.eventually(t, append(want, "prov:patch:notice /Users/"+id, "prov:delete /Users/"+id))
			if status := p.terminate(); status != 0 {
				t.Errorf("status %d", status)
			}
			info, err := os.Stat(key)
			require.NoError(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("others can read the keys: %v", info.Mode())
			}
			if log := p.logged(); strings.Contains(log, "anna") || strings.Contains(log, eventsSecret) {
				t.Errorf("the log has personal data or a secret:\n%s", log)
			}
		})
	}
}

// An application polls for the outcome of a request that was answered with 202.
func TestEventsArePolled(t *testing.T) {
	t.Setenv(eventsToken, eventsSecret)
	db := databases["SQLite"](t)
	token := newToken(t, db, "entra")
	p := start(t, "-db", db, "-events-poll", "/events", "-events-issuer", eventsIssuer, "-events-audience", "app", "-events-full", "-events-async", "-events-key", filepath.Join(t.TempDir(), "keys.json"))
	c := p.as(token).with("Prefer", "respond-async")
	a := c.want(202, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"anna","password":"hunter2"}`)
	txn := a.header.Get("Set-Txn")
	if a.text != "" || txn == "" || a.header.Get("Location") != c.base+"/Events/"+txn {
		t.Fatalf("the answer: %v %s", a.header, a.text)
	}
	verifier, err := event.NewVerifier(eventsIssuer, "app", p.published(), nil)
	require.NoError(t, err)
	poller, err := delivery.NewPoller(delivery.Endpoint{URL: p.url + "/events", Token: eventsSecret}, verifier, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	for token, err := range poller.Tokens(ctx) {
		require.NoError(t, err)
		if token.Txn != txn {
			t.Errorf("the transaction %s, want %s", token.Txn, txn)
		}
		got = append(got, strings.TrimPrefix(string(token.Events[0].Type), "urn:ietf:params:scim:event:"))
		if r := token.Events[0].Resource(); r != nil && (r.GetString("userName") != "anna" || r.Get("password") != nil) {
			t.Errorf("the data: %v", r)
		}
		if r := token.Events[0].Response; r != nil {
			if r.Status != 201 || !strings.HasPrefix(r.Location, c.base+"/Users/") {
				t.Errorf("the outcome: %+v", r)
			}
			break
		}
	}
	if diff := cmp.Diff([]string{"prov:create:full", "misc:asyncresp"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if outcome := c.want(200, "GET", "/Events/"+txn, ""); !strings.HasPrefix(outcome.text, "ey") {
		t.Errorf("the outcome that is fetched: %s", outcome.text)
	}
	resp, err := http.Post(p.url+"/events", "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("polled without a token: %d", resp.StatusCode)
	}
	if status := p.terminate(); status != 0 {
		t.Errorf("status %d", status)
	}
}
