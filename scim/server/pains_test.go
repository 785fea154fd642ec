package server_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

// What users of other SCIM servers reported, by the number of the report. Each step is a request and what it is answered
// with here. What concerns PATCH and filters alone is in the file of this name in package scim. How one builds a server (Ping
// 85) is for the examples of this package to show.
func TestPains(t *testing.T) {
	tests := []story{
		{"elimity 95, keycloak 50366, scimitar 107: bulk", []step{{"POST /Bulk", bulkBody(0, `{"method":"POST","path":"/Users","bulkId":"a","data":`+userBody("x", "")+`}`, `{"method":"POST","path":"/Groups","bulkId":"b","data":{"schemas":["`+scim.GroupSchema+`"],"displayName":"g","members":[{"value":"bulkId:a"}]}}`), scimType, 200, `"status":"201"`, "bulkId:a"}}},
		{"elimity 171, SimpleIdServer: a PATCH is applied", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"nickName","value":"B"}`), scimType, 200, `"nickName":"B"`, ""}, {"GET /Users/{user}", "", "", 200, `"nickName":"B"`, ""}}},
		{"elimity 150, Metatavu 35: emails[type].value in a filter", []step{{`GET /Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22bjensen%40example.com%22`, "", "", 200, `"totalResults":1`, ""}}},
		{"elimity 175, scimple 541: entity tags", []step{{"GET /Users/{user}", "", `If-None-Match: W/"1"`, 304, "", "{"}, {"PUT /Users/{user}", userBody("x", ""), `If-Match: W/"9"`, 412, "", ""}, {"PUT /Users/{user}", userBody("x", ""), `If-Match: W/"1"`, 200, `W/\"2\"`, ""}}},
		{"elimity 155, 156, scim2-server 2: any base", []step{{"GET /tenants/acme/scim/v2/Users/{user}", "", "", 200, `/tenants/acme/scim/v2/Users/{user}`, ""}, {"GET /Users/{user}", "", "", 200, `"http://example.com/Users/{user}"`, ""}, {"GET /scim/Users", "", "", 200, `http://example.com/scim/Users/`, ""}}},
		{"teleport 15.4.21: what a PUT leaves out is gone, and so is what a replace of all values does not have", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","value":{"roles":[{"value":"admin"}],"entitlements":[{"value":"root"}],"title":"t"}}`), scimType, 200, "root", ""}, {"PATCH /Users/{user}", patchBody(`{"op":"replace","value":{"roles":[{"value":"reader"}]}}`), scimType, 200, "reader", "admin"}, {"PUT /Users/{user}", userBody("bjensen", ""), scimType, 200, "bjensen", "root"}, {"GET /Users?filter=roles+eq+%22reader%22+or+entitlements+eq+%22root%22+or+title+pr", "", "", 200, `"totalResults":0`, ""}}},
		{"elimity 198, SCIMMY routers 19: the location is an absolute URL", []step{{"POST /Users", userBody("x", ""), scimType, 201, `"location":"http://example.com/Users/`, ""}}},
		{"elimity: a password is not given back", []step{{"POST /Users", userBody("x", `,"password":"secret"`), scimType, 201, "", "secret"}, {"GET /Users?attributes=password", "", "", 200, "", "secret"}}},
		{"elimity: a POST to what can only be read", []step{{"POST /ServiceProviderConfig", "{}", scimType, 405, "", ""}, {"POST /Schemas", "{}", scimType, 405, "", ""}}},
		{"elimity: attributes in a GET are heeded", []step{{"GET /Users/{user}?attributes=userName", "", "", 200, `"userName"`, `"emails"`}}},
		{"elimity: names in two cases are one", []step{{"POST /Users", `{"schemas":["` + scim.UserSchema + `"],"USERNAME":"x","Emails":[{"VALUE":"x@y.example"}]}`, scimType, 201, `"emails":[{"value"`, "VALUE"}, {"POST /Users", `{"schemas":["` + scim.UserSchema + `"],"userName":"y","username":"z"}`, scimType, 400, "twice", ""}}},
		{"imulab 57: Okta's PATCH without schemas", []step{{"PATCH /Users/{user}", `{"Operations":[{"op":"replace","value":{"active":false}}]}`, scimType, 200, `"active":false`, ""}}},
		{"SCIM-SDK 636, scimitar 20 and 142: content types", []step{{"POST /Users", userBody("a1", ""), jsonType, 201, "", ""}, {"POST /Users", userBody("a2", ""), jsonType + "; charset=utf-8", 201, "", ""}, {"POST /Users", userBody("a3", ""), "Content-Type: text/json", 201, "", ""}, {"POST /Users", userBody("a4", ""), "Accept: text/html", 201, "", ""}}},
		{"SCIM-SDK 942: pages by cursor", []step{{"GET /Users?cursor&count=1", "", "", 200, `"nextCursor":"`, `"startIndex"`}, {"GET /ServiceProviderConfig", "", "", 200, `"cursor":true`, ""}}},
		{"scim-for-keycloak 26, azure: the flag in the query is nothing", []step{{"GET /Users?aadOptscim062020&filter=userName+eq+%22bjensen%22", "", "", 200, `"totalResults":1`, "aadOpt"}, {"POST /Users?aadOptscim062020=", userBody("x", ""), scimType, 201, "", "aadOpt"}}},
		{"scimple 485: sortOrder in any case", []step{{"GET /Users?sortBy=username&sortOrder=DESCENDING&count=1", "", "", 200, `"userName":"other"`, ""}, {"GET /Users?sortBy=userName&sortOrder=sideways", "", "", 400, "invalidValue", ""}}},
		{"SCIMMY 37: excludedAttributes leaves extensions", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"` + scim.EnterpriseUserSchema + `:department","value":"IT"}`), scimType, 200, "IT", ""}, {"GET /Users/{user}?excludedAttributes=emails", "", "", 200, `"department":"IT"`, "emails"}}},
		{"SCIMMY 55: attributes with a value filter", []step{{"GET /Users/{user}?attributes=emails%5Btype+eq+%22work%22%5D", "", "", 200, `"emails"`, `"userName"`}}},
		{"SCIMMY 45: startIndex 0 and count 0", []step{{"GET /Users?startIndex=0&count=0", "", "", 200, `"totalResults":2,"startIndex":1,"itemsPerPage":0,"Resources":[]`, ""}, {"GET /Users?startIndex=0", "", "", 200, `"itemsPerPage":2`, ""}, {"GET /Users?startIndex=-7&count=-7", "", "", 200, `"startIndex":1,"itemsPerPage":0`, ""}}},
		{"keycloak 50475, 50872: operations are bounded", []step{{"PATCH /Users/{user}", patchBody(strings.TrimSuffix(strings.Repeat(`{"op":"replace","path":"title","value":"x"},`, 1001), ",")), scimType, 413, "1000", ""}}},
		{"keycloak 50366: value paths and sorting", []step{{`GET /Users?sortBy=emails&filter=emails%5Btype+eq+%22work%22+and+value+co+%22%40%22%5D`, "", "", 200, `"totalResults":2`, ""}}},
		{"authentik 20764: Entra's validator is not told 405", []step{{"GET /Users?filter=userName+eq+%22none%22", "", "", 200, `"Resources":[]`, ""}, {"GET /Groups?excludedAttributes=members&filter=displayName+eq+%22none%22", "", "", 200, `"Resources":[]`, ""}, {"PATCH /Users/{user}", patchBody(`{"op":"Replace","path":"active","value":"False"}`), scimType, 200, "", ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"Replace","path":"displayName","value":"x"}`), scimType, 204, "", ""}, {"GET /Schemas", "", "", 200, "", ""}, {"DELETE /Users/{user}", "", "", 204, "", ""}}},
		{"authentik 11249: OneLogin patches groups", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), jsonType, 200, `"value":"{user}"`, ""}}},
		{"zitadel 10009: Okta sends a password it made up", []step{{"POST /Users", userBody("x", `,"password":"q1W!","groups":[],"locale":"en-US"`), scimType, 201, "", "q1W!"}, {"PATCH /Users/{user}", patchBody(`{"op":"replace","value":{"password":"t1meMa$heen"}}`), scimType, 200, "", "t1me"}}},
		{"zitadel 9690: the type of a mail address is kept", []step{{"GET /Users/{user}", "", "", 200, `"type":"work"`, ""}}},
		{"zitadel 9235: sortBy", []step{{"GET /Users?sortBy=meta.created&sortOrder=descending", "", "", 200, `"totalResults":2`, ""}}},
		{"zitadel 8140, coder 15830: whole discovery", []step{{"GET /Schemas", "", "", 200, scim.EnterpriseUserSchema, ""}, {"GET /ResourceTypes", "", "", 200, `"endpoint":"/Groups"`, ""}, {"GET /ServiceProviderConfig", "", "", 200, `"patch":{"supported":true}`, ""}}},
		{"coder 25572: users are found, PATCH and filters taken", []step{{"GET /Users?filter=userName+eq+%22BJENSEN%22", "", "", 200, `"userName":"bjensen"`, ""}, {"PATCH /Users/{user}", patchBody(`{"op":"replace","path":"externalId","value":"e9"}`), scimType, 200, `"externalId":"e9"`, ""}, {"GET /Users?filter=externalId+eq+%22e9%22", "", "", 200, `"totalResults":1`, ""}}},
		{"rancher 54024: a user is renamed", []step{{"PUT /Users/{user}", userBody("jensen-roe", ""), scimType, 200, `"userName":"jensen-roe"`, ""}, {"GET /Users?filter=userName+eq+%22bjensen%22", "", "", 200, `"totalResults":0`, ""}, {"POST /Users", userBody("bjensen", ""), scimType, 201, "", ""}}},
		{"buildbuddy 5774: Resources is never null", []step{{"GET /Groups?filter=displayName+eq+%22none%22", "", "", 200, `"Resources":[]`, "null"}, {"GET /Users?startIndex=99", "", "", 200, `"Resources":[]`, "null"}, {"POST /.search", `{"schemas":["` + scim.SearchRequestSchema + `"],"filter":"userName eq \"none\""}`, scimType, 200, `"Resources":[]`, "null"}, {"GET /Users?cursor&filter=id+eq+%22x%22", "", "", 200, `"Resources":[]`, "null"}}},
		{"langwatch 7131: a PATCH of the name leaves the members", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"replace","value":{"displayName":"x"}}`), scimType, 200, `"value":"{other}"`, ""}}},
		{"snipe-it 12642: Google's URNs of 1.0 and 2.0", []step{{"POST /Users", `{"schemas":["urn:scim:schemas:core:1.0","` + scim.UserSchema + `"],"userName":"x"}`, jsonType, 201, scim.UserSchema, "core:1.0"}}},
		{"Infisical 2138: JumpCloud repeats itself", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"{other}"}]}`), jsonType, 200, `"version":"W/\"1\""`, ""}}},
		{"Infisical 6552: members without display, and discovery", []step{{"POST /Groups", `{"displayName":"x","members":[{"value":"{user}"}]}`, jsonType, 201, "{user}", ""}, {"PUT /Groups/{group}", `{"displayName":"x","members":[{"value":"{user}"}]}`, jsonType, 200, "{user}", "{other}"}, {"GET /ServiceProviderConfig", "", "", 200, "", ""}}},
		{"SimpleIdServer 570: Entra gets 204 for a group", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"Add","path":"members","value":[{"value":"{user}"}]}`), scimType, 204, "", "{"}}},
		{"SimpleIdServer 417: an error says so in its body, everywhere", []step{{"POST /Nothing", "{}", scimType, 404, `"status":"404"`, ""}, {"PATCH /Users", "{}", scimType, 405, `"status":"405"`, ""}}},
	}
	play(t, tests, nil)
}

// elimity 189: errors of a Store that are wrapped are still told as what they are.
func TestPainWrappedErrors(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{fmt.Errorf("find: %w", fmt.Errorf("deeper: %w", scim.ErrNotFound)), 404},
		{errors.Join(errors.New("x"), scim.ErrForbidden), 403},
		{fmt.Errorf("late: %w", &scim.Error{Status: 429, Detail: "slow down"}), 429},
		{errors.New("anything else"), 500},
	} {
		h, err := server.New(types(), server.One(broken{memstore.New(nil), func() error { return tt.err }}), server.InsecureAnyone, &server.Options{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		s := &service{t: t, Handler: h}
		if a := s.do("GET", "/Users/x", ""); a.status != tt.want {
			t.Errorf("%v: got %d, want %d", tt.err, a.status, tt.want)
		}
	}
}

// SCIMMY routers 7, 14 and 16: a Store is told of the request by its context, and of no other tenant's.
func TestPainRequestContext(t *testing.T) {
	type key struct{}
	var mu sync.Mutex
	seen := map[string]any{}
	stores := func(ctx context.Context, tenant string) (server.Store, error) {
		mu.Lock()
		defer mu.Unlock()
		seen[tenant] = ctx.Value(key{})
		if c := server.CallerFrom(ctx); c == nil || c.Tenant != tenant {
			t.Errorf("the caller is %v for %q", c, tenant)
		}
		return memstore.New(nil), nil
	}
	h, err := server.New(types(), stores, func(r *http.Request) (*server.Caller, error) {
		return &server.Caller{Tenant: r.Header.Get("X-Tenant")}, nil
	}, nil)
	require.NoError(t, err)
	for _, tenant := range []string{"acme", "globex"} {
		r := httptest.NewRequestWithContext(context.WithValue(t.Context(), key{}, tenant+"'s"), "GET", "/"+tenant+"/v2/Users", nil)
		r.Header.Set("X-Tenant", tenant)
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != 200 {
			t.Errorf("%s: %d %s", tenant, w.Code, w.Body)
		}
		if seen[tenant] != tenant+"'s" {
			t.Errorf("the context of %s has %v", tenant, seen[tenant])
		}
	}
}

// fleet 50724, 51961: of PATCHes to one group at once none loses another's member, in a Store that is a Patcher and in
// one that is not. fleet 53446: whoever was deleted can come again.
func TestPainLostMembers(t *testing.T) {
	for name, store := range map[string]server.Store{"patcher": memstore.New(nil), "none": struct{ server.Store }{memstore.New(nil)}} {
		t.Run(name, func(t *testing.T) {
			h, err := server.New(types(), server.One(store), server.InsecureAnyone, &server.Options{Limits: server.Limits{Attempts: 1000}})
			require.NoError(t, err)
			s := &service{t: t, Handler: h}
			g := s.group("g")
			const n = 60
			var clients sync.WaitGroup
			for i := range n {
				clients.Go(func() {
					if a := s.do("PATCH", "/Groups/"+g, patchBody(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"m%d"}]}`, i))); a.status >= 300 {
						t.Errorf("member %d: %d %s", i, a.status, a.text)
					}
				})
			}
			clients.Wait()
			if got := len(s.do("GET", "/Groups/"+g, "").GetValues("members")); got != n {
				t.Errorf("%d members of %d", got, n)
			}
			id := s.user("again")
			require.Equal(t, 204, s.do("DELETE", "/Users/"+id, "").status)
			if again := s.user("again"); again == id {
				t.Error("an id came back")
			}
		})
	}
}

// wso2 6918, 11824: what a PATCH of a group costs does not grow with the group; SCIM-SDK 134: nor do huge groups time out.
func TestPainLargeGroups(t *testing.T) {
	cost := func(n int) float64 {
		s := newService(t, nil)
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprint("m", i)
		}
		g := s.group("g", members...)
		i := 0
		return testing.AllocsPerRun(20, func() {
			i++
			if a := s.do("PATCH", "/Groups/"+g, patchBody(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":"n%d"}]}`, i))); a.status != 204 {
				t.Fatalf("%d %s", a.status, a.text)
			}
		})
	}
	if small, large := cost(200), cost(15_000); large > 4*small { // in proportion it would be 75 times
		t.Errorf("one more member makes %.0f allocations in a group of 200 and %.0f in one of 15,000", small, large)
	}
}
