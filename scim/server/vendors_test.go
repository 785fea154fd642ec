package server_test

import (
	"testing"

	"github.com/ilumy/usersync/scim"
)

// What identity providers send and expect, each in one sentence of their documents or their bug reports.
func TestVendors(t *testing.T) {
	const (
		ent   = scim.EnterpriseUserSchema
		okta  = "Accept: application/scim+json; charset=utf-8\nContent-Type: application/scim+json; charset=utf-8"
		bare  = "Accept: application/scim+json; charset=utf-8" // Okta's test suite sends no Content-Type
		entra = "Content-Type: application/scim+json; charset=utf-8\nAccept: application/scim+json"
	)
	user := func(body string, contains string) step {
		return step{"PATCH /Users/{user}", patchBody(body), entra, 200, contains, ""}
	}
	play(t, []story{
		{"Entra ID: op begins with a capital, active is a string", []step{user(`{"op":"Replace","path":"active","value":"False"}`, `"active":false`), user(`{"op":"Add","path":"active","value":"True"}`, `"active":true`), user(`{"op":"Remove","path":"active"}`, "bjensen")}},
		{"Entra ID: the flag is a parameter without a value, and is not given back", []step{{"GET /Users/{user}?aadOptscim062020", "", entra, 200, "bjensen", "aadOptscim"}, {"POST /Users?aadOptscim062020", userBody("x", ""), entra, 201, "", "aadOptscim"}, {"PATCH /Users/{user}?aadOptscim062020", patchBody(`{"op":"replace","path":"active","value":false}`), entra, 200, `"active":false`, "aadOptscim"}}},
		{"Entra ID: with the flag, objects with dots without a path, and removals by a filter", []step{{"PATCH /Users/{user}?aadOptscim062020", patchBody(`{"op":"add","value":{"name.givenName":"B","` + ent + `:department":"IT","displayName":"BJ"}}`), entra, 200, `"department":"IT"`, `"name.givenName"`}, {"PATCH /Groups/{group}?aadOptscim062020", patchBody(`{"op":"remove","path":"members[value eq \"{other}\"]"}`), entra, 204, "", ""}, {"GET /Groups/{group}", "", entra, 200, "", "{other}"}}},
		{"Entra ID: without the flag, members are removed by value", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"{user}"}]}`), entra, 204, "", ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"{other}"}]}`), entra, 204, "", ""}, {"GET /Groups/{group}", "", entra, 200, "{user}", "{other}"}}},
		{"Entra ID: even value filters as names", []step{user(`{"op":"Replace","value":{"emails[type eq \"work\"].value":"n@example.com","emails[type eq \"other\"].Value":"o@example.com"}}`, `{"type":"other","value":"o@example.com"}`)}},
		{"Entra ID: what is absent is made, in one element", []step{user(`{"op":"Add","path":"addresses[type eq \"work\"].streetAddress","value":"Dam 1"},{"op":"Add","path":"addresses[type eq \"work\"].postalCode","value":"1"},{"op":"Add","path":"addresses[type eq \"work\"].formatted","value":"f"}`, `"addresses":[{"type":"work","streetAddress":"Dam 1","postalCode":"1","formatted":"f"}]`)}},
		{"Entra ID: a capital sub-attribute", []step{user(`{"op":"Add","path":"emails[type eq \"other\"].Value","value":"o@example.com"}`, `{"type":"other","value":"o@example.com"}`)}},
		{"Entra ID: the primary role, and roles as JSON in a string", []step{user(`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"admin"}`, `"roles":[{"primary":true,"value":"admin"}]`), user(`{"op":"Replace","path":"roles","value":[{"value":"{\"id\":\"1\",\"displayName\":\"A\"}"}]}`, `"roles":[{"value":"{\"id\":\"1\",\"displayName\":\"A\"}"}]`)}},
		{"Entra ID: the manager as a string, a list, and nothing", []step{{"POST /Users", `{"schemas":["` + scim.UserSchema + `","` + ent + `"],"userName":"x","` + ent + `":{"manager":"{other}"}}`, entra, 201, `"manager":{"value":"{other}"`, ""}, user(`{"op":"Add","path":"`+ent+`:manager","value":"m1"}`, `"value":"m1"`), user(`{"op":"Add","path":"`+ent+`:manager","value":[{"value":"m2"}]}`, `"value":"m2"`), {"PATCH /Users/{user}", patchBody(`{"op":"Replace","path":"` + ent + `:manager","value":""}`), entra, 200, "", "manager"}}},
		{"Entra ID: filters by eq and and", []step{{"GET /Users?filter=userName+eq+%22BJENSEN%22", "", entra, 200, `"totalResults":1`, ""}, {"GET /Users?filter=externalId+eq+%22none%22", "", entra, 200, `"Resources":[]`, ""}, {"GET /Groups?filter=displayName+eq+%22guides%22", "", entra, 200, `"totalResults":1`, ""}, {"GET /Users?filter=id+eq+%22{user}%22+and+active+eq+true", "", entra, 200, `"totalResults":1`, ""}, {"GET /Users?filter=emails%5Btype+eq+%22work%22%5D.value+eq+%22bjensen%40example.com%22", "", entra, 200, `"totalResults":1`, ""}, {"GET /Groups?filter=id+eq+%22{group}%22+and+members+eq+%22{other}%22&attributes=id", "", entra, 200, `"totalResults":1`, "Guides"}}},
		{"Entra ID: a literal without quotes", []step{{"PATCH /Users/{user}", patchBody(`{"op":"add","path":"externalId","value":"jyoung"}`), entra, 200, "", ""}, {"GET /Users?filter=externalId%20eq%20jyoung", "", entra, 200, `"totalResults":1`, ""}}},
		{"Entra ID: a group with a schema of its own", []step{{"POST /Groups", `{"schemas":["` + scim.GroupSchema + `","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],"externalId":"e","displayName":"x","meta":{"resourceType":"Group"}}`, entra, 201, `"displayName":"x"`, "microsoft"}}},
		{"Entra ID: a group without its members", []step{{"GET /Groups/{group}?excludedAttributes=members", "", entra, 200, "Guides", "members"}}},
		{"Entra ID: who is disabled is still there", []step{user(`{"op":"Replace","path":"active","value":"False"}`, `"active":false`), {"GET /Users/{user}", "", entra, 200, `"active":false`, ""}, {"GET /Users?filter=userName+eq+%22bjensen%22", "", entra, 200, `"totalResults":1`, ""}}},
		{"Entra ID: the validator wants the display of a mail address", []step{user(`{"op":"Replace","path":"emails[type eq \"work\"].display","value":"Work"}`, `"display":"Work"`), user(`{"op":"Replace","path":"emails[primary eq \"True\"].value","value":"p@example.com"}`, `"value":"p@example.com"`)}},

		{"Okta: looks for a user", []step{{"GET /Users?filter=userName%20eq%20%22bjensen%22&startIndex=1&count=100", "", bare, 200, `"totalResults":1,"startIndex":1,"itemsPerPage":1`, ""}}},
		{"Okta: posts without a Content-Type, with groups and a password", []step{{"POST /Users", userBody("x", `,"groups":[],"password":"s3cret","locale":"en-US"`), bare, 201, `"locale":"en-US"`, "s3cret"}}},
		{"Okta: a filter that is a bare word", []step{{"GET /Users?filter=bareword", "", bare, 400, `"status":"400"`, ""}}},
		{"Okta: updates by PUT", []step{{"PUT /Users/{user}", userBody("bjensen", `,"id":"{user}","active":true,"meta":{"resourceType":"User"},"groups":[]`), okta, 200, `"id":"{user}"`, "emails"}}},
		{"Okta: deactivates without a path", []step{{"PATCH /Users/{user}", patchBody(`{"op":"replace","value":{"active":false}}`), okta, 200, `"active":false`, ""}}},
		{"Okta: renames a group with its id", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"replace","value":{"id":"{group}","displayName":"x"}}`), okta, 200, `"displayName":"x"`, ""}, {"GET /Groups/{group}", "", bare, 200, `{other}`, ""}}},
		{"Okta: removes by a filter and adds in one request", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members[value eq \"{other}\"]"}`, `{"op":"add","path":"members","value":[{"value":"{user}","display":"b"}]}`), okta, 200, "{user}", "{other}"}}},
		{"Okta: replaces members, and with none", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"replace","path":"members","value":[{"value":"{user}"}]}`), okta, 200, "{user}", "{other}"}, {"PATCH /Groups/{group}", patchBody(`{"op":"replace","path":"members","value":[]}`), okta, 200, "", "members"}}},
		{"Okta: a duplicate is 409", []step{{"POST /Users", userBody("bjensen", ""), bare, 409, `"status":"409"`, ""}}},
		{"Okta: the order is the same each time", []step{{"GET /Users?startIndex=2&count=1", "", bare, 200, `"userName":"other"`, ""}, {"GET /Users?startIndex=1&count=1", "", bare, 200, `"userName":"bjensen"`, ""}, {"GET /Users?startIndex=2&count=1", "", bare, 200, `"userName":"other"`, ""}}},

		{"Google: application/json, and URNs of two versions", []step{{"POST /Users", `{"schemas":["urn:scim:schemas:core:1.0","` + scim.UserSchema + `"],"userName":"x","name":{"givenName":"G"},"emails":[{"value":"x@example.com","type":"work","primary":true}]}`, "User-Agent: Google-Auto-Provisioning\n" + jsonType, 201, `"schemas":["` + scim.UserSchema + `"]`, "core:1.0"}, {"PATCH /Users/{user}", patchBody(`{"op":"replace","value":{"active":false}}`), jsonType, 200, `"active":false`, ""}}},

		{"OneLogin: the URN of 1.0, and emails as an object", []step{{"POST /Users", `{"schemas":["urn:scim:schemas:core:1.0"],"userName":"x","emails":{"value":"x@example.com","type":"work"},"active":"true"}`, jsonType, 201, `"emails":[{"value":"x@example.com","type":"work"}]`, "core:1.0"}}},
		{"OneLogin: groups by PATCH, removal with values", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), jsonType, 200, "{user}", ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members","value":[{"value":"{other}"}]}`), jsonType, 200, "{user}", "{other}"}}},

		{"JumpCloud: makes a test user and group and deletes both", []step{{"POST /Users", userBody("test", ""), jsonType, 201, "", ""}, {"DELETE /Users/{user}", "", jsonType, 204, "", ""}, {"DELETE /Groups/{group}", "", jsonType, 204, "", ""}, {"DELETE /Groups/{group}", "", jsonType, 404, "", ""}}},
		{"JumpCloud: deactivates where it cannot delete", []step{{"PUT /Users/{user}", userBody("bjensen", `,"active":false`), jsonType, 200, `"active":false`, ""}}},
		{"JumpCloud: repeats itself, and removes by value", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), jsonType, 200, `W/\"2\"`, ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"add","path":"members","value":[{"value":"{user}"}]}`), jsonType, 200, `W/\"2\"`, ""}, {"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members","value":[{"value":"{user}"}]}`), jsonType, 200, "{other}", "{user}"}}},

		{"Ping: the members in an object", []step{{"PATCH /Groups/{group}", patchBody(`{"op":"remove","path":"members","value":{"members":[{"value":"{other}"}]}}`), scimType, 200, "Guides", "members"}}},
		{"SailPoint: replaces what is absent", []step{{"PATCH /Users/{user}", patchBody(`{"op":"replace","path":"name","value":{"familyName":"J"}}`, `{"op":"replace","path":"addresses[type eq \"work\"].locality","value":"A"}`), scimType, 200, `"locality":"A"`, ""}}},

		{"all: slashes at the end", []step{{"GET /Users/", "", "", 200, "", ""}, {"GET /Users/{user}/", "", "", 200, "bjensen", ""}, {"POST /scim/v2/Users/", userBody("x", ""), scimType, 201, "/scim/v2/Users/", ""}, {"GET /ServiceProviderConfig/", "", "", 200, "", ""}}},
		{"all: /scim/v2, /v2 and none", []step{{"GET /scim/v2/Users/{user}", "", "", 200, "", ""}, {"GET /v2/Users/{user}", "", "", 200, "", ""}, {"GET /Users/{user}", "", "", 200, "", ""}}},
		{"all: content types", []step{{"PUT /Users/{user}", userBody("a", ""), "Content-Type: text/json; charset=UTF-8", 200, "", ""}, {"PUT /Users/{user}", userBody("b", ""), "Content-Type: application/json;charset=utf-8", 200, "", ""}, {"PUT /Users/{user}", userBody("c", ""), "Content-Type: application/xml", 415, "", ""}}},
		{"all: an Accept that is something else", []step{{"GET /Users/{user}", "", "Accept: text/html,*/*;q=0.1", 200, "bjensen", ""}, {"GET /Users/{user}", "", "Accept: application/xml", 200, "bjensen", ""}}},
	}, nil)
}
