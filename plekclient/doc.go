// Package plekclient keeps the people of a Plek environment in step with a directory.
//
// Plek is a social intranet. Its documentation for administrators describes user provisioning by
// SCIM and its limits, but not the interface itself. [Sink] speaks SCIM 2.0 and keeps every rule
// that Plek documents; whatever Plek does not document is an option with a stated default, to be
// settled with Plek for each environment.
//
// # The documented rules
//
//   - A person is known by a mapping key, a unique value that never changes. It is the ExternalID of
//     a record. A record without one is refused, and so is a change of it.
//   - Attributes with a value path, as emails[type eq "work"].value, cannot be processed. Name
//     them plainly: emails.
//   - Dates, birthdays among them, and profile pictures are not synchronised.
//   - A new user needs an e-mail address, a first name and a last name, and no two users have the
//     same address.
//   - A leaver is deactivated, not deleted: what they wrote stays, and so do their memberships,
//     which are theirs again when they are reactivated.
//
// Records that break a rule are held with an error that names the rule; nothing is sent for them. A
// person who is disabled in the source and has lost the e-mail address there is deactivated nevertheless.
package plekclient
