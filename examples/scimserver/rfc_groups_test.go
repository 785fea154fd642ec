package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Groups (RFC 7643 section 4.2), and the groups of users.
func testGroups(t *testing.T, c *session, _ bool) {
	anna := c.want(201, "POST", "/Users", user("anna", `"displayName":"Anna"`)).id()
	bob := c.want(201, "POST", "/Users", user("bob")).id()
	inner := c.want(201, "POST", "/Groups", group("inner", `"members":`+members(bob))).id()
	a := c.want(201, "POST", "/Groups", group("outer", `"members":[{"value":"`+anna+`","display":"client's own","type":"User"},{"value":"`+inner+`","type":"Group"},{"value":"`+anna+`"}]`))
	if n := len(list(a.get("members"))); n != 2 {
		t.Errorf("%d members of two: %s", n, a.text)
	}
	for _, v := range list(a.get("members")) {
		m := v.(map[string]any)
		want := map[any]string{anna: "/scim/v2/Users/" + anna, inner: "/scim/v2/Groups/" + inner}[m["value"]]
		if ref, _ := m["$ref"].(string); !strings.HasSuffix(ref, want) || want == "" {
			t.Errorf("the $ref of a member: %v", m)
		}
	}
	u := c.want(200, "GET", "/Users/"+anna, "")
	if u.str("groups.0.value") != a.id() || u.str("groups.0.display") != "outer" {
		t.Errorf("the groups of a user: %s", u.text)
	}
	// Groups are told, not written.
	c.want(200, "PUT", "/Users/"+anna, user("anna", `"groups":[]`))
	if u := c.want(200, "GET", "/Users/"+anna, ""); u.str("groups.0.value") != a.id() {
		t.Errorf("the groups of a user after a PUT: %s", u.text)
	}
	c.want(204, "DELETE", "/Users/"+anna, "")
	c.want(204, "DELETE", "/Groups/"+inner, "")
	if a := c.want(200, "GET", "/Groups/"+a.id(), ""); len(list(a.get("members"))) != 0 {
		t.Errorf("members that are gone: %s", a.text)
	}
	// Two groups may have one name (RFC 7643 section 4.2 has no uniqueness there).
	c.want(201, "POST", "/Groups", group("outer"))
	// A large group.
	ids := make([]string, 3000)
	for i := range ids {
		ids[i] = fmt.Sprintf("member-%d", i)
	}
	big := c.want(201, "POST", "/Groups", group("big", `"members":`+members(ids...)))
	c.want(204, "PATCH", "/Groups/"+big.id(), patch(`{"op":"add","path":"members","value":`+members(bob)+`}`))
	if a := c.want(200, "GET", "/Groups/"+big.id(), ""); len(list(a.get("members"))) != 3001 {
		t.Errorf("%d members of 3001", len(list(a.get("members"))))
	}
}

// Bulk (RFC 7644 section 3.7).
func testBulk(t *testing.T, c *session, strict bool) {
	bulk := func(more string, ops ...string) string {
		return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],` + more + `"Operations":[` + strings.Join(ops, ",") + `]}`
	}
	post := func(path, bulkID, data string) string {
		return `{"method":"POST","path":"` + path + `","bulkId":"` + bulkID + `","data":` + data + `}`
	}
	// The group comes before the user it refers to.
	a := c.want(200, "POST", "/Bulk", bulk("", post("/Groups", "g", group("Guides", `"members":[{"value":"bulkId:u","type":"User"}]`)), post("/Users", "u", user("anna"))))
	if a.str("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:BulkResponse" || a.str("Operations.0.status") != "201" || a.str("Operations.1.status") != "201" || a.str("Operations.0.bulkId") != "g" || a.str("Operations.1.location") == "" || a.str("Operations.1.version") == "" || a.str("Operations.0.method") != "POST" {
		t.Fatalf("bulk: %s", a.text)
	}
	_, path, _ := strings.Cut(a.str("Operations.1.location"), "/scim/v2")
	u := c.want(200, "GET", path, "")
	if u.str("groups.0.display") != "Guides" {
		t.Errorf("the user of a bulk request: %s", u.text)
	}
	a = c.want(200, "POST", "/Bulk", bulk("",
		`{"method":"PATCH","path":"`+path+`","data":`+patch(`{"op":"replace","path":"title","value":"x"}`)+`}`,
		`{"method":"PUT","path":"/Users/none","data":`+user("x")+`}`,
		post("/Users", "dup", user("ANNA")),
		post("/Groups", "lost", group("x", `"members":[{"value":"bulkId:dup"}]`)),
		post("/Nothing", "n", "{}"),
		`{"method":"PUT","path":"`+path+`","version":"W/\"none\"","data":`+user("anna")+`}`,
		`{"method":"DELETE","path":"`+path+`"}`))
	var got []string
	for i := range 7 {
		got = append(got, a.str(fmt.Sprintf("Operations.%d.status", i)))
	}
	if diff := cmp.Diff([]string{"200", "404", "409", "409", "404", "412", "204"}, got); diff != "" {
		t.Errorf("statuses (-want +got):\n%s\n%s", diff, a.text)
	}
	if a.str("Operations.2.response.scimType") != "uniqueness" || a.str("Operations.2.response.status") != "409" {
		t.Errorf("the error of an operation: %s", a.text)
	}
	a = c.want(200, "POST", "/Bulk", bulk(`"failOnErrors":1,`, `{"method":"DELETE","path":"/Users/none"}`, post("/Users", "u", user("never"))))
	if len(list(a.get("Operations"))) != 1 || c.want(200, "GET", query("/Users", "filter", `userName eq "never"`), "").str("totalResults") != "0" {
		t.Errorf("failOnErrors: %s", a.text)
	}
	// Two groups that are members of each other.
	a = c.want(200, "POST", "/Bulk", bulk("", post("/Groups", "a", group("A", `"members":[{"value":"bulkId:b","type":"Group"}]`)), post("/Groups", "b", group("B", `"members":[{"value":"bulkId:a","type":"Group"}]`))))
	if a.str("Operations.0.status") != "201" || a.str("Operations.1.status") != "201" {
		t.Fatalf("a circle: %s", a.text)
	}
	for i, other := range []string{"1", "0"} {
		_, path, _ := strings.Cut(a.str(fmt.Sprintf("Operations.%d.location", i)), "/scim/v2")
		_, want, _ := strings.Cut(a.str("Operations."+other+".location"), "/Groups/")
		if g := c.want(200, "GET", path, ""); g.str("members.0.value") != want {
			t.Errorf("a circle: %s, want %s", g.text, want)
		}
	}
	c.fails(400, "invalidSyntax", "POST", "/Bulk", "{}")
	c.want(either(strict, 400, 200), "POST", "/Bulk", `{"Operations":[]}`)
	many := strings.Repeat(`,{"method":"DELETE","path":"/Users/x"}`, 1001)[1:]
	c.fails(413, "", "POST", "/Bulk", bulk("", many))
}
