package server_test

import (
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

const search = `{"schemas":["` + scim.SearchRequestSchema + `"],`

// What a service provider can do, capability by capability, in one example each; what is behind each has tests of its own.
func TestCapabilities(t *testing.T) {
	ent := `"` + scim.EnterpriseUserSchema + `":{"department":"IT","manager":{"value":"{other}"}}`
	play(t, []story{
		{"POST, GET, PUT, DELETE", []step{{"POST /Users", userBody("x", ""), scimType, 201, `"id"`, ""}, {"GET /Users/{user}", "", "", 200, "bjensen", ""}, {"PUT /Users/{user}", userBody("y", ""), scimType, 200, `"userName":"y"`, "emails"}, {"DELETE /Users/{user}", "", "", 204, "", "{"}, {"GET /Users/{user}", "", "", 404, "", ""}}},
		{"HEAD", []step{{"HEAD /Users/{user}", "", "", 200, "", "{"}, {"HEAD /Users", "", "", 200, "", "{"}}},
		{"PATCH is applied", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"title","value":"t"}`, `{"op":"remove","path":"emails"}`), scimType, 200, `"title":"t"`, "emails"}}},
		{"PATCH answers with what is asked for", []step{{"PATCH /Users/{user}?attributes=title", patchBody(`{"op":"add","path":"title","value":"t"}`), scimType, 200, `"title":"t"`, "userName"}, {"PATCH /Groups/{group}?excludedAttributes=members", patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), scimType, 200, "displayName", "members"}}},
		{"pages by index", []step{{"GET /Users?startIndex=2&count=1", "", "", 200, `"totalResults":2,"startIndex":2,"itemsPerPage":1`, ""}}},
		{"pages by cursor", []step{{"GET /Users?cursor=&count=1", "", "", 200, `"nextCursor":"`, "previousCursor"}, {"GET /Users?cursor=&count=2", "", "", 200, `"itemsPerPage":2`, "nextCursor"}}},
		{"sortBy and sortOrder", []step{{"GET /Users?sortBy=userName&sortOrder=descending&count=1", "", "", 200, `"userName":"other"`, ""}, {"GET /Users?sortBy=emails.value&count=1", "", "", 200, `"userName":"bjensen"`, ""}}},
		{"attributes", []step{{"GET /Users/{user}?attributes=emails.value,active", "", "", 200, `"emails":[{"value":"bjensen@example.com"}]`, "userName"}, {"GET /Users?attributes=userName", "", "", 200, `"schemas":["` + scim.UserSchema + `"]`, "emails"}, {"POST /Users?attributes=title", userBody("x", `,"title":"t"`), scimType, 201, `"title":"t"`, "userName"}}},
		{"excludedAttributes", []step{{"GET /Users/{user}?excludedAttributes=emails,id,schemas", "", "", 200, `"id":"{user}"`, "emails"}}},
		{"returned: never and request", []step{{"POST /Users", userBody("x", `,"password":"p4ss"`), scimType, 201, "", "p4ss"}, {"GET /Users?attributes=password&filter=userName+eq+%22x%22", "", "", 200, "", "p4ss"}}},
		{"mutability: readOnly is ignored", []step{{"PUT /Users/{user}", userBody("x", `,"id":"mine","groups":[{"value":"g"}],"meta":{"created":"2001-01-01T00:00:00Z"}`), scimType, 200, `"id":"{user}"`, "2001"}}},
		{"mutability: readOnly cannot be patched", []step{{"PATCH /Users/{user}", patchBody(`{"op":"replace","path":"id","value":"x"}`), scimType, 400, `"scimType":"mutability"`, ""}}},
		{"mutability: immutable is compared with what is stored", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"replace","path":"members[value eq \"{other}\"].value","value":"x"}`), scimType, 400, `"scimType":"mutability"`, ""}}},
		{"uniqueness", []step{{"POST /Users", userBody("BJENSEN", ""), scimType, 409, `"scimType":"uniqueness"`, ""}, {"PUT /Users/{other}", userBody("bjensen", ""), scimType, 409, `"scimType":"uniqueness"`, ""}, {"PATCH /Users/{other}", patchBody(`{"op":"replace","path":"userName","value":"bjensen"}`), scimType, 409, `"scimType":"uniqueness"`, ""}}},
		{"caseExact in filters", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"externalId","value":"Ext"}`), scimType, 200, "", ""}, {"GET /Users?filter=externalId+eq+%22ext%22", "", "", 200, `"totalResults":0`, ""}, {"GET /Users?filter=externalId+sw+%22Ex%22+and+userName+sw+%22BJ%22", "", "", 200, `"totalResults":1`, ""}}},
		{"one primary value", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"emails","value":[{"value":"n@example.com","primary":true}]}`), scimType, 200, `"primary":false`, ""}}},
		{"POST .search of a type, and of all", []step{{"POST /Users/.search", search + `"filter":"userName eq \"bjensen\"","attributes":["userName"],"count":5}`, scimType, 200, `"totalResults":1`, "emails"}, {"POST /.search", search + `"filter":"id pr","count":0}`, scimType, 200, `"totalResults":3`, ""}}},
		{"bulk: references, circles and failOnErrors", []step{{"POST /Bulk", bulkBody(1, `{"method":"POST","path":"/Users","bulkId":"a","data":`+userBody("x", "")+`}`, `{"method":"DELETE","path":"/Users/none"}`, `{"method":"DELETE","path":"/Users/{user}"}`), scimType, 200, `"status":"404"`, `"status":"204"`}, {"GET /Users/{user}", "", "", 200, "", ""}}},
		{"/Me, of whom is nobody", []step{{"GET /Me", "", "", 501, "", ""}}},
		{"ETag, If-Match and If-None-Match", []step{{"GET /Users/{user}", "", `If-None-Match: W/"1"`, 304, "", "{"}, {"PATCH /Users/{user}", patchBody(`{"op":"add","path":"title","value":"t"}`), `If-Match: W/"2"`, 412, "", ""}, {"DELETE /Users/{user}", "", `If-Match: W/"2"`, 412, "", ""}, {"DELETE /Users/{user}", "", `If-Match: W/"1"`, 204, "", ""}}},
		{"ServiceProviderConfig", []step{{"GET /ServiceProviderConfig", "", "", 200, `"changePassword":{"supported":false}`, ""}}},
		{"Schemas and ResourceTypes, all and one", []step{{"GET /Schemas", "", "", 200, `"totalResults":3`, ""}, {"GET /Schemas/" + scim.GroupSchema, "", "", 200, `"name":"Group"`, ""}, {"GET /ResourceTypes", "", "", 200, `"totalResults":2`, ""}, {"GET /ResourceTypes/Group", "", "", 200, scim.GroupSchema, ""}}},
		{"405 where 405 belongs, with what is allowed", []step{{"PUT /Users", "{}", scimType, 405, "GET, HEAD, POST", ""}, {"GET /Bulk", "", "", 405, "", ""}, {"POST /Users/{user}", "{}", scimType, 405, "", ""}, {"GET /Users/.search", "", "", 405, "", ""}, {"TRACE /Users", "", "", 405, "", ""}}},
		{"extensions", []step{{"POST /Users", `{"schemas":["` + scim.UserSchema + `","` + scim.EnterpriseUserSchema + `"],"userName":"x",` + ent + `}`, scimType, 201, `"department":"IT"`, ""}, {"GET /Users?filter=" + scim.EnterpriseUserSchema + ":manager+eq+%22{other}%22", "", "", 200, `"totalResults":1`, ""}, {"GET /Users?attributes=" + scim.EnterpriseUserSchema + ":department", "", "", 200, `"department":"IT"`, "manager"}}},
		{"any base path", []step{{"GET /a/b/c/Users/{user}", "", "", 200, "http://example.com/a/b/c/Users/{user}", ""}}},
		{"names of members that are there twice", []step{{"POST /Users", `{"userName":"x","userName":"y"}`, scimType, 400, "invalidSyntax", ""}, {"POST /Users", `{"userName":"x","USERNAME":"y"}`, scimType, 400, "invalidSyntax", ""}}},
		{"PATCH is atomic", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"title","value":"t"}`, `{"op":"remove","path":"userName"}`), scimType, 400, "", ""}, {"GET /Users/{user}", "", "", 200, `"version":"W/\"1\""`, "title"}}},
	}, nil)
}

// The limits, each with the smallest request beyond it.
func TestLimits(t *testing.T) {
	play(t, []story{
		{"body", []step{{"POST /Users", userBody(strings.Repeat("x", 300), ""), scimType, 413, "", ""}}},
		{"operations of a PATCH", []step{{"PATCH /Users/{user}", patchBody(`{"op":"remove","path":"title"}`, `{"op":"remove","path":"title"}`, `{"op":"remove","path":"title"}`), scimType, 413, "", ""}}},
		{"members", []step{{"PUT /Groups/{group}", `{"displayName":"g","members":[{"value":"1"},{"value":"2"},{"value":"3"}]}`, scimType, 413, "", ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"1"},{"value":"2"},{"value":"3"}]}`), scimType, 413, "", ""}}},
		{"operations of a bulk request", []step{{"POST /Bulk", bulkBody(0, `{"method":"DELETE","path":"/Users/1"}`, `{"method":"DELETE","path":"/Users/1"}`), scimType, 413, "", ""}}},
		{"terms of a filter", []step{{"GET /Users?filter=id+pr+or+id+pr+or+id+pr+or+id+pr", "", "", 400, "invalidFilter", ""}}},
		{"depth of a filter", []step{{"GET /Users?filter=((((id+pr))))", "", "", 400, "invalidFilter", ""}}},
		{"length of a filter", []step{{"GET /Users?filter=userName+eq+%2201234567890123456789012345678901234567890123456789%22", "", "", 400, "invalidFilter", ""}}},
		{"depth of a body", []step{{"POST /Users", `{"a":{"b":{"c":{"d":{"e":{"f":1}}}}}}`, scimType, 400, "invalidSyntax", ""}}},
		{"results", []step{{"GET /Users?count=100", "", "", 200, `"itemsPerPage":1`, ""}}},
	}, &server.Options{Limits: server.Limits{Limits: scim.Limits{Body: 300, Depth: 5, Operations: 2, FilterLength: 50, FilterDepth: 3, FilterTerms: 3}, Results: 1, Members: 2, BulkOperations: 1}})
}
