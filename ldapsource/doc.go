// Package ldapsource reads people and groups from directories: Active Directory, OpenLDAP, 389 Directory Server and
// whatever else speaks LDAP, by [New]; and the LDIF files that were exported from them, by [OpenLDIF]. Both are a
// [provisioning.Source] and take the same [Options].
//
// # Records
//
// A record is known by the identifier that its entry keeps for ever: objectGUID, entryUUID or nsUniqueId, written as a
// UUID. Attributes are text under the directory's names, in the spelling that they are asked for. Attributes whose values
// are names of other entries become references: member is Refs["members"], manager Refs["manager"], memberOf
// Refs["memberOf"]. A name that leads out of the scope, or nowhere, is left out, and Options.Dangling is told. Which
// accounts are disabled or expire, what a group is, and all else that brands do in their own way is data: a [Dialect].
//
// # Complete, or an error
//
// A read that ends without an error gave everything. It ends well only when the server said so: an empty cookie after
// the last page, success as the result of each, no limit reached, no part of the tree left to another server. Anything
// else is an error, [ErrIncomplete] where the server ended the read itself. When the connection breaks, the base at
// hand is read again from its start, twice at most, for a cookie is worth nothing on another connection; who was given
// already is not given again.
//
// An LDIF file is read to its end before its first record is given. It is refused when its last line or its last record
// is not ended, or when the lines that ldapsearch writes at the end are missing or tell of a limit or of another number
// of entries. A file of another exporter that was cut off exactly between two records cannot be told from a whole one:
// against that stand the reconciler's guards. A file that changes while it is read ends the read with [ErrIncomplete]:
// each pass over it must give the bytes that were read to its end at first.
//
// # Memory
//
// Entries stream, and a read takes 10 MiB at most, whatever the size of the directory, beside the record at hand. What is
// kept of each record in scope is its identifier, so that none is given twice, and, when references have to be
// resolved, its name with the identifier that it leads to. Of names, and of who was given, there are hashes of 128
// bits only, under keys that nobody knows. Of more than some 100,000 records they go on in a file (Options.TempDir),
// which only its owner may read and which is gone after the read, or a minute later for an LDIF file, whose next read
// has use for it. Active Directory gives references with their identifiers (LDAP_SERVER_EXTENDED_DN_OID), so there
// names are not needed; that a manager is a user, and not a contact, is taken for granted.
//
// A large group comes in parts, and its members are resolved part by part. Its record has them all: some 70 bytes
// each, and half as much more while it is made. MemberOf, Nested and PrimaryGroups take some 200 bytes a group, and 20
// bytes for each of its members; of a group's members beyond 512 those go into a file too. What changed is noted
// before it is read: some 100 bytes an entry.
//
// # Changes
//
// A [Source] of a server is a [provisioning.DeltaSource] where the server keeps a history: see [Increments]. [Source.Check]
// tells which way works, and what is likely wrong with a configuration.
//
// A change of membership is a change of the group. That a member was deleted is none in Active Directory, nor with the
// overlays of OpenLDAP: the account is gone with the next read of what changed, and its place in groups with their
// next change, or with the next full read at the latest. Attributes that the server works out (Dialect.Computed)
// change without any history of it, so with them everything is read each time.
//
// # Forests
//
// A source reads one domain of an Active Directory; each other one has a source of its own. The global catalogue (ports 3268
// and 3269) gives all domains of a forest at once, but has neither all attributes, accountExpires among them, nor the
// members of global and domain-local groups of other domains, nor a history. What it does not have is an error, since
// it would look as if nobody had it.
//
// # Why not all of go-ldap
//
// go-ldap binds, negotiates and speaks controls here. The answers to searches are decoded by a reader of this package's
// own, since go-ldap's makes some 1,100 allocations an entry, buffers all pages, and ends a cancelled search as if it
// were complete.
package ldapsource
