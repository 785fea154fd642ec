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
// [scim/server]: https://pkg.go.dev/github.com/ilumy/usersync/scim/server
// [scim/client]: https://pkg.go.dev/github.com/ilumy/usersync/scim/client
package scim
