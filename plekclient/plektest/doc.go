// Package plektest is a stand-in for a Plek environment: a SCIM 2.0 service that enforces what Plek
// documents about provisioning. It serves demonstrations and tests.
//
// It refuses mapping keys that are missing, taken or changed, attributes with a value path of a
// type, dates and profile pictures, new users without e-mail address, first or last name, addresses
// that another user has, and removals. Deactivated users keep their memberships. It can be told to
// fail as networks and services do, counts its requests, and shows what it holds.
//
// What Plek does not document, it does as RFC 7644 says. It is no proof of how Plek behaves there.
package plektest
