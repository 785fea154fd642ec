package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Okta's SCIM 2.0 spec test, which runs in Runscope.
func testOktaSpec(t *testing.T, c *session, _ bool) {
	c = c.with("Accept", "application/scim+json; charset=utf-8").with("Accept-Charset", "utf-8").with("Content-Type", "")
	seed := c.want(201, "POST", "/Users", user("seed@example.com", `"name":{"familyName":"S","givenName":"E"}`, `"active":true`, `"emails":[{"value":"seed@example.com","primary":true,"type":"work"}]`)).id()
	a := c.want(200, "GET", "/Users?count=1&startIndex=1", "")
	if _, ok := a.get("itemsPerPage").(json.Number); !ok || a.str("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
		t.Errorf("a list: %s", a.text)
	}
	for _, name := range []string{"itemsPerPage", "startIndex", "totalResults"} {
		if _, ok := a.get(name).(json.Number); !ok {
			t.Errorf("%s is no number: %s", name, a.text)
		}
	}
	for _, name := range []string{"id", "name.familyName", "name.givenName", "userName", "emails.0.value"} {
		if a.str("Resources.0."+name) == "" {
			t.Errorf("%s is missing: %s", name, a.text)
		}
	}
	if a.get("Resources.0.active") != true {
		t.Errorf("active is missing: %s", a.text)
	}
	if a := c.want(200, "GET", "/Users/"+seed, ""); a.str("userName") != "seed@example.com" {
		t.Errorf("one user: %s", a.text)
	}
	if a := c.want(200, "GET", query("/Users", "filter", `userName eq "nobody@atko.com"`), ""); a.str("totalResults") != "0" {
		t.Errorf("a user who is not there: %s", a.text)
	}
	if a := c.fails(404, "", "GET", "/Users/010101001010101011001010101011", ""); a.str("detail") == "" {
		t.Errorf("404 without detail: %s", a.text)
	}
	c.fails(400, "invalidFilter", "GET", "/Users?filter=username", "")
	c.with("Authorization", "").fails(401, "", "GET", "/Users", "")
	name := "runscope300test@atko.com"
	body := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"` + name + `","name":{"givenName":"Runscope","familyName":"Test"},"emails":[{"primary":true,"value":"` + name + `","type":"work"}],"displayName":"Runscope Test","active":true}`
	b := c.want(201, "POST", "/Users", body)
	if b.get("active") != true || b.str("name.familyName") != "Test" || b.str("schemas.0") != userURN || b.str("userName") != name {
		t.Errorf("a new user: %s", b.text)
	}
	if e := c.want(200, "GET", "/Users/"+b.id(), ""); e.str("name.givenName") != "Runscope" {
		t.Errorf("the new user: %s", e.text)
	}
	c.fails(409, "", "POST", "/Users", body)
	if a := c.want(200, "GET", query("/Users", "filter", `userName eq "`+strings.ToUpper(name)+`"`), ""); a.str("totalResults") != "1" {
		t.Errorf("names are looked up with their case: %s", a.text)
	}
	if a := c.want(200, "GET", "/Groups", ""); a.str("totalResults") != "0" {
		t.Errorf("groups: %s", a.text)
	}
	if a := c.want(200, "GET", "/Users?startIndex=1&count=2", ""); a.str("Resources.0.id") != seed {
		t.Errorf("the order of a list is another: %s", a.text)
	}
}

// What Okta sends when it provisions.
func testOktaProvisioning(t *testing.T, c *session, _ bool) {
	var ids []string
	for i := range 3 {
		name := fmt.Sprintf("okta%d@example.com", i)
		if a := c.want(200, "GET", query("/Users", "filter", `userName eq "`+name+`"`, "startIndex", "1", "count", "100"), ""); a.str("totalResults") != "0" {
			t.Errorf("a probe: %s", a.text)
		}
		a := c.want(201, "POST", "/Users", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"`+name+`","name":{"givenName":"T","familyName":"U"},
			"emails":[{"primary":true,"value":"`+name+`","type":"work"}],"displayName":"T U","locale":"en-US","externalId":"00ujl29u0le5T6Aj10h7","groups":[],"password":"1mz050nq","active":true}`)
		if strings.Contains(a.text, "1mz050nq") {
			t.Errorf("the password comes back: %s", a.text)
		}
		ids = append(ids, a.id())
	}
	path := "/Users/" + ids[0]
	a := c.want(200, "PUT", path, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"`+ids[0]+`","userName":"okta0@example.com","name":{"givenName":"Another","middleName":"","familyName":"U"},
		"emails":[{"primary":true,"value":"okta0@example.com","type":"work","display":"okta0@example.com"}],"active":true,"groups":[],"meta":{"resourceType":"User"}}`)
	if a.str("name.givenName") != "Another" || a.get("locale") != nil {
		t.Errorf("a PUT: %s", a.text)
	}
	if a := c.want(200, "PATCH", path, patch(`{"op":"replace","value":{"active":false}}`)); a.get("active") != false || a.str("userName") == "" {
		t.Errorf("a deactivation: %s", a.text)
	}
	c.want(200, "PATCH", path, patch(`{"op":"replace","value":{"password":"t1meMa$heen"}}`))
	g := c.want(201, "POST", "/Groups", group("Test SCIMv2", `"members":[]`)).id()
	gpath := "/Groups/" + g
	for _, s := range []struct{ name, op, want string }{
		{"rename", `{"op":"replace","value":{"id":"` + g + `","displayName":"Test 1"}}`, ""},
		{"set", `{"op":"replace","path":"members","value":[{"value":"` + ids[0] + `","display":"okta0@example.com"},{"value":"` + ids[1] + `","display":"okta1@example.com"}]}`, "0,1"},
		{"remove and add", `{"op":"remove","path":"members[value eq \"` + ids[0] + `\"]"},{"op":"add","path":"members","value":[{"value":"` + ids[2] + `","display":"okta2@example.com"}]}`, "1,2"},
		{"clear", `{"op":"replace","path":"members","value":[]}`, ""},
	} {
		c.want(204, "PATCH", gpath, patch(s.op))
		if a := c.want(200, "GET", gpath, ""); memberNumbers(a, ids) != s.want || a.str("displayName") != "Test 1" || a.id() != g {
			t.Errorf("%s: %s", s.name, a.text)
		}
	}
	c.want(204, "DELETE", gpath, "")
}

// What other identity providers send.
func testOtherVendors(t *testing.T, c *session, _ bool) {
	google := c.with("Content-Type", "application/json").with("User-Agent", "Google-Auto-Provisioning")
	anna := google.want(201, "POST", "/Users", `{"schemas":["urn:scim:schemas:core:1.0","urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"anna@example.com","name":{"givenName":"Anna","familyName":"Ek"},"active":true}`).id()
	oneLogin := c.want(201, "POST", "/Users", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"bob@example.com","emails":{"value":"bob@example.com","primary":true}}`)
	if oneLogin.str("emails.0.value") != "bob@example.com" {
		t.Errorf("emails as an object: %s", oneLogin.text)
	}
	bob := oneLogin.id()
	// JumpCloud tries its connection by making and deleting a user and a group, and repeats itself.
	test := c.want(201, "POST", "/Users", user("jumpcloud-test@example.com")).id()
	testGroup := c.want(201, "POST", "/Groups", group("jumpcloud-test")).id()
	c.want(204, "DELETE", "/Users/"+test, "")
	c.want(204, "DELETE", "/Groups/"+testGroup, "")
	ids := []string{anna, bob}
	path := "/Groups/" + c.want(201, "POST", "/Groups", group("g")).id()
	for _, s := range []struct{ name, op, want string }{
		{"JumpCloud adds", `{"op":"add","path":"members","value":[{"value":"` + anna + `"}]}`, "0"},
		{"JumpCloud adds again", `{"op":"add","path":"members","value":[{"value":"` + anna + `"}]}`, "0"},
		{"OneLogin adds", `{"op":"add","path":"members","value":[{"value":"` + bob + `"}]}`, "0,1"},
		{"JumpCloud removes", `{"op":"remove","path":"members","value":[{"value":"` + anna + `"}]}`, "1"},
		{"Ping removes", `{"op":"remove","path":"members","value":{"members":[{"value":"` + bob + `"}]}}`, ""},
		{"a single value", `{"op":"add","path":"members","value":{"value":"` + bob + `"}}`, "1"},
	} {
		c.want(204, "PATCH", path, patch(s.op))
		if got := memberNumbers(c.want(200, "GET", path, ""), ids); got != s.want {
			t.Errorf("%s: members %s, want %s", s.name, got, s.want)
		}
	}
	// SailPoint replaces what is not there.
	a := c.want(200, "PATCH", "/Users/"+anna, patch(`{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"Amsterdam"},{"op":"replace","path":"name.middleName","value":"B"}`))
	if a.str("addresses.0.locality") != "Amsterdam" || a.str("name.middleName") != "B" {
		t.Errorf("SailPoint: %s", a.text)
	}
}
