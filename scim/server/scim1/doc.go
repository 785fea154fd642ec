// Package scim1 speaks SCIM 1.1 (draft-scim-api-01, draft-scim-core-schema-01) in front of a [server.Handler], for identity
// providers and connectors that speak nothing newer: JumpCloud, Slack's clients, older ones of OneLogin and Ping.
//
//	v2, err := server.New(types, stores, server.Bearer(tokens.Verify), nil)
//	v1, err := scim1.New(v2, nil)
//	http.Handle("/scim/v2/", v2)
//	http.Handle("/scim/v1/", v1)
//
// Both serve the same resources: what is written by one version is read by the other. The [Handler] of this package makes a
// request of 2.0 of each one of 1.1, and an answer of 1.1 of what comes back. It decides nothing: who is let in, tenants,
// limits, schemas, what is hidden and what is tolerated is up to the Handler behind, whose Observer is told of every
// request. A body is read only when that Handler asks for it, after it knows who sends it. Its Options.BaseURL is asked with
// the path of 1.1, and nothing is done later, whatever a request prefers.
//
// # What is translated
//
//	1.1                                          2.0
//	urn:scim:schemas:core:1.0                    the schema of the resource type, list, bulk request
//	urn:scim:schemas:extension:enterprise:1.0    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User
//	manager.managerId                            manager.value
//	/ServiceProviderConfigs                      /ServiceProviderConfig
//	/Schemas, one for a type and its extensions  the resource types
//	/Users/{id}.json                             /Users/{id}
//	POST with X-HTTP-Method-Override             the method it names
//	PATCH with a part of a resource              replace of single values, add of multi-valued ones
//	meta.attributes in a PATCH                   remove, before all else
//	"operation":"delete" in a value              remove of the value with that "value", or with all that is told of it
//	{"Errors":[{"description","code"}]}          detail and status
//	a status {"code","description"} in bulk      status and response
//	200 for DELETE                               204
//
// Types and extensions of one's own have the same names in both versions.
//
// Filters have the operators of 1.1: eq, co, sw, pr, gt, ge, lt, le, and, or. Those with ne, ew, not or brackets are refused, as
// are PATCH requests in the form of 2.0, lest anybody think that they were done. There is no XML, as
// the configuration says: who accepts nothing else gets 406, and who sends it 415.
//
// # What differs from the drafts
//
// A value that a PATCH adds is merged into one with the same "value" if that has the same type, or one of them none; if the
// types differ it is another value, as in 2.0. Errors of one operation in a bulk request whose data cannot be translated are
// those of the request, and nothing of it is done. A value with "operation":"delete" in a POST or PUT is left out.
//
// # What it costs
//
// A body is read and written once more than by 2.0. On a machine of two cores (go test -bench Versions), in allocations
// a request, with the recorder of the test: 106 and 41 for a GET, 181 and 84 for a PATCH of one attribute, 115 and 68 for one
// more member in a group of 10,000; the time is between one and three times that of 2.0, and does not grow with the group.
package scim1
