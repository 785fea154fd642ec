package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

func patchBody(operations ...string) string {
	return `{"schemas":["` + scim.PatchOpSchema + `"],"Operations":[` + strings.Join(operations, ",") + `]}`
}

func userBody(name, more string) string {
	return fmt.Sprintf(`{"schemas":[%q],"userName":%q%s}`, scim.UserSchema, name, more)
}

// TestStatus sends one request each and looks at the status, the scimType, and what the answer contains.
func TestStatus(t *testing.T) {
	tests := []struct {
		name, method, path, body, header string
		strict                           bool
		status                           int
		scimType, contains               string
	}{
		{name: "create", method: "POST", path: "/Users", body: userBody("x", ""), status: 201, contains: `"userName":"x"`},
		{name: "create without a content type", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: ", status: 201},
		{name: "create with a charset", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: application/scim+json; charset=utf-8", status: 201},
		{name: "create as JSON", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: application/json", status: 201},
		{name: "create as text/json", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: text/json", status: 201},
		{name: "create with a slash at the end", method: "POST", path: "/Users/", body: userBody("x", ""), status: 201},
		{name: "create as XML", method: "POST", path: "/Users", body: "<user/>", header: "Content-Type: application/xml", status: 415},
		{name: "create in UTF-16", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: application/json; charset=utf-16", status: 415},
		{name: "create packed", method: "POST", path: "/Users", body: "x", header: "Content-Encoding: gzip", status: 415},
		{name: "strict: create without a content type", method: "POST", path: "/Users", body: userBody("x", ""), header: "Content-Type: ", strict: true, status: 415},
		{name: "strict: create", method: "POST", path: "/Users", body: userBody("x", ""), strict: true, status: 201},
		{name: "create twice", method: "POST", path: "/Users", body: userBody("BJENSEN", ""), status: 409, scimType: "uniqueness"},
		{name: "create without a name", method: "POST", path: "/Users", body: `{"schemas":["` + scim.UserSchema + `"]}`, status: 400, scimType: "invalidValue"},
		{name: "create of nothing", method: "POST", path: "/Users", body: ``, status: 400, scimType: "invalidSyntax"},
		{name: "create of a list", method: "POST", path: "/Users", body: `[]`, status: 400, scimType: "invalidSyntax"},
		{name: "create of broken JSON", method: "POST", path: "/Users", body: `{"userName":`, status: 400, scimType: "invalidSyntax"},
		{name: "create with a name twice", method: "POST", path: "/Users", body: `{"userName":"x","USERNAME":"y"}`, status: 400, scimType: "invalidSyntax"},
		{name: "create a group without a name", method: "POST", path: "/Groups", body: `{"schemas":["` + scim.GroupSchema + `"]}`, status: 400, scimType: "invalidValue"},
		{name: "create a group with nobody in it", method: "POST", path: "/Groups", body: `{"displayName":"x","members":[{"type":"User"}]}`, status: 400, scimType: "invalidValue"},
		{name: "create a group with a member that is empty", method: "POST", path: "/Groups", body: `{"displayName":"x","members":[{"value":""}]}`, status: 400, scimType: "invalidValue"},
		{name: "replace by a group with somebody and nobody in it", method: "PUT", path: "/Groups/{group}", body: `{"displayName":"x","members":[{"value":"a"},{"type":"User"}]}`, status: 200, contains: `"members":[{"value":"a"}]`},
		{name: "strict: replace by a group with somebody and nobody in it", method: "PUT", path: "/Groups/{group}", body: `{"schemas":["` + scim.GroupSchema + `"],"displayName":"x","members":[{"value":"a"},{"type":"User"}]}`, strict: true, status: 400, scimType: "invalidValue"},
		{name: "patch somebody and nobody into a group", method: "PATCH", path: "/Groups/{group}", body: patchBody(`{"op":"add","path":"members","value":[{"value":"a"},{"value":""}]}`), status: 200, contains: `{"value":"a"}]`},
		{name: "strict: patch somebody and nobody into a group", method: "PATCH", path: "/Groups/{group}", body: patchBody(`{"op":"add","path":"members","value":[{"value":"a"},{"value":""}]}`), strict: true, status: 400, scimType: "invalidValue"},
		{name: "patch a member without a value into a group", method: "PATCH", path: "/Groups/{group}", body: patchBody(`{"op":"replace","path":"members","value":[{"type":"User"}]}`), status: 400, scimType: "invalidValue"},
		{name: "create too much", method: "POST", path: "/Users", body: userBody(strings.Repeat("x", 2<<20), ""), status: 413},
		{name: "create, shown in part", method: "POST", path: "/Users?attributes=userName", body: userBody("x", `,"title":"t"`), status: 201, contains: `"userName":"x"`},

		{name: "get", method: "GET", path: "/Users/{user}", status: 200, contains: `"userName":"bjensen"`},
		{name: "get what is not there", method: "GET", path: "/Users/none", status: 404},
		{name: "get a user as a group", method: "GET", path: "/Groups/{user}", status: 404},
		{name: "get deeper", method: "GET", path: "/Users/{user}/name", status: 404},
		{name: "get what is no endpoint", method: "GET", path: "/scim/v2/Printers", status: 404},
		{name: "get what is no endpoint, below the base", method: "GET", path: "/scim/v2", status: 404},
		{name: "an ID with an escaped slash", method: "GET", path: "/Users/a%2Fb", status: 404},
		{name: "get with a base", method: "GET", path: "/t/acme/scim/v2/Users/{user}/", status: 200},
		{name: "unknown parameters", method: "GET", path: "/Users/{user}?aadOptscim062020&x=%20y", status: 200},
		{name: "a broken escape", method: "GET", path: "/Users?filter=%zz", status: 400, scimType: "invalidSyntax"},
		{name: "unknown attributes", method: "GET", path: "/Users/{user}?attributes=nonsense", status: 200, contains: `"id":"{user}"`},

		{name: "replace", method: "PUT", path: "/Users/{user}", body: userBody("x", ""), status: 200, contains: `"userName":"x"`},
		{name: "replace what is not there", method: "PUT", path: "/Users/none", body: userBody("x", ""), status: 404},
		{name: "replace by nothing", method: "PUT", path: "/Users/{user}", body: `{}`, status: 400, scimType: "invalidValue"},
		{name: "replace by a name in use", method: "PUT", path: "/Users/{user}", body: userBody("Other", ""), status: 409, scimType: "uniqueness"},
		{name: "replace with another id in it", method: "PUT", path: "/Users/{user}", body: userBody("x", `,"id":"other","meta":{"created":"2001-01-01T00:00:00Z"}`), status: 200, contains: `"id":"{user}"`},

		{name: "patch", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"replace","path":"title","value":"t"}`), status: 200, contains: `"title":"t"`},
		{name: "patch shown in part", method: "PATCH", path: "/Users/{user}?attributes=title", body: patchBody(`{"op":"replace","path":"title","value":"t"}`), status: 200, contains: `"title":"t"`},
		{name: "patch what is not there", method: "PATCH", path: "/Users/none", body: patchBody(`{"op":"replace","path":"title","value":"t"}`), status: 404},
		{name: "patch without operations", method: "PATCH", path: "/Users/{user}", body: `{}`, status: 400, scimType: "invalidSyntax"},
		{name: "patch a required attribute away", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"remove","path":"userName"}`), status: 400, scimType: "mutability"},
		{name: "patch to a name in use", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"replace","path":"userName","value":"other"}`), status: 409, scimType: "uniqueness"},
		{name: "strict: patch an unknown attribute", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"replace","path":"nonsense","value":"t"}`), strict: true, status: 400, scimType: "invalidPath"},
		{name: "strict: patch what no filter selects", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"replace","path":"emails[type eq \"other\"].value","value":"t@example.com"}`), strict: true, status: 400, scimType: "noTarget"},
		{name: "patch an id", method: "PATCH", path: "/Users/{user}", body: patchBody(`{"op":"replace","path":"id","value":"t"}`), status: 400, scimType: "mutability"},
		{name: "patch a group", method: "PATCH", path: "/Groups/{group}", body: patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), status: 200, contains: `"members":[{"value":"{user}"`},
		{name: "patch a group, shown in part", method: "PATCH", path: "/Groups/{group}?attributes=members", body: patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), status: 200, contains: `"value":"{user}"`},
		{name: "patch a group that is not there", method: "PATCH", path: "/Groups/none", body: patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), status: 404},

		{name: "delete", method: "DELETE", path: "/Users/{user}", status: 204},
		{name: "delete what is not there", method: "DELETE", path: "/Users/none", status: 404},

		{name: "list", method: "GET", path: "/Users", status: 200, contains: `"totalResults":2`},
		{name: "list none", method: "GET", path: "/Users?filter=userName%20eq%20%22none%22", status: 200, contains: `"Resources":[]`},
		{name: "list by two conditions", method: "GET", path: `/Users?filter=userName+eq+"bjensen"+and+active+eq+true&startIndex=1&count=100`, status: 200, contains: `"totalResults":1`},
		{name: "filter with a semicolon", method: "GET", path: `/Users?filter=userName+eq+"a;b"`, status: 200, contains: `"totalResults":0`},
		{name: "filter with blanks as pluses", method: "GET", path: `/Users?filter=userName+eq+"a%2Bb"`, status: 200, contains: `"userName":"a+b"`},
		{name: "filter with a plus that is not escaped", method: "GET", path: `/Users?filter=userName%20eq%20"a+b"`, status: 200, contains: `"userName":"a+b"`},
		{name: "filter by a bare word", method: "GET", path: "/Users?filter=bareword", status: 400, scimType: "invalidFilter"},
		{name: "filter by an unknown attribute", method: "GET", path: `/Users?filter=nonsense+eq+"x"`, status: 400, scimType: "invalidFilter"},
		{name: "filter by a secret", method: "GET", path: `/Users?filter=password+eq+"x"`, status: 400, scimType: "invalidFilter"},
		{name: "order a boolean", method: "GET", path: `/Users?filter=active+gt+true`, status: 400, scimType: "invalidFilter"},
		{name: "a filter that is too long", method: "GET", path: `/Users?filter=userName+eq+"` + strings.Repeat("x", 9000) + `"`, status: 400, scimType: "invalidFilter"},
		{name: "a filter that is too deep", method: "GET", path: `/Users?filter=` + strings.Repeat("(", 100) + `title+pr` + strings.Repeat(")", 100), status: 400, scimType: "invalidFilter"},
		{name: "count of nothing", method: "GET", path: "/Users?count=x", status: 400, scimType: "invalidValue"},
		{name: "negative start", method: "GET", path: "/Users?startIndex=-5", status: 200, contains: `"startIndex":1`},
		{name: "negative count", method: "GET", path: "/Users?count=-5", status: 200, contains: `"itemsPerPage":0`},
		{name: "count 0", method: "GET", path: "/Users?count=0", status: 200, contains: `"totalResults":2`},
		{name: "huge numbers", method: "GET", path: "/Users?count=99999999999999999999&startIndex=99999999999999999999", status: 200, contains: `"itemsPerPage":0`},
		{name: "sort", method: "GET", path: "/Users?sortBy=userName&sortOrder=descending&count=1", status: 200, contains: `"userName":"other"`},
		{name: "sort by nothing known", method: "GET", path: "/Users?sortBy=nonsense", strict: true, status: 400, scimType: "invalidPath"},
		{name: "a wrong cursor", method: "GET", path: "/Users?cursor=x", status: 400, scimType: "invalidCursor"},

		{name: "search", method: "POST", path: "/Users/.search", body: `{"schemas":["` + scim.SearchRequestSchema + `"],"filter":"userName eq \"bjensen\"","attributes":["userName"]}`, status: 200, contains: `"totalResults":1`},
		{name: "search all", method: "POST", path: "/.search", body: `{"schemas":["` + scim.SearchRequestSchema + `"],"filter":"displayName pr or userName pr"}`, status: 200, contains: `"totalResults":3`},
		{name: "search all by meta", method: "POST", path: "/.search", body: `{"schemas":["` + scim.SearchRequestSchema + `"],"filter":"meta.resourceType eq \"Group\""}`, status: 200, contains: `"totalResults":1`},
		{name: "list all", method: "GET", path: "/", status: 200, contains: `"totalResults":3`},
		{name: "list all sorted", method: "GET", path: "/?sortBy=meta.lastModified&count=2", status: 200, contains: `"itemsPerPage":2`},
		{name: "list all from the third", method: "GET", path: "/?startIndex=3", status: 200, contains: `"displayName":"Guides"`},

		{name: "config", method: "GET", path: "/ServiceProviderConfig", status: 200, contains: `"pagination":{"cursor":true`},
		{name: "resource types", method: "GET", path: "/ResourceTypes", status: 200, contains: `"totalResults":2`},
		{name: "one resource type", method: "GET", path: "/ResourceTypes/User", status: 200, contains: `"endpoint":"/Users"`},
		{name: "no resource type", method: "GET", path: "/ResourceTypes/Printer", status: 404},
		{name: "schemas", method: "GET", path: "/Schemas?startIndex=2&count=1", status: 200, contains: `"totalResults":3`},
		{name: "one schema", method: "GET", path: "/Schemas/" + scim.EnterpriseUserSchema, status: 200, contains: `"name":"costCenter"`},
		{name: "no schema", method: "GET", path: "/Schemas/urn:x", status: 404},
		{name: "filtered schemas", method: "GET", path: `/Schemas?filter=id+pr`, status: 403},
		{name: "filtered config", method: "GET", path: `/ServiceProviderConfig?filter=id+pr`, status: 200},

		{name: "me, who is nobody", method: "GET", path: "/Me", status: 501},
		{name: "create me", method: "POST", path: "/Me", body: userBody("x", ""), status: 501},

		{name: "method: users", method: "PUT", path: "/Users", status: 405},
		{name: "method: users delete", method: "DELETE", path: "/Users", status: 405},
		{name: "method: user", method: "POST", path: "/Users/{user}", status: 405},
		{name: "method: search", method: "GET", path: "/Users/.search", status: 405},
		{name: "method: bulk", method: "GET", path: "/Bulk", status: 405},
		{name: "method: config", method: "POST", path: "/ServiceProviderConfig", status: 405},
		{name: "method: schema", method: "DELETE", path: "/Schemas/" + scim.UserSchema, status: 405},
		{name: "method: types", method: "PATCH", path: "/ResourceTypes", status: 405},
		{name: "method of nothing known", method: "BREW", path: "/Users", status: 405},
		{name: "head", method: "HEAD", path: "/Users/{user}", status: 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := &server.Options{}
			if tt.strict {
				o.Dialect = server.AlwaysStrict
			}
			s := newService(t, o)
			ids := strings.NewReplacer("{user}", s.user("bjensen"), "{group}", s.group("Guides"))
			s.user("other")
			if strings.Contains(tt.name, "plus") {
				s.user("a+b")
			}
			headers := []string{"Content-Type: application/scim+json"}
			if tt.header != "" {
				headers = []string{tt.header}
			}
			path := strings.NewReplacer(`"`, "%22").Replace(ids.Replace(tt.path))
			a := s.do(tt.method, path, ids.Replace(tt.body), headers...)
			if a.status != tt.status || a.GetString("scimType") != tt.scimType || !strings.Contains(a.text, ids.Replace(tt.contains)) {
				t.Errorf("%s %s: got %d %s\nwant %d %s %s", tt.method, path, a.status, a.text, tt.status, tt.scimType, tt.contains)
			}
			if a.status >= 400 && (!strings.Contains(a.text, scim.ErrorSchema) || a.GetString("status") != fmt.Sprint(a.status) || a.GetString("detail") == "") {
				t.Errorf("%s %s: the error is not as RFC 7644 section 3.12 has it: %s", tt.method, path, a.text)
			}
			if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") == "" {
				t.Error("405 without an Allow header")
			}
			if a.status == http.StatusCreated && (a.header.Get("Location") == "" || a.header.Get("ETag") == "") {
				t.Errorf("201 without a Location and an ETag: %v", a.header)
			}
		})
	}
}
