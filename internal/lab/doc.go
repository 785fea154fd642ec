// Package lab starts real directory servers and databases for tests.
//
// Every server listens on addresses of 127.0.0.0/8 only, with a certificate of an authority of its
// own, holds a company of package people, and is gone after the test:
//
//	func TestRead(t *testing.T) {
//		d := lab.Slapd(t, nil) // OpenLDAP with 1,000 people
//		conn := d.Reader(t)    // bound over LDAPS; or use d.URL, d.BindDN, d.Password, d.CA
//		d.Kill()               // a crash; d.Start() starts it again where it was
//	}
//
// What is missing is installed by
//
//	go run ./internal/lab/install slapd samba postgresql
//
// on Debian as root. Elsewhere the test is left out with a message that begins with LEFT OUT; with
// CI=true it fails instead.
//
// Loaded data is kept in the user's cache folder (usersync-lab) by what it was made from, so that a
// second start only copies it. The folder may be removed at any time when no test runs.
package lab
