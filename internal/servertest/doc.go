// Package servertest is what the tests of service providers share: whole conversations in golden files, and requests and
// stores of fuzz tests.
package servertest
