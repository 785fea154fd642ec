// Package client speaks SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865) to a service provider.
//
// [Client] is the protocol: it creates, reads, lists, replaces, patches and deletes resources, with
// retries, rates, tokens and discovery. [Directory] makes a [provisioning.Source] and
// [provisioning.Sink] of a Client.
//
// # Names of attributes
//
// A record of a Directory names its attributes as SCIM does:
//
//	userName                             a single value
//	name.givenName                       a part of a complex value
//	emails                               the set of all values of a multi-valued attribute
//	emails[type eq "work"].value         the values of one type
//	addresses[type eq "work"].locality   a part of them
//	urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department
//
// A name of an extension may go without its URN where no other schema has it, as department does.
// The state of a record is its Disabled, which is active in SCIM, its ExternalID is externalId, and
// "members" of a group and "manager" of a user are its Refs.
//
// # Bulk
//
// A [Bulk] sends many operations in few requests (RFC 7644 section 3.7), as many in each as the service says that it takes.
// A Directory writes so by itself where the service says that it can and the profile does not forbid it: first all that is
// made, then references. What the service refuses is written once more by itself, so that one bad record holds up
// nobody; a creation whose answer is lost is looked for before it is tried again, so that nobody is made twice.
//
// # Completeness
//
// A list that ends without an error is complete: the number of resources is the one the server
// stated, no page repeated or skipped one, and each page began where the one before it ended.
// Where that does not hold, because somebody wrote to the server meanwhile, the list is read again,
// and if it never holds, it ends with [ErrIncomplete].
package client
