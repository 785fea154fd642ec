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
// A type of one's own, or an extension, is a Go struct with tags: [SchemaOf] derives the schema from it, and [Bind] turns
// resources into it and back, together with a [User] if that is embedded.
//
//	type Device struct {
//		ID     string `json:"id"`
//		Serial string `json:"serial" scim:"required,immutable,unique,caseExact"`
//		Owner  *Owner `json:"owner"`
//	}
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
// For the other side, [ResourceType.Diff] makes of two resources the smallest PATCH that turns one into the other, with
// options for services that know no value filters or refuse whole lists, and [PatchRequest.Split] keeps to the size
// that a service takes. [PatchRequest.Add], [PatchRequest.Replace] and [PatchRequest.Remove] write one by hand.
//
// # What is taken
//
// Each row is a row of a test (TestFilterRows, TestPatchRows, TestSpecPoints). T is the tolerant dialect, S the strict one; the
// others refuse it.
//
//	Filters and paths
//	  the whole grammar of RFC 7644, not and parentheses in value filters too        T S
//	  emails eq "x" (implicit value), emails.value, names with the URN of a schema    T S
//	  case by each attribute's caseExact; numbers, booleans and dateTimes by size     T S
//	  emails[type eq "work"].value eq "x"; values without quotes; primary eq "True"   T
//	PATCH
//	  op and names in any case; add of what is there changes nothing; primary moves   T S
//	  members replaced by an empty list are gone; by values without an id, refused    T S
//	  "True" for true, numbers as strings, [{"value": "x"}] for "x"                   T
//	  remove with the values in a list, or wrapped in their attribute                 T
//	  a value filter of eq that matches nothing makes the value, once                 T
//	  paths as names: name.givenName, emails[type eq "work"].value, with URNs         T
//	  the manager as a string, a list, empty, or by a value filter; null for nothing  T
//	  unknown attributes, readOnly ones sent along, removes of what is not there      T
//	Schemas
//	  required, mutability, returned, uniqueness, caseExact, canonical values, types  T S
//	  duplicate names in JSON, bodies, nesting, filters and PATCHes beyond a limit    refused
//
// What is immutable and has a value cannot be changed, in part or by a remove, in either dialect, and a remove or replace with a
// list of values that say nothing never empties a group.
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
