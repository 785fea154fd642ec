package server_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

func bulkBody(failOnErrors int, ops ...string) string {
	return fmt.Sprintf(`{"schemas":[%q],"failOnErrors":%d,"Operations":[%s]}`, scim.BulkRequestSchema, failOnErrors, strings.Join(ops, ","))
}

func postUser(bulkID, name string) string {
	return fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":%q,"data":{"schemas":[%q],"userName":%q}}`, bulkID, scim.UserSchema, name)
}

func postGroup(bulkID, name string, members ...string) string {
	list := make([]string, len(members))
	for i, m := range members {
		list[i] = fmt.Sprintf(`{"value":%q}`, m)
	}
	return fmt.Sprintf(`{"method":"POST","path":"/Groups","bulkId":%q,"data":{"schemas":[%q],"displayName":%q,"members":[%s]}}`, bulkID, scim.GroupSchema, name, strings.Join(list, ","))
}

// outcomes gives "method bulkId status scimType" of each operation of a bulk answer, and the ids by bulkId.
func outcomes(t *testing.T, a answer) (list []string, ids map[string]string) {
	t.Helper()
	if a.status != http.StatusOK {
		t.Fatalf("bulk: %d %s", a.status, a.text)
	}
	ids = map[string]string{}
	for _, v := range a.GetValues("Operations") {
		o := v.(*scim.Object)
		list = append(list, strings.TrimSpace(strings.Join([]string{o.GetString("method"), o.GetString("bulkId"), o.GetString("status"), o.GetObject("response").GetString("scimType")}, " ")))
		location := o.GetString("location")
		ids[o.GetString("bulkId")] = location[strings.LastIndex(location, "/")+1:]
	}
	return list, ids
}

func TestBulk(t *testing.T) {
	const patchOp = `"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]`
	tests := []struct {
		name         string
		failOnErrors int
		ops          []string
		want         []string
		// members are the bulkIds of the members of each group, by bulkId.
		members map[string]string
	}{
		{"users and their group", 0, []string{postUser("u1", "a"), postUser("u2", "b"), postGroup("g", "g", "bulkId:u1", "bulkId:u2")},
			[]string{"POST u1 201", "POST u2 201", "POST g 201"}, map[string]string{"g": "u1 u2"}},
		{"a group before its users", 0, []string{postGroup("g", "g", "bulkId:u1"), postUser("u1", "a")},
			[]string{"POST g 201", "POST u1 201"}, map[string]string{"g": "u1"}},
		{"two groups within each other", 0, []string{postGroup("g1", "one", "bulkId:g2"), postGroup("g2", "two", "bulkId:g1")},
			[]string{"POST g1 201", "POST g2 201"}, map[string]string{"g1": "g2", "g2": "g1"}},
		{"a circle of three, and a user", 0, []string{postGroup("a", "a", "bulkId:b", "bulkId:u"), postGroup("b", "b", "bulkId:c"), postGroup("c", "c", "bulkId:a", "bulkId:u"), postUser("u", "u")},
			[]string{"POST a 201", "POST b 201", "POST c 201", "POST u 201"}, map[string]string{"a": "b u", "b": "c", "c": "a u"}},
		{"a group within itself", 0, []string{postGroup("a", "a", "bulkId:a")},
			[]string{"POST a 201"}, map[string]string{"a": "a"}},
		{"references in a path and in a PATCH", 0, []string{postUser("u", "u"), postUser("v", "v"), postGroup("g", "g", "bulkId:u"),
			`{"method":"PATCH","path":"/Groups/bulkId:g","bulkId":"p","data":{` + patchOp + `,"Operations":[{"op":"add","path":"members","value":[{"value":"bulkId:v"}]},{"op":"remove","path":"members[value eq \"bulkId:u\"]"}]}}`},
			[]string{"POST u 201", "POST v 201", "POST g 201", "PATCH p 200"}, map[string]string{"g": "v"}},
		{"a manager", 0, []string{
			fmt.Sprintf(`{"method":"POST","path":"/Users","bulkId":"u","data":{"schemas":[%q,%q],"userName":"u",%q:{"manager":{"value":"bulkId:boss"}}}}`, scim.UserSchema, scim.EnterpriseUserSchema, scim.EnterpriseUserSchema),
			postUser("boss", "boss")}, []string{"POST u 201", "POST boss 201"}, nil},
		{"an unknown reference", 0, []string{postGroup("g", "g", "bulkId:nobody"), postUser("u", "u")},
			[]string{"POST g 400 invalidValue", "POST u 201"}, nil},
		{"a reference to what failed", 0, []string{postUser("u", "u"), postUser("v", "U"), postGroup("g", "g", "bulkId:v")},
			[]string{"POST u 201", "POST v 409 uniqueness", "POST g 409"}, nil},
		{"stop at the first error", 1, []string{postUser("u", "u"), postUser("v", "U"), postUser("w", "w")},
			[]string{"POST u 201", "POST v 409 uniqueness"}, nil},
		{"stop at the second error", 2, []string{postUser("u", "u"), postUser("v", "U"), postUser("w", "w"), postUser("x", "u"), postUser("y", "y")},
			[]string{"POST u 201", "POST v 409 uniqueness", "POST w 201", "POST x 409 uniqueness"}, nil},
		{"one bulkId twice", 0, []string{postUser("u", "a"), postUser("u", "b")},
			[]string{"POST u 201", "POST u 400 invalidValue"}, nil},
		{"operations that are wrong", 0, []string{`7`, `{}`, `{"method":"GET","path":"/Users/1"}`, `{"method":"POST","path":"/Users"}`, `{"method":"POST","path":"/Nothing","data":{}}`,
			`{"method":"POST","path":"/Users/1","data":{}}`, `{"method":"DELETE","path":"/Users"}`, `{"method":"DELETE","path":"/Users/none"}`, `{"method":"POST","path":"/Users/.search","data":{}}`},
			[]string{"400 invalidSyntax", "400 invalidSyntax", "GET  400 invalidSyntax", "POST  400 invalidSyntax", "POST  404", "POST  405", "DELETE  405", "DELETE  404", "POST  404"}, nil},
		{"create, replace and delete", 0, []string{postUser("u", "u"),
			fmt.Sprintf(`{"method":"PUT","path":"/Users/bulkId:u","version":"W/\"1\"","data":{"schemas":[%q],"userName":"u2"}}`, scim.UserSchema),
			fmt.Sprintf(`{"method":"PUT","path":"/Users/bulkId:u","version":"W/\"1\"","data":{"schemas":[%q],"userName":"u3"}}`, scim.UserSchema),
			`{"method":"DELETE","path":"/Users/bulkId:u"}`},
			[]string{"POST u 201", "PUT  200", "PUT  412", "DELETE  204"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newService(t, nil)
			got, ids := outcomes(t, s.do("POST", "/Bulk", bulkBody(tt.failOnErrors, tt.ops...)))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("outcomes (-want +got):\n%s", diff)
			}
			names := map[string]string{}
			for name, id := range ids {
				names[id] = name
			}
			for group, want := range tt.members {
				var list []string
				for _, v := range s.do("GET", "/Groups/"+ids[group], "").GetValues("members") {
					list = append(list, names[v.(*scim.Object).GetString("value")])
				}
				if diff := cmp.Diff(want, strings.Join(list, " ")); diff != "" {
					t.Errorf("members of %s (-want +got):\n%s", group, diff)
				}
			}
		})
	}
}

func TestBulkLimits(t *testing.T) {
	s := newService(t, &server.Options{Limits: server.Limits{BulkOperations: 2, BulkBody: 4000}})
	tests := []struct {
		name, body string
		want       int
	}{
		{"too many operations", bulkBody(0, postUser("a", "a"), postUser("b", "b"), postUser("c", "c")), http.StatusRequestEntityTooLarge},
		{"too many bytes", bulkBody(0, postUser("a", strings.Repeat("x", 4000))), http.StatusRequestEntityTooLarge},
		{"no operations", `{"schemas":["` + scim.BulkRequestSchema + `"]}`, http.StatusBadRequest},
		{"wrong failOnErrors", `{"failOnErrors":"x","Operations":[]}`, http.StatusBadRequest},
		{"none", bulkBody(0), http.StatusOK},
	}
	for _, tt := range tests {
		if got := s.do("POST", "/Bulk", tt.body).status; got != tt.want {
			t.Errorf("%s: status %d, want %d", tt.name, got, tt.want)
		}
	}
	off := newService(t, &server.Options{Limits: server.Limits{BulkOperations: -1}})
	if got := off.do("POST", "/Bulk", bulkBody(0)).status; got != http.StatusNotImplemented {
		t.Errorf("bulk turned off: status %d", got)
	}
	if off.do("GET", "/ServiceProviderConfig", "").GetObject("bulk").Get("supported") != false {
		t.Error("the ServiceProviderConfig says that there is bulk, which is turned off")
	}
}

func TestBulkEvents(t *testing.T) {
	var events []server.Event
	s := newService(t, &server.Options{Observer: server.Observer{Request: func(_ context.Context, e *server.Event) { events = append(events, *e) }}})
	_, ids := outcomes(t, s.do("POST", "/Bulk", bulkBody(0, postUser("u", "u"), postUser("v", "U"), `{"method":"DELETE","path":"/Users/bulkId:u"}`)))
	var got []string
	for _, e := range events[0].Operations {
		got = append(got, fmt.Sprint(e.Method, " ", e.Endpoint, " ", e.ID == ids["u"], " ", e.Status, " ", e.Type))
	}
	want := []string{"POST User true 201 ", "POST User false 409 uniqueness", "DELETE User true 204 "}
	if diff := cmp.Diff(want, got); diff != "" || events[0].Bulk != 3 {
		t.Errorf("bulk %d (-want +got):\n%s", events[0].Bulk, diff)
	}
}

// Who is refused is told by the location, except where nothing was made (RFC 7644 section 3.7).
func TestBulkTellsWhoIsRefused(t *testing.T) {
	a := newService(t, nil).do("POST", "/Bulk", bulkBody(0, postUser("u", "a"), postUser("v", "a"), `{"method":"DELETE","path":"/Users/nobody"}`))
	var locations []string
	for _, v := range a.GetValues("Operations") {
		locations = append(locations, v.(*scim.Object).GetString("location"))
	}
	if len(locations) != 3 || locations[0] == "" || locations[1] != "" || !strings.HasSuffix(locations[2], "/Users/nobody") {
		t.Errorf("locations %q", locations)
	}
}
