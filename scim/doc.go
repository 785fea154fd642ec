// Package scim holds the messages of SCIM 2.0 (RFC 7643, RFC 7644): resources, schemas, filters,
// PATCH, errors and discovery. It knows no HTTP and no store; [scim/server] and [scim/client] do.
//
// # Resources
//
// A [Resource] is a JSON object whose members keep their order and whose names are compared without
// regard to case. A [ResourceType] says what it may hold: it is compiled once from [Schema]
// declarations, and from then on it reads and checks input, resolves filters, PATCH requests, sort
// orders and projections, and compares values, always by the same rules. [User], [Group] and
// [EnterpriseUser] are typed views of the resources that RFC 7643 defines.
//
// # Dialects
//
// What identity providers really send is not what the RFCs say. The zero [Options] read tolerantly:
// they take the forms that Entra ID, Okta, Google, OneLogin, JumpCloud, Ping and SailPoint send,
// and report each of them as a [Deviation] to a hook. [Strict] refuses them.
//
// A password, a filter's value or a name is never part of a Deviation, nor of an [Error] except where the client sent
// it as the name of an attribute.
//
// # Changing resources
//
// [ResourceType.Resolve] makes of a PATCH request a [Delta]: what the vendors mean, checked against the schema. A store
// applies it as a whole, [Delta.Apply], or takes from it what happens to the members of a group,
// [Delta.Membership], and so adds one to a hundred thousand at the price of one.
//
// # Cost
//
// JSON is read and written by this package, straight into and out of objects that keep their order: on an enterprise
// user of 950 bytes a third of the time and of the allocations of encoding/json with maps, with limits on size,
// depth and number of values, and names refused that occur twice. Filters are compiled to closures that
// allocate nothing. internal/peerbench compares the whole with elimity-com/scim; BenchmarkDecode, BenchmarkPatch and BenchmarkMatch
// tell the parts.
//
// [scim/server]: https://pkg.go.dev/github.com/ilumy/usersync/scim/server
// [scim/client]: https://pkg.go.dev/github.com/ilumy/usersync/scim/client
package scim
