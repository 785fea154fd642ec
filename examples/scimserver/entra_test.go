package main

import (
	"strings"
	"testing"
)

// What Entra ID sends for users without the flag aadOptscim062020, and what Microsoft's SCIM validator checks.
func testEntraUsers(t *testing.T, c *session, _ bool) {
	// The test of the connection.
	for _, f := range []string{`userName eq "AzureAD_Test-0d2b6a4f"`, `externalId eq "none"`, `id eq "none"`, `emails[type eq "work"].value eq "none"`, `externalId eq jyoung`} {
		if a := c.want(200, "GET", query("/Users", "filter", f), ""); !strings.Contains(a.text, `"Resources":[]`) || a.str("totalResults") != "0" {
			t.Errorf("%s gives %s", f, a.text)
		}
	}
	body := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"jyoung","userName":"jyoung@testuser.com","active":true,"addresses":null,"displayName":"Joy Young",
		"emails":[{"type":"work","value":"jyoung@Contoso.com","primary":true}],"meta":{"resourceType":"User"},
		"name":{"familyName":"Young","givenName":"Joy"},"phoneNumbers":null,"preferredLanguage":null,"title":null,"roles":[],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":null,"manager":null}}`
	a := c.want(201, "POST", "/Users", body)
	id, path := a.id(), "/Users/"+a.id()
	c.fails(409, "uniqueness", "POST", "/Users", body)
	for _, f := range []string{`userName eq "jyoung@testuser.com"`, `externalId eq jyoung`, `externalId eq "jyoung" and active eq true`, `emails[type eq "work"].value eq "jyoung@contoso.com"`, `id eq "` + id + `" and userName eq "JYOUNG@testuser.com"`} {
		if a := c.want(200, "GET", query("/Users", "filter", f), ""); a.str("totalResults") != "1" || a.str("Resources.0.id") != id {
			t.Errorf("%s gives %s", f, a.text)
		}
	}
	steps := []struct {
		name, ops string
		want      map[string]any
	}{
		{"attributes of all kinds", `{"op":"Replace","path":"displayName","value":"Joy Y"},{"op":"Add","path":"name.formatted","value":"Joy Young"},{"op":"Replace","path":"userName","value":"joy@testuser.com"}`,
			map[string]any{"displayName": "Joy Y", "name.formatted": "Joy Young", "name.familyName": "Young", "userName": "joy@testuser.com"}},
		{"an address from nothing, in one element", `{"op":"Add","path":"addresses[type eq \"work\"].streetAddress","value":"Dam 1"},{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Amsterdam"},{"op":"Replace","path":"addresses[type eq \"work\"].Country","value":"NL"}`,
			map[string]any{"addresses.0.streetAddress": "Dam 1", "addresses.0.locality": "Amsterdam", "addresses.0.country": "NL", "addresses.0.type": "work", "addresses.1": nil}},
		{"a telephone from nothing", `{"op":"Replace","path":"phoneNumbers[type eq \"mobile\"].value","value":"+31 6 1"}`, map[string]any{"phoneNumbers.0.value": "+31 6 1", "phoneNumbers.0.type": "mobile"}},
		{"the mail address", `{"op":"Replace","path":"emails[type eq \"work\"].value","value":"joy@contoso.com"}`, map[string]any{"emails.0.value": "joy@contoso.com", "emails.0.primary": true, "emails.1": nil}},
		{"capital sub-attribute", `{"op":"Add","path":"emails[type eq \"other\"].Value","value":"o@contoso.com"}`, map[string]any{"emails.1.value": "o@contoso.com", "emails.1.type": "other"}},
		{"the manager as text", `{"op":"Add","path":"` + enterpriseURN + `:manager","value":"` + id + `"}`, map[string]any{enterpriseDot + "manager.value": id}},
		{"the manager as a list", `{"op":"Replace","path":"` + enterpriseURN + `:manager","value":[{"value":"m2"}]}`, map[string]any{enterpriseDot + "manager.value": "m2"}},
		{"no manager", `{"op":"Replace","path":"` + enterpriseURN + `:manager","value":""}`, map[string]any{enterpriseDot + "manager": nil}},
		{"the department", `{"op":"Add","path":"` + enterpriseURN + `:department","value":"Tours"}`, map[string]any{enterpriseDot + "department": "Tours"}},
		{"keys with dots and URNs", `{"op":"Replace","value":{"name.givenName":"Joyce","` + enterpriseURN + `:department":"Sales","emails[type eq \"work\"].value":"j@contoso.com","noSuch":"x"}}`,
			map[string]any{"name.givenName": "Joyce", "name.familyName": "Young", enterpriseDot + "department": "Sales", "emails.0.value": "j@contoso.com", "noSuch": nil}},
		{"roles", `{"op":"Add","path":"roles","value":[{"value":"{\"id\":\"r1\",\"value\":\"Admin\"}","primary":"True"}]}`, map[string]any{"roles.0.primary": true}},
		{"the primary role", `{"op":"Replace","path":"roles[primary eq \"True\"].value","value":"User"}`, map[string]any{"roles.0.value": "User", "roles.1": nil}},
		{"an unknown extension", `{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:custom:2.0:User:x","value":"y"},{"op":"Add","path":"title","value":"Guide"}`, map[string]any{"title": "Guide"}},
		{"remove", `{"op":"Remove","path":"title"},{"op":"Remove","path":"phoneNumbers[type eq \"mobile\"]"},{"op":"Remove","path":"phoneNumbers[type eq \"fax\"].value"}`, map[string]any{"title": nil, "phoneNumbers": nil}},
		{"disable", `{"op":"Replace","path":"active","value":"False"}`, map[string]any{"active": false, "userName": "joy@testuser.com"}},
		{"disable again", `{"op":"Replace","value":{"active":"False"}}`, map[string]any{"active": false}},
		{"enable", `{"op":"Add","path":"active","value":"True"}`, map[string]any{"active": true}},
	}
	for _, s := range steps {
		a := c.want(200, "PATCH", path, patch(s.ops))
		for attribute, want := range s.want {
			if got := a.at(attribute); got != want {
				t.Errorf("%s: %s is %v, want %v: %s", s.name, attribute, got, want, a.text)
			}
		}
	}
	// Whoever is disabled can be read and found.
	c.want(200, "PATCH", path, patch(`{"op":"Replace","path":"active","value":"False"}`))
	c.want(200, "GET", path, "")
	if a := c.want(200, "GET", query("/Users", "filter", `userName eq "joy@testuser.com"`), ""); a.str("totalResults") != "1" || a.get("Resources.0.active") != false {
		t.Errorf("a soft delete: %s", a.text)
	}
	c.want(200, "PATCH", path+"?aadOptscim062020", patch(`{"op":"replace","path":"active","value":true}`))
	c.want(200, "PATCH", path, patch(`{"op":"Replace","path":"title","value":null}`))
	c.want(204, "DELETE", path, "")
	c.want(404, "DELETE", path, "")
}

// enterpriseDot stands for the extension in the paths of at.
const enterpriseDot = "enterprise:"

// at is get for paths into the enterprise extension too.
func (a *answer) at(path string) any {
	if name, ok := strings.CutPrefix(path, enterpriseDot); ok {
		extension, _ := a.body[enterpriseURN].(map[string]any)
		return (&answer{body: extension}).get(name)
	}
	return a.get(path)
}

// What Entra ID sends for groups.
func testEntraGroups(t *testing.T, c *session, _ bool) {
	var ids []string
	for _, name := range []string{"anna", "bob", "carl"} {
		ids = append(ids, c.want(201, "POST", "/Users", user(name)).id())
	}
	if a := c.want(200, "GET", query("/Groups", "excludedAttributes", "members", "filter", `displayName eq "none"`), ""); !strings.Contains(a.text, `"Resources":[]`) {
		t.Errorf("a probe: %s", a.text)
	}
	a := c.want(201, "POST", "/Groups", `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159","displayName":"Guides","meta":{"resourceType":"Group"}}`)
	path := "/Groups/" + a.id()
	if a := c.want(200, "GET", path+"?excludedAttributes=members", ""); a.get("members") != nil || a.str("externalId") == "" {
		t.Errorf("a group without members: %s", a.text)
	}
	for _, s := range []struct{ name, op, want string }{
		{"add", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + ids[0] + `"}]}`, "0"},
		{"add more", `{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + ids[1] + `"},{"$ref":null,"value":"` + ids[2] + `"}]}`, "0,1,2"},
		{"add again", `{"op":"Add","path":"members","value":[{"value":"` + ids[1] + `"}]}`, "0,1,2"},
		{"remove one", `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"` + ids[0] + `"}]}`, "1,2"},
		{"remove one who is gone", `{"op":"Remove","path":"members","value":[{"value":"` + ids[0] + `"}]}`, "1,2"},
		{"remove nobody", `{"op":"Remove","path":"members","value":[]}`, "1,2"},
		{"rename", `{"op":"Replace","path":"displayName","value":"Guides 2"}`, "1,2"},
		{"remove by a filter", `{"op":"Remove","path":"members[value eq \"` + ids[1] + `\"]"}`, "2"},
	} {
		if a := c.want(204, "PATCH", path, patch(s.op)); a.text != "" {
			t.Errorf("%s: 204 with %q", s.name, a.text)
		}
		if got := memberNumbers(c.want(200, "GET", path, ""), ids); got != s.want {
			t.Errorf("%s: members %s, want %s", s.name, got, s.want)
		}
	}
	if a := c.want(200, "GET", query("/Groups", "filter", `displayName eq "guides 2"`, "excludedAttributes", "members"), ""); a.str("totalResults") != "1" {
		t.Errorf("a group by its name: %s", a.text)
	}
	if a := c.want(200, "GET", query("/Groups", "filter", `id eq "`+a.id()+`" and members eq "`+ids[2]+`"`), ""); a.str("totalResults") != "1" {
		t.Errorf("is one a member: %s", a.text)
	}
	c.want(204, "DELETE", path, "")
}

// What Entra ID sends with the flag aadOptscim062020 is as the RFC has it.
func testEntraCompliant(t *testing.T, c *session, strict bool) {
	id := c.want(201, "POST", "/Users?aadOptscim062020", user("anna", `"active":true`)).id()
	g := c.want(201, "POST", "/Groups?aadOptscim062020", group("Guides", `"externalId":"1"`)).id()
	a := c.want(200, "PATCH", "/Users/"+id+"?aadOptscim062020", patch(`{"op":"replace","path":"displayName","value":"Anna"},{"op":"replace","path":"active","value":false}`))
	if a.str("displayName") != "Anna" || a.get("active") != false {
		t.Errorf("users: %s", a.text)
	}
	c.want(either(strict, 400, 200), "PATCH", "/Users/"+id+"?aadOptscim062020", patch(`{"op":"replace","value":{"displayName":"A","name.givenName":"B","`+enterpriseURN+`:department":"C"}}`))
	c.want(204, "PATCH", "/Groups/"+g, patch(`{"op":"add","path":"members","value":[{"value":"`+id+`"}]}`))
	c.want(204, "PATCH", "/Groups/"+g, patch(`{"op":"remove","path":"members[value eq \"`+id+`\"]"}`))
	if a := c.want(200, "GET", "/Groups/"+g, ""); len(list(a.get("members"))) != 0 {
		t.Errorf("groups: %s", a.text)
	}
}
