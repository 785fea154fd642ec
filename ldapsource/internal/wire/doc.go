// Package wire reads the answers to searches fast, on a connection that go-ldap uses for all the rest.
//
// A [Mux] stands between the network and go-ldap. Messages whose ID is of our own range go to [Mux.Search],
// which slices all strings of a message from one copy of it; every other message goes on to go-ldap as it came.
package wire
