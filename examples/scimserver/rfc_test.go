package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What a service tells of itself (RFC 7644 section 4, RFC 7643 sections 5 to 7).
func testDiscovery(t *testing.T, c *session, _ bool) {
	config := c.want(200, "GET", "/ServiceProviderConfig", "")
	for _, path := range []string{"patch.supported", "bulk.supported", "filter.supported", "sort.supported", "etag.supported", "pagination.cursor", "pagination.index"} {
		if config.get(path) != true {
			t.Errorf("%s is %v", path, config.get(path))
		}
	}
	for _, path := range []string{"bulk.maxOperations", "bulk.maxPayloadSize", "filter.maxResults", "authenticationSchemes.0.type", "authenticationSchemes.0.name", "authenticationSchemes.0.description", "meta.location"} {
		if config.str(path) == "" {
			t.Errorf("%s is missing: %s", path, config.text)
		}
	}
	if config.str("meta.resourceType") != "ServiceProviderConfig" || config.get("changePassword.supported") == nil {
		t.Errorf("configuration: %s", config.text)
	}
	types := c.want(200, "GET", "/ResourceTypes", "")
	if types.str("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:ListResponse" || types.str("totalResults") != "2" {
		t.Errorf("resource types: %s", types.text)
	}
	for _, name := range []string{"User", "Group"} {
		a := c.want(200, "GET", "/ResourceTypes/"+name, "")
		if a.str("endpoint") != "/"+name+"s" || a.str("name") != name || a.str("schema") == "" || a.str("meta.resourceType") != "ResourceType" {
			t.Errorf("resource type: %s", a.text)
		}
		c.want(200, "GET", "/Schemas/"+a.str("schema"), "")
	}
	if a := c.want(200, "GET", "/ResourceTypes/User", ""); a.str("schemaExtensions.0.schema") != enterpriseURN || a.get("schemaExtensions.0.required") != false {
		t.Errorf("extensions: %s", a.text)
	}
	schemas := c.want(200, "GET", "/Schemas", "")
	ids := schemas.names("id")
	for _, want := range []string{userURN, enterpriseURN, groupURN} {
		if !slices.Contains(ids, want) {
			t.Errorf("schemas: %v", ids)
		}
	}
	for i, r := range list(schemas.get("Resources")) {
		location := r.(map[string]any)["meta"].(map[string]any)["location"].(string)
		_, path, _ := strings.Cut(location, "/scim/v2")
		if a := c.want(200, "GET", path, ""); a.id() != ids[i] {
			t.Errorf("GET %s gives %s", path, a.id())
		}
		checkAttributes(t, ids[i], r.(map[string]any)["attributes"])
	}
	for _, endpoint := range []string{"/ServiceProviderConfig", "/ResourceTypes", "/Schemas"} {
		if endpoint == "/ServiceProviderConfig" { // it is no list
			c.want(200, "GET", query(endpoint, "filter", "invalid"), "")
		} else {
			c.fails(403, "", "GET", query(endpoint, "filter", `id eq "User"`), "")
		}
		c.want(200, "GET", query(endpoint, "startIndex", "7", "count", "1", "attributes", "id", "sortBy", "id"), "")
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			if a := c.fails(405, "", method, endpoint, "{}"); a.header.Get("Allow") == "" {
				t.Errorf("%s %s: 405 without Allow", method, endpoint)
			}
		}
	}
	c.fails(404, "", "GET", "/Schemas/urn:none", "")
	c.fails(404, "", "GET", "/ResourceTypes/None", "")
}

// checkAttributes holds the definition of attributes to RFC 7643 section 7.
func checkAttributes(t *testing.T, schema string, v any) {
	for _, v := range list(v) {
		a := v.(map[string]any)
		name := fmt.Sprint(schema, " ", a["name"])
		for member, allowed := range map[string][]any{
			"type":        {"string", "boolean", "decimal", "integer", "dateTime", "binary", "reference", "complex"},
			"mutability":  {"readOnly", "readWrite", "immutable", "writeOnly"},
			"returned":    {"always", "never", "default", "request"},
			"uniqueness":  {"none", "server", "global"},
			"multiValued": {true, false}, "required": {true, false}, "caseExact": {true, false},
		} {
			if !slices.Contains(allowed, a[member]) {
				t.Errorf("%s: %s is %v", name, member, a[member])
			}
		}
		if _, ok := a["description"].(string); !ok {
			t.Errorf("%s has no description", name)
		}
		if (a["type"] == "complex") != (len(list(a["subAttributes"])) > 0) {
			t.Errorf("%s is %v with sub-attributes %v", name, a["type"], a["subAttributes"])
		}
		if a["type"] == "reference" && len(list(a["referenceTypes"])) == 0 {
			t.Errorf("%s is a reference without types", name)
		}
		checkAttributes(t, name, a["subAttributes"])
	}
}

// Methods, media types and paths (RFC 7644 sections 3.1, 3.2 and 3.8).
func testProtocol(t *testing.T, c *session, strict bool) {
	id := c.want(201, "POST", "/Users", user("anna")).id()
	c.fails(404, "", "GET", "/Nothing", "")
	c.fails(404, "", "GET", "/Users/"+id+"/name", "")
	c.fails(405, "", "PUT", "/Users", user("x"))
	c.fails(405, "", "PATCH", "/Users", patch())
	c.fails(405, "", "DELETE", "/Users", "")
	c.fails(405, "", "POST", "/Users/"+id, user("x"))
	c.fails(405, "", "GET", "/Bulk", "")
	c.fails(405, "", "GET", "/.search", "")
	c.fails(405, "", "OPTIONS", "/Users", "")
	c.fails(501, "", "GET", "/Me", "")
	c.want(200, "GET", "/Users/", "")
	c.want(200, "GET", "/Users/"+id+"/", "")
	if a := c.want(200, "HEAD", "/Users/"+id, ""); a.text != "" || a.header.Get("ETag") == "" {
		t.Errorf("HEAD: %v %q", a.header, a.text)
	}
	for i, media := range []string{"application/scim+json", "application/json", "application/scim+json; charset=utf-8", "application/json;charset=UTF-8", "Application/SCIM+JSON"} {
		c.with("Content-Type", media).want(201, "POST", "/Users", user(fmt.Sprint("media", i)))
	}
	for _, media := range []string{"text/xml", "application/x-www-form-urlencoded", "application/json; charset=iso-8859-1", "nonsense"} {
		c.with("Content-Type", media).fails(415, "", "POST", "/Users", user("x"))
	}
	c.with("Content-Type", "text/json").want(either(strict, 415, 201), "POST", "/Users", user("media text"))
	c.with("Content-Type", "").want(either(strict, 415, 201), "POST", "/Users", user("media none"))
	for _, accept := range []string{"application/scim+json", "application/json", "*/*", "application/scim+json; charset=utf-8", "application/json, text/plain, */*", ""} {
		a := c.with("Accept", accept).want(200, "GET", "/Users/"+id, "")
		if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/scim+json") {
			t.Errorf("Accept %q is answered with %q", accept, got)
		}
	}
	// The same resource is found by its escaped id, and strange ids are not found.
	c.want(200, "GET", "/Users/"+strings.ReplaceAll(id, "-", "%2D"), "")
	for _, strange := range []string{"x", "%00", "%2F", "..%2FGroups", "%27%20OR%201=1", strings.Repeat("a", 3000), "%C3%A9", "%FF"} {
		c.fails(404, "", "GET", "/Users/"+strange, "")
		c.fails(404, "", "DELETE", "/Users/"+strange, "")
	}
	// Parameters that are not SCIM's are ignored.
	c.want(200, "GET", "/Users/"+id+"?aadOptscim062020&x=%20y", "")
	c.fails(400, "", "GET", "/Users?filter=%zz", "")
}

// POST (RFC 7644 section 3.3).
func testCreate(t *testing.T, c *session, strict bool) {
	a := c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`","`+enterpriseURN+`"],"id":"mine","externalId":"E-1","USERNAME":"Anna@Example.com",
		"meta":{"resourceType":"X","created":"2001-01-01T00:00:00Z"},"groups":[{"value":"x"}],"password":"s3cret","active":true,
		"name":{"formatted":"Anna Ek","familyName":"Ek","givenName":"Anna"},"displayName":"Anna \u00e9k","nickName":null,"ims":[],
		"emails":[{"value":"anna@example.com","type":"work","primary":true},{"value":"anna@home.example.com","type":"home"}],
		"`+enterpriseURN+`":{"department":"Tours","employeeNumber":"7"}}`)
	id := a.id()
	if id == "" || id == "mine" {
		t.Errorf("the id is %q", id)
	}
	if l := a.header.Get("Location"); l != a.str("meta.location") || !strings.HasSuffix(l, "/scim/v2/Users/"+id) {
		t.Errorf("Location %q, meta.location %q", l, a.str("meta.location"))
	}
	if e := a.header.Get("ETag"); e == "" || e != a.str("meta.version") {
		t.Errorf("ETag %q, meta.version %q", e, a.str("meta.version"))
	}
	want := []string{"active", "displayName", "emails", "externalId", "id", "meta", "name", "schemas", enterpriseURN, "userName"}
	if diff := cmp.Diff(want, keys(map[string]any(a.body))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if a.str("userName") != "Anna@Example.com" || a.str("displayName") != "Anna ék" || a.str("meta.resourceType") != "User" || a.str("meta.created") != a.str("meta.lastModified") || strings.HasPrefix(a.str("meta.created"), "2001") {
		t.Errorf("created: %s", a.text)
	}
	if b := c.want(200, "GET", "/Users/"+id, ""); b.text != a.text {
		t.Errorf("created\n%s\nread\n%s", a.text, b.text)
	}
	// userName is unique in any case; externalId belongs to the client.
	c.fails(409, "uniqueness", "POST", "/Users", user("anna@EXAMPLE.com"))
	c.want(201, "POST", "/Users", user("other", `"externalId":"E-1"`))
	// Whoever is deleted leaves the name free.
	c.want(204, "DELETE", "/Users/"+id, "")
	c.want(201, "POST", "/Users", user("anna@EXAMPLE.com"))

	c.fails(400, "invalidValue", "POST", "/Users", `{"schemas":["`+userURN+`"],"displayName":"x"}`)
	c.fails(400, "invalidValue", "POST", "/Users", user(""))
	c.fails(400, "invalidValue", "POST", "/Groups", `{"schemas":["`+groupURN+`"]}`)
	for _, bad := range []string{" ", "{", "[]", `"x"`, "null", "1", `{"schemas":["` + userURN + `"],"userName":"x"}x`, `{"userName":"x" "schemas":[]}`, "\xff\xfe"} {
		c.fails(400, "invalidSyntax", "POST", "/Users", bad)
	}
	for _, bad := range []string{`"name":"x"`, `"active":"maybe"`, `"active":[1,2]`, `"emails":[["x"]]`, `"userName":["a","b"]`, `"name":{"givenName":{"x":1}}`, `"meta":"x"`, `"displayName":{"a":1}`} {
		c.fails(400, "", "POST", "/Users", object([]string{`"schemas":["` + userURN + `"]`, `"userName":"bad"`, bad}))
	}
	for _, lax := range []string{`"active":"True"`, `"displayName":5`, `"emails":{"value":"x@example.com"}`, `"noSuch":"x"`, `"` + enterpriseURN + `":{"manager":"x"}`, `"title":["x"]`} {
		a := c.want(either(strict, 400, 201), "POST", "/Users", user("lax "+url.QueryEscape(lax), lax))
		if a.get("noSuch") != nil {
			t.Errorf("an unknown attribute is kept: %s", a.text)
		}
	}
	c.want(either(strict, 400, 201), "POST", "/Users", `{"userName":"no schemas"}`)
	c.want(either(strict, 400, 201), "POST", "/Users", `{"schemas":["urn:x"],"userName":"wrong schema"}`)
	// The URN of an extension is given back when there are values of it, asked for or not.
	if a := c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`","`+enterpriseURN+`"],"userName":"ext","`+strings.ToLower(enterpriseURN)+`":{"Department":"x"}}`); a.str(enterpriseURN) != "" || !strings.Contains(a.text, `"department":"x"`) {
		t.Errorf("extension: %s", a.text)
	}
	// Clients that keep an extension as an object of its own send its URN within it.
	a = c.want(201, "POST", "/Users", `{"schemas":["`+userURN+`","`+enterpriseURN+`"],"userName":"ext2","`+enterpriseURN+`":{"schemas":["`+enterpriseURN+`"],"department":"x"}}`)
	for _, op := range []string{"add", "replace"} {
		a = c.want(200, "PATCH", "/Users/"+a.id(), patch(`{"op":"`+op+`","path":"`+enterpriseURN+`","value":{"schemas":["`+enterpriseURN+`"],"department":"`+op+`"}}`))
		if a.at(enterpriseDot+"department") != op || a.at(enterpriseDot+"schemas") != nil {
			t.Errorf("an extension with its URN: %s", a.text)
		}
	}
	// A value and its type are there once (RFC 7643 section 2.4).
	a = c.want(201, "POST", "/Users", user("twice", `"emails":[{"value":"a@example.com","type":"work"},{"value":"A@example.com","type":"WORK","primary":true},{"value":"a@example.com","type":"home"}]`))
	if len(list(a.get("emails"))) != 2 || a.get("emails.0.primary") != true {
		t.Errorf("a value that is there twice: %s", a.text)
	}
	// Values that look like markup or code are values.
	for _, name := range []string{`Robert'); DROP TABLE scim_resources;--`, `<script>alert(1)</script>`, `日本語 🙂`, `a\\b\"c`, "tab\\there", strings.Repeat("long", 500)} {
		a := c.want(201, "POST", "/Users", user(name))
		b := c.want(200, "GET", "/Users/"+a.id(), "")
		if a.str("userName") != b.str("userName") || b.str("userName") == "" {
			t.Errorf("%q came back as %q", name, b.str("userName"))
		}
		if got := c.want(200, "GET", query("/Users", "filter", `userName eq "`+name+`"`), ""); got.str("totalResults") != "1" {
			t.Errorf("%q is not found: %s", name, got.text)
		}
	}
}

// Characters that databases do not take are refused, kept, or found nowhere; they are no internal error.
func testCharacters(t *testing.T, c *session, _ bool) {
	id := c.want(201, "POST", "/Users", user("anna")).id()
	path := "/Users/" + id
	for i, s := range []string{`nul\u0000`, `\ud800`, "\xff", `\udc00\ud800`, `\u0000`, "\u2028", `\ufffe`, "\ufeff"} {
		for _, r := range []struct{ method, path, body string }{
			{"POST", "/Users", user(fmt.Sprint("c", i, s))},
			{"POST", "/Users", user(fmt.Sprint("d", i), `"externalId":"`+s+`"`, `"title":"`+s+`"`, `"emails":[{"value":"`+s+`","type":"`+s+`"}]`)},
			{"POST", "/Users", user(fmt.Sprint("e", i), `"x`+s+`":"y"`)},
			{"POST", "/Groups", group("g"+s, `"members":`+members(s))},
			{"PUT", path, user("anna", `"title":"`+s+`"`)},
			{"PATCH", path, patch(`{"op":"add","path":"title","value":"` + s + `"}`)},
			{"PATCH", path, patch(`{"op":"remove","path":"emails[value eq \"` + s + `\"]"}`)},
			{"POST", "/Users/.search", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName eq \"` + s + `\""}`},
			{"GET", query("/Users", "filter", `userName sw "`+s+`" or title co "`+s+`" or emails[value eq "`+s+`"]`), ""},
			{"GET", query("/Users", "filter", `id eq "`+s+`" or groups.value eq "`+s+`" or `+enterpriseURN+`:manager.value ew "`+s+`"`), ""},
			{"GET", query("/Groups", "filter", `members.value eq "`+s+`"`), ""},
			{"GET", query("/Users", "sortBy", s, "attributes", s, "cursor", s), ""},
			{"POST", "/Bulk", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],"Operations":[{"method":"DELETE","path":"/Users/` + s + `","bulkId":"` + s + `"}]}`},
		} {
			a := c.do(r.method, r.path, r.body)
			if a.status >= 500 || strings.Contains(a.text, `"status":"500"`) {
				t.Errorf("%s %q %q is answered with %d %s", r.method, r.path, r.body, a.status, a.text)
			}
			if a.status == 201 && a.id() != "" {
				c.want(200, "GET", strings.TrimSuffix(r.path, "/")+"/"+a.id(), "")
			}
		}
	}
}

// GET of one resource (RFC 7644 section 3.4.1).
func testRead(t *testing.T, c *session, _ bool) {
	id := c.want(201, "POST", "/Users", user("anna")).id()
	c.want(200, "GET", "/Users/"+id, "")
	c.fails(404, "", "GET", "/Users/"+id+"x", "")
	c.fails(404, "", "GET", "/Groups/"+id, "")
	a := c.want(200, "GET", query("/Users", "filter", `userName eq "nobody"`), "")
	if !strings.Contains(a.text, `"Resources":[]`) || a.str("totalResults") != "0" || a.str("startIndex") != "1" || a.str("itemsPerPage") != "0" {
		t.Errorf("a list of nobody: %s", a.text)
	}
	if a.str("schemas.0") != "urn:ietf:params:scim:api:messages:2.0:ListResponse" {
		t.Errorf("a list: %s", a.text)
	}
}

// PUT (RFC 7644 section 3.5.1).
func testReplace(t *testing.T, c *session, strict bool) {
	a := c.want(201, "POST", "/Users", user("anna", `"title":"Guide"`, `"externalId":"1"`, `"emails":[{"value":"a@example.com"}]`))
	id, path := a.id(), "/Users/"+a.id()
	c.want(201, "POST", "/Users", user("bob"))
	b := c.want(200, "PUT", path, user("Anna2", `"id":"`+id+`"`, `"nickName":"An"`, `"meta":{"created":"2001-01-01T00:00:00Z"}`, `"groups":[{"value":"x"}]`))
	if b.str("userName") != "Anna2" || b.get("title") != nil || b.get("emails") != nil || b.get("externalId") != nil || b.str("nickName") != "An" || b.get("groups") != nil {
		t.Errorf("replaced: %s", b.text)
	}
	if b.str("meta.created") != a.str("meta.created") || b.str("meta.version") == a.str("meta.version") || b.header.Get("ETag") != b.str("meta.version") {
		t.Errorf("meta before\n%s\nafter\n%s", a.text, b.text)
	}
	// The same again changes nothing.
	if d := c.want(200, "PUT", path, user("Anna2", `"nickName":"An"`)); d.text != b.text {
		t.Errorf("the same again:\n%s\n%s", b.text, d.text)
	}
	c.fails(409, "uniqueness", "PUT", path, user("BOB"))
	c.want(200, "PUT", path, user("ANNA2"))
	c.fails(400, "invalidValue", "PUT", path, `{"schemas":["`+userURN+`"],"title":"x"}`)
	c.fails(400, "invalidSyntax", "PUT", path, "{")
	c.fails(404, "", "PUT", "/Users/none", user("x"))
	c.want(either(strict, 400, 200), "PUT", path, user("anna3", `"noSuch":1`))
	g := c.want(201, "POST", "/Groups", group("g", `"members":`+members(id))).id()
	if a := c.want(200, "PUT", "/Groups/"+g, group("g2")); a.get("members") != nil {
		t.Errorf("a group replaced by one without members: %s", a.text)
	}
	if a := c.want(200, "PUT", "/Groups/"+g, group("g2", `"members":`+members(id))); a.str("members.0.value") != id {
		t.Errorf("a group replaced by one with members: %s", a.text)
	}
}

// DELETE (RFC 7644 section 3.6).
func testDelete(t *testing.T, c *session, _ bool) {
	for endpoint, body := range map[string]string{"/Users": user("anna"), "/Groups": group("g")} {
		path := endpoint + "/" + c.want(201, "POST", endpoint, body).id()
		if a := c.want(204, "DELETE", path, ""); a.text != "" || a.header.Get("Content-Type") != "" {
			t.Errorf("204 with %q %v", a.text, a.header)
		}
		c.fails(404, "", "GET", path, "")
		c.fails(404, "", "DELETE", path, "")
		c.fails(404, "", "PUT", path, body)
		c.fails(404, "", "PATCH", path, patch(`{"op":"replace","path":"displayName","value":"x"}`))
		if a := c.want(200, "GET", endpoint, ""); a.str("totalResults") != "0" {
			t.Errorf("what is deleted is in the list: %s", a.text)
		}
	}
}
