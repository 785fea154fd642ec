package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	work = `{"value":"a@work.example.com","type":"work","primary":true}`
	home = `{"value":"a@home.example.com","type":"home"}`
)

// PATCH as the RFC has it (RFC 7644 section 3.5.2), in either dialect.
func testPatch(t *testing.T, c *session, _ bool) {
	const start = `"title":"Guide","name":{"givenName":"Anna","familyName":"Ek"},"emails":[` + work + `,` + home + `]`
	tests := []struct {
		name, ops string
		want      string // what is other than the start; null for what is gone
	}{
		{"add a simple value", `{"op":"add","path":"nickName","value":"An"}`, `"nickName":"An"`},
		{"add over a simple value", `{"op":"add","path":"title","value":"Boss"}`, `"title":"Boss"`},
		{"add without a path", `{"op":"add","value":{"nickName":"An","emails":[{"value":"x@example.com","type":"other"}]}}`, `"nickName":"An","emails":[` + work + `,` + home + `,{"value":"x@example.com","type":"other"}]`},
		{"add to a complex value", `{"op":"add","path":"name","value":{"middleName":"B"}}`, `"name":{"givenName":"Anna","familyName":"Ek","middleName":"B"}`},
		{"add a sub-attribute", `{"op":"add","path":"name.middleName","value":"B"}`, `"name":{"givenName":"Anna","familyName":"Ek","middleName":"B"}`},
		{"add one value", `{"op":"add","path":"emails","value":{"value":"x@example.com","type":"other"}}`, `"emails":[` + work + `,` + home + `,{"value":"x@example.com","type":"other"}]`},
		{"add a primary value", `{"op":"add","path":"emails","value":[{"value":"x@example.com","primary":true}]}`, `"emails":[{"value":"a@work.example.com","type":"work","primary":false},` + home + `,{"value":"x@example.com","primary":true}]`},
		{"add what is there", `{"op":"add","path":"emails","value":[` + home + `]}`, ``},
		{"add by a filter", `{"op":"add","path":"emails[type eq \"home\"].display","value":"at home"}`, `"emails":[` + work + `,{"value":"a@home.example.com","type":"home","display":"at home"}]`},
		{"replace a simple value", `{"op":"replace","path":"title","value":"Boss"}`, `"title":"Boss"`},
		{"replace what is not there", `{"op":"replace","path":"nickName","value":"An"}`, `"nickName":"An"`},
		{"replace without a path", `{"op":"replace","value":{"title":"Boss","emails":[` + home + `]}}`, `"title":"Boss","emails":[` + home + `]`},
		{"replace sub-attributes", `{"op":"replace","path":"name","value":{"givenName":"Anne"}}`, `"name":{"givenName":"Anne","familyName":"Ek"}`},
		{"replace all values", `{"op":"replace","path":"emails","value":[` + home + `]}`, `"emails":[` + home + `]`},
		{"replace with nothing", `{"op":"replace","path":"emails","value":[]}`, `"emails":null`},
		{"replace by a filter", `{"op":"replace","path":"emails[type eq \"work\"].value","value":"b@example.com"}`, `"emails":[{"value":"b@example.com","type":"work","primary":true},` + home + `]`},
		{"replace a whole value by a filter", `{"op":"replace","path":"emails[type eq \"home\"]","value":{"value":"b@example.com","type":"home"}}`, `"emails":[` + work + `,{"value":"b@example.com","type":"home"}]`},
		{"replace in all values", `{"op":"replace","path":"emails.display","value":"x"}`, `"emails":[{"value":"a@work.example.com","type":"work","primary":true,"display":"x"},{"value":"a@home.example.com","type":"home","display":"x"}]`},
		{"make another primary", `{"op":"replace","path":"emails[type eq \"home\"].primary","value":true}`, `"emails":[{"value":"a@work.example.com","type":"work","primary":false},{"value":"a@home.example.com","type":"home","primary":true}]`},
		{"remove a simple value", `{"op":"remove","path":"title"}`, `"title":null`},
		{"remove a sub-attribute", `{"op":"remove","path":"name.givenName"}`, `"name":{"familyName":"Ek"}`},
		{"remove all values", `{"op":"remove","path":"emails"}`, `"emails":null`},
		{"remove by a filter", `{"op":"remove","path":"emails[type eq \"work\" and value ew \"example.com\"]"}`, `"emails":[` + home + `]`},
		{"remove a sub-attribute by a filter", `{"op":"remove","path":"emails[type eq \"home\"].type"}`, `"emails":[` + work + `,{"value":"a@home.example.com"}]`},
		{"remove the last value", `{"op":"remove","path":"emails[value pr]"}`, `"emails":null`},
		{"remove what is not there", `{"op":"remove","path":"nickName"}`, ``},
		{"names in any case", `{"op":"replace","path":"NAME.GIVENNAME","value":"Anne"}`, `"name":{"givenName":"Anne","familyName":"Ek"}`},
		{"with a URN", `{"op":"replace","path":"urn:ietf:params:scim:schemas:core:2.0:User:title","value":"Boss"}`, `"title":"Boss"`},
		{"an extension", `{"op":"add","path":"` + enterpriseURN + `:department","value":"Tours"}`, `"` + enterpriseURN + `":{"department":"Tours"}`},
		{"an extension whole", `{"op":"add","path":"` + enterpriseURN + `","value":{"department":"Tours"}}`, `"` + enterpriseURN + `":{"department":"Tours"}`},
		{"an extension without a path", `{"op":"add","value":{"` + enterpriseURN + `":{"department":"Tours"}}}`, `"` + enterpriseURN + `":{"department":"Tours"}`},
		{"one after the other", `{"op":"add","path":"nickName","value":"a"},{"op":"replace","path":"nickName","value":"b"},{"op":"remove","path":"title"},{"op":"add","path":"title","value":"c"}`, `"nickName":"b","title":"c"`},
		{"there and back", `{"op":"remove","path":"title"},{"op":"add","path":"title","value":"Guide"}`, ``},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := c.in(t)
			a := c.want(201, "POST", "/Users", user(tt.name, start))
			b := c.want(200, "PATCH", "/Users/"+a.id(), patch(tt.ops))
			want := map[string]any{}
			for name, v := range a.body {
				want[name] = v
			}
			d := json.NewDecoder(strings.NewReader("{" + tt.want + "}"))
			d.UseNumber()
			if err := d.Decode(&want); err != nil {
				t.Fatal(err)
			}
			for name, v := range want {
				if v == nil {
					delete(want, name)
				}
			}
			got := map[string]any{}
			for name, v := range b.body {
				got[name] = v
			}
			if a.str("meta.version") == b.str("meta.version") != (tt.want == "") || a.str("meta.created") != b.str("meta.created") {
				t.Errorf("meta before\n%s\nand after\n%s", a.text, b.text)
			}
			for _, m := range []map[string]any{want, got} {
				delete(m, "meta")
				delete(m, "schemas")
			}
			dropFalse(want)
			dropFalse(got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if e := c.want(200, "GET", "/Users/"+a.id(), ""); e.text != b.text {
				t.Errorf("the answer\n%s\nand what is there\n%s", b.text, e.text)
			}
		})
	}
}

// dropFalse leaves out primary: false, which is the same as none (RFC 7643 section 2.4).
func dropFalse(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["primary"] == false {
			delete(v, "primary")
		}
		for _, e := range v {
			dropFalse(e)
		}
	case []any:
		for _, e := range v {
			dropFalse(e)
		}
	}
}

// A PATCH that cannot be done is refused as a whole (RFC 7644 section 3.5.2).
func testPatchErrors(t *testing.T, c *session, strict bool) {
	a := c.want(201, "POST", "/Users", user("anna", `"title":"Guide"`, `"emails":[`+work+`]`))
	path := "/Users/" + a.id()
	c.want(201, "POST", "/Users", user("bob"))
	const good = `{"op":"replace","path":"title","value":"Boss"},`
	tests := []struct {
		name, body string
		status     int
		scimType   string
		// tolerant is the status when it is taken there.
		tolerant int
	}{
		{"no JSON", `{`, 400, "invalidSyntax", 0},
		{"no operations", `{"schemas":["` + patchURN + `"]}`, 400, "invalidSyntax", 0},
		{"operations that are no list", `{"schemas":["` + patchURN + `"],"Operations":{}}`, 400, "invalidSyntax", 0},
		{"unknown operation", patch(good + `{"op":"move","path":"title"}`), 400, "invalidSyntax", 0},
		{"no operation", patch(good + `{"path":"title","value":"x"}`), 400, "invalidSyntax", 0},
		{"operation that is no text", patch(good + `{"op":1,"path":"title","value":"x"}`), 400, "invalidSyntax", 0},
		{"remove without a path", patch(good + `{"op":"remove"}`), 400, "noTarget", 0},
		{"add without a value", patch(good + `{"op":"add","path":"title"}`), 400, "invalidValue", 0},
		{"add a text without a path", patch(good + `{"op":"add","value":"x"}`), 400, "", 0},
		{"path that is no path", patch(good + `{"op":"add","path":"emails[","value":"x"}`), 400, "invalidPath", 0},
		{"filter in a path that is none", patch(good + `{"op":"add","path":"emails[type xx \"work\"].value","value":"x"}`), 400, "", 0},
		{"unknown attribute", patch(good + `{"op":"add","path":"noSuch","value":"x"}`), 400, "invalidPath", 200},
		{"unknown sub-attribute", patch(good + `{"op":"add","path":"name.noSuch","value":"x"}`), 400, "invalidPath", 200},
		{"value of another type", patch(good + `{"op":"replace","path":"active","value":"maybe"}`), 400, "invalidValue", 0},
		{"complex value as text", patch(good + `{"op":"replace","path":"name","value":"x"}`), 400, "invalidValue", 0},
		{"replace the id", patch(good + `{"op":"replace","path":"id","value":"x"}`), 400, "mutability", 0},
		{"replace the groups", patch(good + `{"op":"add","path":"groups","value":[{"value":"x"}]}`), 400, "mutability", 200},
		{"remove what is required", patch(good + `{"op":"remove","path":"userName"}`), 400, "", 0},
		{"clear what is required", patch(good + `{"op":"replace","path":"userName","value":""}`), 400, "", 0},
		{"replace by a filter without a match", patch(good + `{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@example.com"}`), 400, "noTarget", 200},
		{"replace whole by a filter without a match", patch(good + `{"op":"replace","path":"emails[value sw \"zzz\"].display","value":"x"}`), 400, "noTarget", 0},
		{"name of another", patch(good + `{"op":"replace","path":"userName","value":"BOB"}`), 409, "uniqueness", 0},
		{"capital operation", patch(good + `{"op":"Replace","path":"nickName","value":"x"}`), 200, "", 200},
		{"boolean as text", patch(good + `{"op":"replace","path":"active","value":"True"}`), 400, "invalidValue", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := c.in(t)
			before := c.want(200, "GET", path, "")
			status := tt.status
			if !strict && tt.tolerant != 0 {
				status = tt.tolerant
			}
			if status == 200 {
				if a := c.do("PATCH", path, tt.body); a.status != 200 && !(strict && tt.name == "capital operation" && a.status == 400) {
					t.Errorf("got %d: %s", a.status, a.text)
				}
				c.want(200, "PUT", path, user("anna", `"title":"Guide"`, `"emails":[`+work+`]`))
				return
			}
			c.fails(status, tt.scimType, "PATCH", path, tt.body)
			if after := c.want(200, "GET", path, ""); after.text != before.text {
				t.Errorf("a PATCH that was refused changed\n%s\nto\n%s", before.text, after.text)
			}
		})
	}
	c.fails(404, "", "PATCH", "/Users/none", patch(`{"op":"replace","path":"title","value":"x"}`))
	many := strings.Repeat(`,{"op":"replace","path":"title","value":"x"}`, 1001)[1:]
	c.fails(413, "", "PATCH", path, patch(many))
}

// What a PATCH must leave alone, and how members are changed.
func testPatchRules(t *testing.T, c *session, strict bool) {
	var ids []string
	for _, name := range []string{"anna", "bob", "carl"} {
		ids = append(ids, c.want(201, "POST", "/Users", user(name)).id())
	}
	g := c.want(201, "POST", "/Groups", group("g", `"members":`+members(ids[0])))
	path := "/Groups/" + g.id()
	steps := []struct {
		name, op string
		want     string
	}{
		{"add", `{"op":"add","path":"members","value":` + members(ids[1], ids[2]) + `}`, "0,1,2"},
		{"add again", `{"op":"add","path":"members","value":` + members(ids[1]) + `}`, "0,1,2"},
		{"remove by a filter", `{"op":"remove","path":"members[value eq \"` + ids[0] + `\"]"}`, "1,2"},
		{"replace", `{"op":"replace","path":"members","value":` + members(ids[0], ids[2]) + `}`, "0,2"},
		{"add without a path", `{"op":"add","value":{"members":` + members(ids[1]) + `}}`, "0,1,2"},
		{"remove by or", `{"op":"remove","path":"members[value eq \"` + ids[0] + `\" or value eq \"` + ids[1] + `\"]"}`, "2"},
		{"remove and add", `{"op":"remove","path":"members[value eq \"` + ids[2] + `\"]"},{"op":"add","path":"members","value":` + members(ids[0]) + `}`, "0"},
		{"clear", `{"op":"replace","path":"members","value":[]}`, ""},
		{"rename and add", `{"op":"replace","path":"displayName","value":"h"},{"op":"add","path":"members","value":` + members(ids...) + `}`, "0,1,2"},
		{"remove all", `{"op":"remove","path":"members"}`, ""},
	}
	for _, s := range steps {
		c.want(204, "PATCH", path, patch(s.op))
		if got := memberNumbers(c.want(200, "GET", path, ""), ids); got != s.want {
			t.Errorf("%s: members %s, want %s", s.name, got, s.want)
		}
	}
	if a := c.want(200, "PATCH", path+"?attributes=members,displayName", patch(steps[0].op)); memberNumbers(a, ids) != "1,2" || a.str("displayName") != "h" {
		t.Errorf("a PATCH that asks for attributes: %s", a.text)
	}
	// A remove with values removes these, or is refused; it never removes the others.
	c.want(either(strict, 400, 204), "PATCH", path, patch(`{"op":"remove","path":"members","value":`+members(ids[1])+`}`))
	if got, want := memberNumbers(c.want(200, "GET", path, ""), ids), either(strict, "1,2", "2"); got != want {
		t.Errorf("a remove with a value: members %s, want %s", got, want)
	}
}

// memberNumbers gives the places in ids of the members of a group, sorted.
func memberNumbers(a *answer, ids []string) string {
	var got []string
	for i, id := range ids {
		if strings.Contains(a.text, `"value":"`+id+`"`) {
			got = append(got, string(rune('0'+i)))
		}
	}
	if n := len(list(a.get("members"))); n != len(got) {
		got = append(got, "others")
	}
	return strings.Join(got, ",")
}
