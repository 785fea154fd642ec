// Package telemetry tells OpenTelemetry what a [provisioning.Reconciler] does: spans for runs, reads, plans, judgements and
// writes, and metrics about what was planned, done, held and refused.
//
// [New] gives an Observer, which [provisioning.Observers] joins with others. [Transport] makes spans of the HTTP requests of a
// connector, which lie within the span of the read or the write that they are for: it goes into the HTTPClient of
// scim/client or plekclient. A page of a read over HTTP is such a request. Of the pages of an LDAP directory ldapsource tells by
// itself, with [provisioning.StartStep], as any other connector may.
//
// Nothing that is exported holds a value of a person: attributes are names of kinds and operations, classes of errors and the IDs that the two
// systems gave. Texts of errors and the queries of requests, in which a filter may name somebody, are left out.
//
// The package needs the API of OpenTelemetry only; which SDK, exporter and sampler there are is for the program to decide.
package telemetry
