package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// record sends a request whose answer is not that of SCIM.
func record(s *service, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// gated is a store whose writes wait for a gate to open.
type gated struct {
	*memstore.Store
	gate chan struct{}
}

func (s *gated) wait(ctx context.Context) error {
	select {
	case <-s.gate:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *gated) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.Store.Create(ctx, t, r)
}

func (s *gated) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, v string) (*scim.Resource, error) {
	if err := s.wait(ctx); err != nil {
		return nil, err
	}
	return s.Store.Replace(ctx, t, r, v)
}

func (s *gated) Delete(ctx context.Context, t *scim.ResourceType, id, v string) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	return s.Store.Delete(ctx, t, id, v)
}

// deferring is a service that does requests later, when its gate is open.
func deferring(t *testing.T, a server.Async, o server.Options) (*service, *gated, *eventLog, *server.Handler) {
	t.Helper()
	store, log := &gated{memstore.New(nil), make(chan struct{})}, &eventLog{}
	o.Events = &server.Events{Sink: log, Async: &a}
	o.Logger = discardLog
	h, err := server.New(types(), server.One(store), server.InsecureAnyone, &o)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = h.Shutdown(ctx)
	})
	return &service{t: t, Handler: h}, store, log, h
}

const later = "Prefer: respond-async"

// made makes a user at once, behind the gate.
func made(t *testing.T, store *gated, name string) string {
	t.Helper()
	r, err := scim.NewUserType().Decode([]byte(fmt.Sprintf(`{"userName":%q}`, name)), nil)
	require.NoError(t, err)
	r, err = store.Store.Create(t.Context(), scim.NewUserType(), r)
	require.NoError(t, err)
	return r.ID()
}

// TestLater answers with 202 before anything is done, and tells the outcome by an event with the same transaction.
func TestLater(t *testing.T) {
	var told []string
	var mu sync.Mutex
	s, store, log, h := deferring(t, server.Async{}, server.Options{Observer: server.Observer{Request: func(_ context.Context, e *server.Event) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, fmt.Sprintf("%s %d", e.Method, e.Status))
	}}})
	id := made(t, store, "a")
	made(t, store, "taken")
	tests := []struct {
		name, method, path, body string
		location                 string // "" is that of an event
		want                     []string
	}{
		{"POST", "POST", "/Users", `{"userName":"b"}`, "", []string{"POST 201 /Users/NEW"}},
		{"a name that is taken", "POST", "/Users", `{"userName":"Taken"}`, "", []string{"POST 409 uniqueness /Users"}},
		{"PUT", "PUT", "/Users/" + id, `{"userName":"a","title":"x"}`, "/Users/" + id, []string{"PUT 200 /Users/A"}},
		{"PATCH", "PATCH", "/Users/" + id, patchBody(`{"op":"replace","path":"title","value":"y"}`), "/Users/" + id, []string{"PATCH 200 /Users/A"}},
		{"DELETE", "DELETE", "/Users/" + id, "", "/Users/" + id, []string{"DELETE 204 /Users/A"}},
		{"bulk", "POST", "/Bulk", bulkBody(1, postUser("x", "c"), `{"method":"PATCH","path":"/Users/nobody","data":`+patchBody(`{"op":"add","path":"title","value":"z"}`)+`}`, postUser("y", "d")),
			":0", []string{"POST x 201 /Users/NEW", "PATCH 404 /Users/nobody", "POST y 424 /Users"}},
	}
	wanted := map[string][]string{}
	for _, tt := range tests {
		a := s.do(tt.method, tt.path, tt.body, later)
		txn := a.header.Get("Set-Txn")
		if a.status != http.StatusAccepted || a.text != "" || txn == "" || a.header.Get("Preference-Applied") != "respond-async" {
			t.Fatalf("%s: %d %s %v", tt.name, a.status, a.text, a.header)
		}
		location := strings.TrimPrefix(a.header.Get("Location"), "http://example.com")
		switch tt.location {
		case "", ":0":
			if location != "/Events/"+txn+tt.location {
				t.Errorf("%s: the location is %s", tt.name, location)
			}
			if w := record(s, "GET", location, ""); w.Code != http.StatusAccepted || w.Body.Len() > 0 || w.Header().Get("Retry-After") == "" {
				t.Errorf("%s: the outcome is there before it is: %d %s", tt.name, w.Code, w.Body)
			}
		default:
			if location != tt.location {
				t.Errorf("%s: the location is %s", tt.name, location)
			}
		}
		wanted[txn] = tt.want
	}
	if n := len(log.all()); n != 0 {
		t.Fatalf("%d events are there before anything was done", n)
	}
	close(store.gate)
	require.NoError(t, h.Shutdown(t.Context()))
	got, changes := map[string][]string{}, map[string]bool{}
	for _, token := range log.all() {
		txn, _, _ := strings.Cut(token.Txn, ":")
		e := token.Event(event.AsyncResponse)
		if e == nil {
			changes[token.Txn] = true
			continue
		}
		r := e.Response
		parts := []string{r.Method, r.BulkID, fmt.Sprint(r.Status)}
		if r.Err != nil {
			parts = append(parts, r.Err.Type)
		}
		uri := strings.Replace(token.Subject.URI, id, "A", 1)
		if r.Status == 201 {
			if !strings.HasSuffix(r.Location, uri) || r.Version == "" || !changes[token.Txn] {
				t.Errorf("%+v is told with %s", token, r.Location)
			}
			uri = "/Users/NEW"
		}
		got[txn] = append(got[txn], strings.Join(strings.Fields(strings.Join(append(parts, uri), " ")), " "))
		// It can be fetched as well.
		w := record(s, "GET", "/Events/"+token.Txn, "")
		v, err := event.NewInsecureVerifier("https://scim.example.com", "", nil)
		require.NoError(t, err)
		fetched, err := v.Verify(w.Body.String())
		if err != nil || fetched.Txn != token.Txn || w.Header().Get("Content-Type") != event.MediaType {
			t.Errorf("fetched: %v %+v %v", err, fetched, w.Header())
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("outcomes by transaction (-want +got):\n%s", diff)
	}
	for _, want := range []string{"POST 202", "POST 201", "POST 409", "PUT 200", "PATCH 200", "DELETE 204", "POST 200"} {
		if !slices.Contains(told, want) {
			t.Errorf("the observer was not told of %s: %v", want, told)
		}
	}
	if w := record(s, "GET", "/Events/unknown", ""); w.Code != http.StatusNotFound {
		t.Errorf("an unknown transaction: %d", w.Code)
	}
}

// TestJudgedFirst refuses at once what can be refused at once.
func TestJudgedFirst(t *testing.T) {
	s, store, log, _ := deferring(t, server.Async{}, server.Options{})
	id := made(t, store, "a")
	for _, tt := range []struct {
		name, method, path, body string
		headers                  []string
		want                     int
	}{
		{"no JSON", "POST", "/Users", `x`, nil, 400},
		{"a required attribute is missing", "POST", "/Users", `{"title":"x"}`, nil, 400},
		{"an attribute of another type", "PUT", "/Users/" + id, `{"userName":"a","emails":{"value":{}}}`, nil, 400},
		{"a path that is none", "PATCH", "/Users/" + id, patchBody(`{"op":"add","path":"[","value":1}`), nil, 400},
		{"another media type", "POST", "/Users", `{"userName":"b"}`, []string{"Content-Type: text/plain"}, 415},
		{"too large", "POST", "/Users", strings.Repeat(" ", 1<<20+1), nil, 413},
		{"nobody", "PATCH", "/Users/nobody", patchBody(`{"op":"add","path":"title","value":"x"}`), nil, 404},
		{"nobody to delete", "DELETE", "/Users/nobody", "", nil, 404},
		{"another version", "DELETE", "/Users/" + id, "", []string{`If-Match: W/"9"`}, 412},
		{"another method", "PUT", "/Users", `{}`, nil, 405},
		{"no endpoint", "POST", "/Things", `{}`, nil, 404},
		{"a bulk request that is none", "POST", "/Bulk", `{"Operations":1}`, nil, 400},
		{"a bulk request with too much", "POST", "/Bulk", bulkBody(0, strings.Repeat("1,", 1000)+"1"), nil, 413},
		{"nobody is /Me", "PATCH", "/Me", patchBody(`{"op":"add","path":"title","value":"x"}`), nil, 501},
		{"a search is not done later", "POST", "/Users/.search", `{}`, nil, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := s.do(tt.method, tt.path, tt.body, append(tt.headers, later)...)
			if a.status != tt.want || a.header.Get("Set-Txn") != "" {
				t.Errorf("got %d %s, want %d", a.status, a.text, tt.want)
			}
		})
	}
	if n := len(log.all()); n > 0 {
		t.Errorf("%d events", n)
	}
	close(store.gate)
}

// TestChangedMeanwhile looks at If-Match once more when the request is done.
func TestChangedMeanwhile(t *testing.T) {
	s, store, log, h := deferring(t, server.Async{}, server.Options{})
	id := made(t, store, "a")
	first := s.do("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"1"}`), later, `If-Match: W/"1"`)
	second := s.do("PATCH", "/Users/"+id, patchBody(`{"op":"add","path":"title","value":"2"}`), later, `If-Match: W/"1"`)
	require.Equal(t, []int{202, 202}, []int{first.status, second.status})
	close(store.gate)
	require.NoError(t, h.Shutdown(t.Context()))
	statuses := map[string]int{}
	for _, token := range log.all() {
		if e := token.Event(event.AsyncResponse); e != nil {
			statuses[token.Txn] = e.Response.Status
		}
	}
	if statuses[first.header.Get("Set-Txn")] != 200 || statuses[second.header.Get("Set-Txn")] != 412 {
		t.Errorf("statuses: %v", statuses)
	}
}

// TestLaterOrder does requests about one resource in the order in which they came.
func TestLaterOrder(t *testing.T) {
	s, store, log, h := deferring(t, server.Async{Workers: 8}, server.Options{})
	ids := []string{made(t, store, "a"), made(t, store, "b"), made(t, store, "c")}
	var want []string
	for n := range 60 {
		a := s.do("PATCH", "/Users/"+ids[n%3], patchBody(fmt.Sprintf(`{"op":"add","path":"title","value":"%d"}`, n)), later)
		require.Equal(t, http.StatusAccepted, a.status, a.text)
		want = append(want, a.header.Get("Set-Txn"))
	}
	a := s.do("POST", "/Bulk", bulkBody(0, postUser("x", "x")), later)
	last := s.do("PATCH", "/Users/"+ids[0], patchBody(`{"op":"add","path":"title","value":"last"}`), later)
	require.Equal(t, []int{202, 202}, []int{a.status, last.status})
	close(store.gate)
	require.NoError(t, h.Shutdown(t.Context()))
	place := map[string]int{}
	for i, token := range log.all() {
		if token.Event(event.AsyncResponse) != nil {
			txn, _, _ := strings.Cut(token.Txn, ":")
			place[txn] = i + 1
		}
	}
	for n := 3; n < 60; n++ {
		if place[want[n]] < place[want[n-3]] || place[want[n-3]] == 0 {
			t.Errorf("request %d was done before request %d", n, n-3)
		}
	}
	bulk := place[a.header.Get("Set-Txn")]
	for n, txn := range want {
		if place[txn] > bulk {
			t.Errorf("request %d was done after the bulk request", n)
		}
	}
	if place[last.header.Get("Set-Txn")] < bulk {
		t.Error("the last request was done before the bulk request")
	}
}
