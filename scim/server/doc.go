// Package server is a SCIM 2.0 service provider (RFC 7643, RFC 7644, RFC 9865): a [Handler] over a [Store].
//
//	h, err := server.New(
//		[]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()},
//		server.One(memstore.New(nil)),
//		server.Bearer(tokens.Verify),
//		nil)
//	http.Handle("/scim/v2/", h)
//
// The Handler reads requests as identity providers really send them, checks them against the schemas, and speaks to
// a Store of five methods, which never sees a request. It has all endpoints of RFC 7644: those of the resource types, /Me,
// /.search at both levels, /Bulk, and discovery; the ServiceProviderConfig says what it was given and nothing else. Whether a
// request is read tolerantly or strictly is a matter of [Options.Dialect]; what was tolerated is told to the [Observer].
//
// # Stores
//
// Package memstore keeps resources in memory, package sqlstore in SQLite or PostgreSQL, and a [Gateway] hands them
// on to a provisioning sink. Package storetest is the test for any other. A Store that has nothing but a list can answer
// queries with [Query.Select].
//
// PATCH is done by the Handler: it gets the resource, changes it, and puts it back if it still has the same version, else
// it begins again; so of changes at once none is lost. A Store that is a [Patcher] is handed members one by one instead, and
// one that is a [Finder] is asked for single resources. The answer is the resource, as most clients want; but a PATCH of a
// group is answered with 204 if the group has more than a hundred members or Entra ID asks, which RFC 7644 section 3.5.2
// allows, unless the request names attributes.
//
// Package scim1 speaks SCIM 1.1 in front of a Handler, to clients that speak nothing newer.
//
// # Who is let in
//
// There is no default. [Bearer] asks a function whose token it is: [Tokens] that are kept by their hash, a database, or a
// verifier of JWTs. A [Caller] belongs to a tenant, and only what the [Stores] give for that tenant is ever touched. The path
// or host can name the tenant too ([Options.Tenant]), and then both must agree.
//
// # Events
//
// With [Options.Events] others are told of each change (RFC 9967), after the Store has committed it and in the order of the changes
// of each resource: a POST is prov:create, a PATCH prov:patch, a PUT prov:put, a DELETE prov:delete; a user who was turned
// off or on is prov:deactivate or prov:activate, beside the patch or put unless that PATCH did nothing else. What
// changes nothing is not told, nor that a user who was deleted has left its groups. By default an event names the attributes that changed and has no values, and no event
// ever has the value of one that is never returned. Package scim/event/delivery signs and delivers them. An event that could not be
// handed on does not fail the request; it is logged, and told to the [Observer]. A process that is killed between the commit
// and that loses it, so a recipient that must have all compares with the service from time to time.
//
// With [Events.Async] a request with "Prefer: respond-async" is answered with 202 and done later, and its outcome is told by
// misc:asyncresp with the same txn as the Set-Txn of the answer. Authentication, tenant, form, existence and If-Match are
// judged before that, and If-Match again when it is done. For requests that created nothing yet the Location is
// /Events/{txn}, where the event can be fetched; for a bulk request that of its first operation, /Events/{txn}:0. End with
// [Handler.Shutdown].
//
// In the time of a PATCH of one attribute, an event is 1.2 times that of none, and a full one 1.5 times (BenchmarkEvents).
//
// # What a request may cost
//
// [Limits] are on unless raised: on the size of bodies, the operations of a PATCH or bulk request, members, the length,
// depth and comparisons of filters, results, and time. A panic is answered with 500 and logged; so is an error that is
// not of package scim, whose text no client sees.
//
// # Measured
//
// Beside elimity-com/scim with a map as store: processor time, the least of four runs on a busy machine of two cores
// (internal/peerbench, go test -bench Server):
//
//	                                              usersync    elimity   ratio
//	GET a user of 950 bytes                         3.6 µs      18 µs     4.9
//	POST                                             25 µs      94 µs     3.7
//	PUT                                              18 µs      74 µs     4.1
//	PATCH one attribute                              10 µs     103 µs      10
//	list 100 of 10,000                             0.36 ms     3.0 ms     8.5
//	filter 10,000 by userName                        11 µs      23 ms   2,000
//	filter 10,000 by familyName and active           61 µs      28 ms     460
//	filter 10,000 by emails[type and value]          14 µs      43 ms   3,100
//	filter 10,000 by not and or                      43 µs      32 ms     760
//	one more member in a group of 10                 12 µs     139 µs      12
//	one more member in a group of 10,000             12 µs     281 µs      23
//
// Filters are that fast by indexes, which memstore makes of the attributes that somebody asks for.
package server
