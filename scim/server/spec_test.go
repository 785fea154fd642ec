package server_test

import (
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// The points of the RFCs that are easy to get wrong, in either dialect.
func TestSpecPoints(t *testing.T) {
	patch := func(ops ...string) string { return patchBody(ops...) }
	stories := []story{
		{"7643 section 2.1, 7644 section 3.5.2: names and operations in any case", []step{{"PATCH /Users/{user}", patch(`{"op":"REPLACE","path":"NAME.givenname","value":"B"}`), scimType, 200, `"name":{"givenName":"B"}`, ""}, {"GET /Users?filter=NAME.GIVENNAME+EQ+%22b%22", "", "", 200, `"totalResults":1`, ""}}},
		{"7643 section 2.5: null, [] and absent are the same", []step{{"PUT /Users/{user}", userBody("x", `,"title":null,"emails":[]`), scimType, 200, "", "null"}, {"GET /Users?filter=emails+pr+or+title+pr", "", "", 200, `"totalResults":1`, `"userName":"x"`}}},
		{"7644 section 3.4.2: count 0 gives the total", []step{{"GET /Users?count=0", "", "", 200, `"totalResults":2,"startIndex":1,"itemsPerPage":0,"Resources":[]`, ""}}},
		{"7644 section 3.4.2.4: a negative startIndex is 1, a negative count 0", []step{{"GET /Users?startIndex=-1", "", "", 200, `"startIndex":1,"itemsPerPage":2`, ""}, {"GET /Users?count=-1", "", "", 200, `"itemsPerPage":0`, ""}}},
		{"7644 section 3.4.2: itemsPerPage is what was given", []step{{"GET /Users?count=50", "", "", 200, `"itemsPerPage":2`, ""}}},
		{"7644 section 3.4.2.2: a boolean has no order", []step{{"GET /Users?filter=active+gt+true", "", "", 400, `"scimType":"invalidFilter"`, ""}, {"GET /Users?filter=active+le+false", "", "", 400, `"scimType":"invalidFilter"`, ""}}},
		{"7644 section 3.4.2.2: an unknown operator", []step{{"GET /Users?filter=userName+regex+%22x%22", "", "", 400, `"scimType":"invalidFilter"`, ""}}},
		{"7644 section 3.4.3: .search takes what GET takes", []step{{"POST /Users/.search", search + `"attributes":["userName"],"sortBy":"userName","sortOrder":"descending","startIndex":1,"count":1}`, scimType, 200, `"userName":"other"`, "emails"}, {"POST /.search", search + `"filter":"userName eq \"other\"","excludedAttributes":["emails"]}`, scimType, 200, `"totalResults":1`, "emails"}}},
		{"7644 section 3.5.2: primary is taken from the others", []step{{"PATCH /Users/{user}", patch(`{"op":"add","path":"emails","value":[{"value":"h@example.com","type":"home","primary":true}]}`), scimType, 200, `"type":"work","primary":false`, ""}}},
		{"7644 section 3.5.2: all or nothing", []step{{"PATCH /Users/{user}", patch(`{"op":"replace","path":"userName","value":"x"}`, `{"op":"add","path":"active","value":7}`), scimType, 400, "", ""}, {"GET /Users/{user}", "", "", 200, `"userName":"bjensen"`, ""}}},
		{"7644 section 3.5.2.1: an add of what is there changes nothing", []step{{"PATCH /Users/{user}", patch(`{"op":"add","path":"active","value":true}`, `{"op":"add","path":"emails","value":[{"value":"bjensen@example.com","type":"work"}]}`), scimType, 200, `"version":"W/\"1\""`, ""}}},
		{"7644 section 3.5.2.2: a remove without a filter removes all", []step{{"PATCH /Groups/{group}", patch(`{"op":"remove","path":"members"}`), scimType, 200, "displayName", "members"}}},
		{"7644 section 3.5.2.2: what is required cannot be removed, nor what is readOnly", []step{{"PATCH /Users/{user}", patch(`{"op":"remove","path":"userName"}`), scimType, 400, `"scimType":"mutability"`, ""}, {"PATCH /Users/{user}", patch(`{"op":"remove","path":"meta"}`), scimType, 400, `"scimType":"mutability"`, ""}, {"PATCH /Users/{user}", patch(`{"op":"remove"}`), scimType, 400, `"scimType":"noTarget"`, ""}}},
		{"7644 section 3.5.2.3: a filter with or makes nothing", []step{{"PATCH /Users/{user}", patch(`{"op":"replace","path":"emails[type eq \"a\" or type eq \"b\"].value","value":"x@example.com"}`), scimType, 400, `"scimType":"noTarget"`, ""}}},
		{"7644 section 3.9: schemas and id are always there", []step{{"GET /Users/{user}?attributes=title", "", "", 200, `{"schemas":["` + scim.UserSchema + `"],"id":"{user}"}`, ""}, {"GET /Users/{user}?excludedAttributes=id,schemas", "", "", 200, `"id":"{user}"`, ""}}},
		{"7644 section 3.12: 405, 404 and 501", []step{{"PATCH /Users", "{}", scimType, 405, "", ""}, {"GET /Robots", "", "", 404, "", ""}, {"GET /Me", "", "", 501, "", ""}, {"DELETE /Users/none", "", "", 404, "", ""}, {"PUT /Users/none", userBody("x", ""), scimType, 404, "", ""}}},
		{"7644 section 4: discovery is not filtered, and other parameters are nothing", []step{{"GET /Schemas?filter=id+pr", "", "", 403, "", ""}, {"GET /ResourceTypes?filter=id+pr", "", "", 403, "", ""}, {"GET /Schemas?startIndex=9&count=1&sortBy=id&attributes=id", "", "", 200, `"itemsPerPage":3`, ""}}},
		{"erratum 5368: a group has a displayName", []step{{"POST /Groups", `{"schemas":["` + scim.GroupSchema + `"]}`, scimType, 400, `"scimType":"invalidValue"`, ""}, {"GET /Schemas/" + scim.GroupSchema, "", "", 200, `"name":"displayName","type":"string","multiValued":false,"description":"The name of the group, for a person to read.","required":true`, ""}}},
		{"erratum 8471: a group's $ref is that of a group", []step{{"GET /Users/{other}", "", "", 200, `"$ref":"http://example.com/Groups/{group}"`, ""}, {"GET /Schemas/" + scim.UserSchema, "", "", 200, `"referenceTypes":["Group"]`, `["User","Group"]`}}},
		{"erratum 8472: the case of a manager's id counts", []step{{"PATCH /Users/{user}", patch(`{"op":"add","path":"` + scim.EnterpriseUserSchema + `:manager","value":{"value":"AbC"}}`), scimType, 200, "", ""}, {"GET /Users?filter=" + scim.EnterpriseUserSchema + ":manager.value+eq+%22abc%22", "", "", 200, `"totalResults":0`, ""}, {"GET /Users?filter=" + scim.EnterpriseUserSchema + ":manager.value+eq+%22AbC%22", "", "", 200, `"totalResults":1`, ""}}},
		{"erratum 5050: the data of a PATCH in bulk names its schema", []step{{"POST /Bulk", bulkBody(0, `{"method":"PATCH","path":"/Users/{user}","data":`+patch(`{"op":"add","path":"title","value":"t"}`)+`}`), scimType, 200, `"status":"200"`, ""}, {"GET /Users/{user}", "", "", 200, `"title":"t"`, ""}}},
		{"9865: cursors", []step{{"GET /Users?cursor=&count=1&sortBy=userName", "", "", 200, `"nextCursor"`, `"startIndex"`}, {"GET /Users?cursor=none", "", "", 400, `"scimType":"invalidCursor"`, ""}, {"GET /Users?cursor=&count=-1", "", "", 400, `"scimType":"invalidCount"`, ""}, {"GET /ServiceProviderConfig", "", "", 200, `"pagination":{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":100,"maxPageSize":1000`, ""}}},
		{"7643 section 2.4: a value and its type are there once", []step{{"PUT /Users/{user}", userBody("x", `,"emails":[{"value":"a@example.com","type":"work"},{"value":"A@EXAMPLE.com","type":"work"}]`), scimType, 200, `"emails":[{"value":"a@example.com","type":"work"}]`, ""}}},
		{"7643 section 3.1: externalId is the client's", []step{{"GET /Users/{user}", "", "", 200, "", "externalId"}}},
		{"7643 section 7: the case of values is kept", []step{{"PUT /Users/{user}", userBody("MixedCase", `,"displayName":"CaSe"`), scimType, 200, `"displayName":"CaSe"`, "mixedcase"}}},
	}
	play(t, stories, nil)
	t.Run("strict", func(t *testing.T) {
		play(t, append(stories, []story{
			{"7644 section 3.5.2.2: a remove has no value", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members","value":[{"value":"x"}]}`), scimType, 400, "", ""}, {"GET /Groups/{group}", "", "", 200, "{other}", ""}}},
			{"7644 section 3.5.2.3: a filter that matches nothing", []step{{"PATCH /Users/{user}", patchBody(`{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@example.com"}`), scimType, 400, `"scimType":"noTarget"`, ""}}},
			{"7643 section 2.4: two primary values", []step{{"PUT /Users/{user}", userBody("x", `,"emails":[{"value":"a","primary":true},{"value":"b","primary":true}]`), scimType, 400, `"scimType":"invalidValue"`, ""}}},
			{"7644 section 3.1: a body has a type", []step{{"POST /Users", userBody("x", ""), "", 415, "", ""}}},
			{"7644 section 3.9: attributes or excludedAttributes", []step{{"GET /Users?attributes=id&excludedAttributes=emails", "", "", 400, `"scimType":"invalidValue"`, ""}}},
		}...), &server.Options{Dialect: server.AlwaysStrict})
	})
	t.Run("tolerant", func(t *testing.T) {
		play(t, []story{
			{"7644 section 3.5.2.2: a remove with a value removes that", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members","value":[{"value":"nobody"}]}`), scimType, 200, "{other}", ""}}},
			{"7644 section 3.5.2.3: a filter of eq that matches nothing makes a value", []step{{"PATCH /Users/{user}", patchBody(`{"op":"replace","path":"emails[type eq \"home\"].value","value":"x@example.com"}`), scimType, 200, `{"type":"home","value":"x@example.com"}`, ""}}},
		}, nil)
	})
}
