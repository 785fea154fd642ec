package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

// clients is how many there are at once.
const clients = 50

// TestManyClients has 50 clients work on the same users and groups at once, and looks at every answer. It takes two
// seconds for each store; USERSYNC_SOAK=1m gives another time, and USERSYNC_SOAK_URL, with USERSYNC_SOAK_TOKEN, a server
// that runs elsewhere.
func TestManyClients(t *testing.T) {
	stores := map[string]func(t *testing.T) server.Stores{
		"memory": func(*testing.T) server.Stores { return server.One(memstore.New(nil)) },
		"SQLite": func(t *testing.T) server.Stores {
			db := sqlite(t)
			db.SetMaxOpenConns(4)
			d, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
			require.NoError(t, err)
			return d.Stores
		},
		"PostgreSQL": func(t *testing.T) server.Stores {
			d, err := sqlstore.Open(t.Context(), postgres(t), sqlstore.PostgreSQL)
			require.NoError(t, err)
			return d.Stores
		},
	}
	if base := os.Getenv("USERSYNC_SOAK_URL"); base != "" {
		newFleet(t, strings.TrimSuffix(base, "/"), os.Getenv("USERSYNC_SOAK_TOKEN")).run()
		return
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			token := server.NewToken()
			tokens := server.Tokens{{Name: "fleet", Hash: server.HashToken(token)}}
			h, err := server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, open(t), server.Bearer(tokens.Verify), nil)
			require.NoError(t, err)
			s := httptest.NewServer(h)
			defer s.Close()
			newFleet(t, s.URL, token).run()
		})
	}
}

// A fleet is the clients and what they agree on.
type fleet struct {
	*testing.T
	base, token string
	client      *http.Client
	// shared are a user whose title counts, and a group.
	user, group string
	counted     atomic.Int64
	requests    atomic.Int64
}

func newFleet(t *testing.T, base, token string) *fleet {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = clients
	t.Cleanup(transport.CloseIdleConnections)
	f := &fleet{T: t, base: base, token: token, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
	run := fmt.Sprint(rand.Uint64())
	f.user = f.create("/Users", fmt.Sprintf(`{"schemas":[%q],"userName":"shared-%s","title":"0"}`, scim.UserSchema, run))
	f.group = f.create("/Groups", fmt.Sprintf(`{"schemas":[%q],"displayName":"shared-%s"}`, scim.GroupSchema, run))
	return f
}

// send sends a request and gives the status, the entity tag and the answer.
func (f *fleet) send(method, path, body, ifMatch string) (int, string, *scim.Object) {
	req, err := http.NewRequestWithContext(context.WithoutCancel(f.Context()), method, f.base+path, strings.NewReader(body))
	if err != nil {
		f.Error(err)
		return 0, "", &scim.Object{}
	}
	req.Header.Set("Authorization", "Bearer "+f.token)
	req.Header.Set("Content-Type", "application/scim+json")
	if ifMatch != "" {
		req.Header.Set("If-Match", ifMatch)
	}
	res, err := f.client.Do(req)
	if err != nil {
		f.Error(err)
		return 0, "", &scim.Object{}
	}
	defer res.Body.Close()
	f.requests.Add(1)
	b, err := io.ReadAll(res.Body)
	if err != nil {
		f.Error(err)
	}
	o := &scim.Object{}
	if len(bytes.TrimSpace(b)) > 0 {
		if o, err = scim.DecodeObject(b, nil); err != nil {
			f.Errorf("%s %s: the answer is no JSON: %v", method, path, err)
			o = &scim.Object{}
		}
	}
	if res.StatusCode >= 500 {
		f.Errorf("%s %s: %d %s", method, path, res.StatusCode, b)
	}
	return res.StatusCode, res.Header.Get("ETag"), o
}

func (f *fleet) want(method, path, body string, status int) *scim.Object {
	got, _, o := f.send(method, path, body, "")
	if got != status && !(got == http.StatusNoContent && method == "PATCH") { // as for a large group
		f.Errorf("%s %s: status %d, want %d: %s", method, path, got, status, o.GetString("detail"))
	}
	return o
}

func (f *fleet) create(endpoint, body string) string {
	return f.want("POST", endpoint, body, http.StatusCreated).GetString("id")
}

func (f *fleet) run() {
	length := 2 * time.Second
	if s := os.Getenv("USERSYNC_SOAK"); s != "" {
		var err error
		length, err = time.ParseDuration(s)
		require.NoError(f, err)
	}
	end := time.Now().Add(length)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() { f.work(c, end) })
	}
	early := heapAfter(length / 3)
	wg.Wait()
	late := heapAfter(0)
	if length >= 30*time.Second && late > early+early/2+32<<20 {
		f.Errorf("the heap grew from %d to %d bytes", early, late)
	}
	if got := f.want("GET", "/Users/"+f.user, "", http.StatusOK).GetString("title"); got != fmt.Sprint(f.counted.Load()) {
		f.Errorf("updates were lost: %d were acknowledged, and the title is %s", f.counted.Load(), got)
	}
	if left := f.want("GET", "/Groups/"+f.group, "", http.StatusOK).GetValues("members"); len(left) != 0 {
		f.Errorf("all clients left the group, and %d members are in it", len(left))
	}
	f.want("DELETE", "/Users/"+f.user, "", http.StatusNoContent)
	f.want("DELETE", "/Groups/"+f.group, "", http.StatusNoContent)
	f.Logf("%d requests, %d updates of one user", f.requests.Load(), f.counted.Load())
}

func heapAfter(d time.Duration) uint64 {
	time.Sleep(d)
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// work is what one client does: what concerns itself, whose outcome is certain, and what it shares with others.
func (f *fleet) work(c int, end time.Time) {
	for i := 0; time.Now().Before(end) && !f.Failed(); i++ {
		name := fmt.Sprintf("client-%d-%d-%s", c, i, f.user)
		id := f.create("/Users", fmt.Sprintf(`{"schemas":[%q],"userName":%q,"active":true,"emails":[{"value":"%s@example.com","type":"work"}]}`, scim.UserSchema, name, name))
		f.found(fmt.Sprintf(`userName eq "%s"`, strings.ToUpper(name)), id)
		f.want("POST", "/Users", fmt.Sprintf(`{"schemas":[%q],"userName":%q}`, scim.UserSchema, name), http.StatusConflict)
		f.want("PATCH", "/Groups/"+f.group, patch(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`), http.StatusOK)
		f.count()
		if groups := f.want("GET", "/Users/"+id, "", http.StatusOK).GetValues("groups"); len(groups) != 1 {
			f.Errorf("a user who is in one group has %d", len(groups))
		}
		f.want("PATCH", "/Users/"+id, patch(`{"op":"Replace","path":"active","value":"False"}`), http.StatusOK)
		f.found(fmt.Sprintf(`emails[type eq "work"].value eq "%s@example.com" and active eq false`, name), id)
		if c%2 == 0 {
			f.want("PATCH", "/Groups/"+f.group, patch(`{"op":"remove","path":"members[value eq \"`+id+`\"]"}`), http.StatusOK)
		}
		f.want("DELETE", "/Users/"+id, "", http.StatusNoContent)
		f.want("GET", "/Users/"+id, "", http.StatusNotFound)
	}
}

func patch(operation string) string {
	return `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[` + operation + `]}`
}

// found asks for one user.
func (f *fleet) found(filter, id string) {
	o := f.want("GET", "/Users?filter="+url.QueryEscape(filter), "", http.StatusOK)
	list := o.GetValues("Resources")
	if len(list) != 1 || list[0].(*scim.Object).GetString("id") != id {
		f.Errorf("%s: found %d", filter, len(list))
	}
}

// count adds one to the title of the shared user, by its version: either it is done to what was read, or not at all.
func (f *fleet) count() {
	_, version, o := f.send("GET", "/Users/"+f.user, "", "")
	n := 0
	if _, err := fmt.Sscan(o.GetString("title"), &n); err != nil {
		f.Errorf("the title is %q", o.GetString("title"))
		return
	}
	status, _, o := f.send("PATCH", "/Users/"+f.user, patch(fmt.Sprintf(`{"op":"replace","path":"title","value":"%d"}`, n+1)), version)
	switch status {
	case http.StatusOK:
		f.counted.Add(1)
	case http.StatusPreconditionFailed: // somebody else was first, and it is not counted
	default:
		f.Errorf("counting: status %d: %s", status, o.GetString("detail"))
	}
}
