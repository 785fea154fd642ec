package scim1_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// Whatever the caller may not do by 2.0, may not be done by 1.1, nor is more told of it.
func TestCallers(t *testing.T) {
	admin, reader, other := server.NewToken(), server.NewToken(), server.NewToken()
	tokens := server.Tokens{
		{Name: "admin", Tenant: "acme", Hash: server.HashToken(admin)},
		{Name: "reader", Tenant: "acme", Hash: server.HashToken(reader), ReadOnly: true},
		{Name: "other", Tenant: "globex", Hash: server.HashToken(other)},
	}
	stores := map[string]server.Store{"acme": memstore.New(&memstore.Options{NewID: func() string { return "1" }}), "globex": memstore.New(nil)}
	var events []string
	behind, err := server.New(types(), func(_ context.Context, tenant string) (server.Store, error) { return stores[tenant], nil },
		server.Bearer(tokens.Verify), &server.Options{Observer: server.Observer{Request: func(_ context.Context, e *server.Event) {
			who := "nobody"
			if e.Caller != nil {
				who = e.Caller.Subject
			}
			events = append(events, fmt.Sprintf("%s %s %s %d", who, e.Method, e.Endpoint, e.Status))
		}}})
	require.NoError(t, err)
	s := &service{t: t, one: inFront(t, behind), two: behind, header: http.Header{"Content-Type": {"application/json"}}}
	s.with("Authorization", "Bearer "+admin).want(201, "POST", "/v1/Users", `{"userName":"anna"}`)
	events = nil

	requests := []struct{ method, path, override, accept, body string }{
		{method: "GET", path: "/v1/Users"},
		{method: "GET", path: "/v1/Users/1"},
		{method: "POST", path: "/v1/Users", body: `{"userName":"b"}`},
		{method: "PUT", path: "/v1/Users/1", body: `{"userName":"b"}`},
		{method: "PATCH", path: "/v1/Users/1", body: `{"active":false}`},
		{method: "POST", path: "/v1/Users/1", override: "PATCH", body: `{"active":false}`},
		{method: "POST", path: "/v1/Users/1", override: "DELETE"},
		{method: "DELETE", path: "/v1/Users/1"},
		{method: "POST", path: "/v1/Bulk", body: `{"Operations":[{"method":"DELETE","path":"/Users/1"}]}`},
		{method: "GET", path: "/v1/ServiceProviderConfigs"},
		{method: "GET", path: "/v1/Schemas"},
		// What is refused in front: whoever is not let in shall not be told of it.
		{method: "GET", path: "/v1/Users", accept: "application/xml"},
		{method: "GET", path: "/v1/Users.xml"},
		{method: "GET", path: "/v1/Users?filter=userName+ne+%22a%22"},
		{method: "GET", path: "/v1/Schemas/none"},
		{method: "GET", path: "/v1/Me"},
		{method: "POST", path: "/v1/Users", override: "GET"},
	}
	want := map[string][]int{
		"":     {401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401, 401},
		reader: {200, 200, 403, 403, 403, 403, 403, 403, 403, 200, 200, 406, 406, 400, 404, 404, 400},
		other:  {200, 404, 201, 404, 404, 404, 404, 404, 200, 200, 200, 406, 406, 400, 404, 404, 400},
	}
	for token, statuses := range want {
		for i, r := range requests {
			c := s.with("Authorization", "Bearer "+token).with("X-HTTP-Method-Override", r.override).with("Accept", r.accept)
			if a := c.do(r.method, r.path, r.body); a.status != statuses[i] {
				t.Errorf("%s %s %s as %q: %d, want %d: %s", r.method, r.path, r.override, token, a.status, statuses[i], a.text)
			}
		}
	}
	if len(events) != len(want)*len(requests) {
		t.Errorf("the observer was told of %d requests, not %d", len(events), len(want)*len(requests))
	}
	for _, e := range []string{"nobody PATCH User 401", "reader PATCH User 403", "reader GET User 406", "other DELETE User 404", "other POST Bulk 200"} {
		if !slices.Contains(events, e) {
			t.Errorf("the observer was not told of %q", e)
		}
	}
	if a := s.with("Authorization", "Bearer "+admin).want(200, "GET", "/v1/Users/1", ""); a.GetString("userName") != "anna" || a.Get("active") != nil {
		t.Errorf("somebody changed the user: %s", a.text)
	}
}

// Hostile and mistaken input is refused with a 4xx, within the limits of the Handler behind, and changes nothing.
func TestLimits(t *testing.T) {
	s := newService(t, &server.Options{Limits: server.Limits{
		Limits:  scim.Limits{Body: 8 << 10, Depth: 8, Values: 200, Operations: 60, FilterLength: 200, FilterTerms: 20},
		Members: 50, BulkOperations: 3, BulkBody: 16 << 10, Results: 2, Page: 1,
	}})
	s.user("anna")
	s.group("all", "1")
	many := strings.TrimSuffix(strings.Repeat(`{"value":"x"},`, 300), ",")
	var distinct []string
	for i := range 60 {
		distinct = append(distinct, fmt.Sprint("m", i))
	}
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"a body that is too large", "POST", "/v1/Users", `{"userName":"` + strings.Repeat("x", 9<<10) + `"}`, 413},
		{"a PATCH that is too large", "PATCH", "/v1/Users/1", `{"title":"` + strings.Repeat("x", 9<<10) + `"}`, 413},
		{"bulk that is too large", "POST", "/v1/Bulk", `{"x":"` + strings.Repeat("x", 17<<10) + `"}`, 413},
		{"too many operations in bulk", "POST", "/v1/Bulk", `{"Operations":[{},{},{},{}]}`, 413},
		{"deep", "PATCH", "/v1/Users/1", `{"name":` + strings.Repeat(`{"x":`, 40) + "1" + strings.Repeat("}", 41), 400},
		{"deep lists", "POST", "/v1/Users", `{"emails":` + strings.Repeat("[", 4000), 400},
		{"too many values", "PATCH", "/v1/Groups/2", `{"members":[` + many + `]}`, 413},
		{"too many members", "PATCH", "/v1/Groups/2", `{"members":[` + values("", distinct...) + `]}`, 413},
		{"an operation in bulk that is none of 1.1", "POST", "/v1/Bulk", `{"Operations":[{"method":"DELETE","path":"/Users/1"},{"method":"patch","path":"/Users/1","data":{"Operations":[]}}]}`, 400},
		{"an extension whose values say what there is not", "PATCH", "/v1/Users/1", `{"emails":[{"value":"a","operation":"replace"}]}`, 400},
		{"a body that is cut off", "POST", "/v1/Users", `{"userName":"x`, 400},
		{"no JSON", "POST", "/v1/Users", `userName=x`, 400},
		{"nothing", "POST", "/v1/Users", ``, 400},
		{"a list", "PATCH", "/v1/Users/1", `[]`, 400},
		{"a name twice", "PATCH", "/v1/Users/1", `{"title":"a","Title":"b"}`, 400},
		{"a name twice, by its URN", "PATCH", "/v1/Users/1", `{"title":"a","urn:scim:schemas:core:1.0:title":"b"}`, 400},
		{"an extension twice, by either version", "PUT", "/v1/Users/1", `{"userName":"a","urn:scim:schemas:extension:enterprise:1.0":{"department":"a"},"` + scim.EnterpriseUserSchema + `":{"department":"b"}}`, 400},
		{"meta.attributes is an object", "PATCH", "/v1/Users/1", `{"meta":{"attributes":{}}}`, 400},
		{"meta.attributes has a number", "PATCH", "/v1/Users/1", `{"meta":{"attributes":[1]}}`, 400},
		{"meta.attributes has a path that is none", "PATCH", "/v1/Users/1", `{"meta":{"attributes":["emails[type eq"]}}`, 400},
		{"meta.attributes has what is required", "PATCH", "/v1/Users/1", `{"meta":{"attributes":["userName"]}}`, 400},
		{"meta.attributes has what is the server's", "PATCH", "/v1/Users/1", `{"meta":{"attributes":["id"]}}`, 400},
		{"meta is a list", "PATCH", "/v1/Users/1", `{"meta":["userName"]}`, 400},
		{"delete without a value", "PATCH", "/v1/Users/1", `{"emails":[{"operation":"delete"}]}`, 400},
		{"delete by an object", "PATCH", "/v1/Users/1", `{"emails":[{"value":{"x":1},"operation":"delete"}]}`, 400},
		{"delete by a list", "PATCH", "/v1/Users/1", `{"addresses":[{"type":["x"],"operation":"delete"}]}`, 400},
		{"delete by a name that is none", "PATCH", "/v1/Users/1", `{"addresses":[{"a b\"] or":"x","operation":"delete"}]}`, 400},
		{"an operation that is a number", "PATCH", "/v1/Users/1", `{"emails":[{"value":"x","operation":1}]}`, 400},
		{"a string for a complex attribute", "PATCH", "/v1/Users/1", `{"name":"x"}`, 400},
		{"an object for a string", "PATCH", "/v1/Users/1", `{"title":{"a":1}}`, 400},
		{"a word for a boolean", "PATCH", "/v1/Users/1", `{"active":"perhaps"}`, 400},
		{"a user without a name", "POST", "/v1/Users", `{"displayName":"x"}`, 400},
		{"a long filter", "GET", "/v1/Users?filter=" + strings.Repeat("a", 300), "", 400},
		{"a filter with many terms", "GET", "/v1/Users?filter=" + strings.TrimSuffix(strings.Repeat("a+pr+or+", 23), "+or+"), "", 400},
		{"a percent sign", "GET", "/v1/Users?filter=%zz", "", 400},
		{"sorted by a secret", "GET", "/v1/Users?sortBy=urn:scim:schemas:core:1.0:password", "", 400},
		{"filtered by a secret", "GET", "/v1/Users?filter=urn:scim:schemas:core:1.0:password+pr", "", 400},
		{"an id that is none", "GET", "/v1/Users/%00", "", 404},
		{"below a resource", "GET", "/v1/Users/1/emails", "", 404},
	} {
		before := s.want(200, "GET", "/v2/Users/1", "").text + s.want(200, "GET", "/v2/Groups/2", "").text
		a := s.do(tt.method, tt.path, tt.body)
		errs := a.GetValues("Errors")
		if a.status != tt.want || len(errs) != 1 || errs[0].(*scim.Object).GetString("code") != fmt.Sprint(tt.want) || errs[0].(*scim.Object).GetString("description") == "" {
			t.Errorf("%s: %d, want %d: %s", tt.name, a.status, tt.want, a.text)
		}
		if strings.Contains(a.text, ":2.0:") || strings.Contains(a.text, "scim+json") {
			t.Errorf("%s: the client is told of the other version: %s", tt.name, a.text)
		}
		if diff := cmp.Diff(before, s.want(200, "GET", "/v2/Users/1", "").text+s.want(200, "GET", "/v2/Groups/2", "").text); diff != "" {
			t.Errorf("%s changed something: %s", tt.name, diff)
		}
	}
	s.user("bert")
	s.user("carl")
	if a := s.want(200, "GET", "/v1/Users?count=100&cursor=", ""); len(a.GetValues("Resources")) != 2 || fmt.Sprintf("%v %v", a.Get("totalResults"), a.Get("startIndex")) != "3 1" {
		t.Errorf("a page is as long as it may be: %s", a.text)
	}
	off := newService(t, &server.Options{Limits: server.Limits{BulkOperations: -1}})
	off.want(501, "POST", "/v1/Bulk", `{"Operations":[]}`)
	if a := off.want(200, "GET", "/v1/ServiceProviderConfigs", ""); a.GetObject("bulk").Get("supported") != false {
		t.Errorf("the configuration says that there is bulk: %s", a.text)
	}
}

// A strict server is strict to clients of 1.1 as well, and takes what is right in 1.1.
func TestStrict(t *testing.T) {
	s := newService(t, &server.Options{Dialect: server.AlwaysStrict})
	s.user("anna")
	s.group("all", "1", "x")
	core := `{"schemas":["urn:scim:schemas:core:1.0"],`
	for _, tt := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/v1/Users", `{"userName":"b"}`, 400},
		{"POST", "/v1/Users", core + `"userName":"b","active":"True"}`, 400},
		{"POST", "/v1/Users", core + `"userName":"b","unknown":1}`, 400},
		{"POST", "/v1/Users", core + `"userName":"b"}`, 201},
		{"PUT", "/v1/Users/3", `{"schemas":["urn:scim:schemas:core:1.0","urn:scim:schemas:extension:enterprise:1.0"],"userName":"b","urn:scim:schemas:extension:enterprise:1.0":{"manager":{"managerId":"1","displayName":"A"}}}`, 200},
		{"PATCH", "/v1/Users/1", `{"active":false}`, 400},
		{"PATCH", "/v1/Users/1", core + `"active":"False"}`, 400},
		{"PATCH", "/v1/Users/1", core + `"unknown":1}`, 400},
		{"PATCH", "/v1/Users/1", core + `"active":false,"name":{"givenName":"Anna"},"emails":[{"value":"b@example.com"},{"value":"anna@example.com","operation":"delete"}]}`, 200},
		{"PATCH", "/v1/Users/1", core + `"emails":[{"value":"nobody@example.com","operation":"delete"}]}`, 400},
		{"PATCH", "/v1/Groups/2", core + `"members":[{"value":"x","operation":"delete"},{"value":"3"}]}`, 200},
		{"GET", "/v1/Users?filter=userName+eq+anna", "", 400},
		{"GET", "/v1/Users?filter=userName+eq+%22anna%22", "", 200},
	} {
		s.want(tt.want, tt.method, tt.path, tt.body)
	}
	if got := s.members("2"); !slices.Equal(got, []string{"1", "3"}) {
		t.Errorf("members %v", got)
	}
}

type broken struct{ server.Store }

func (broken) Get(context.Context, *scim.ResourceType, string, *scim.Projection) (*scim.Resource, error) {
	panic("secret of the inside")
}

func (broken) Delete(context.Context, *scim.ResourceType, string, string) error {
	return errors.New("secret of the inside")
}

// What goes wrong inside is not told, and half an answer is none.
func TestInternalErrors(t *testing.T) {
	behind, err := server.New(types(), server.One(broken{memstore.New(nil)}), server.InsecureAnyone, &server.Options{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	h := inFront(t, behind)
	for _, method := range []string{"GET", "DELETE"} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/v1/Users/1", nil))
		if want := `{"Errors":[{"description":"an internal error; it has been logged","code":"500"}]}`; w.Code != 500 || w.Body.String() != want {
			t.Errorf("%s: %d %s", method, w.Code, w.Body)
		}
	}
}
