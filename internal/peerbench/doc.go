// Package peerbench measures this module beside other libraries, in one run on one machine. It is a module of
// its own, so that nobody who uses this one downloads them.
//
//	cd internal/peerbench && go test -run '^$' -bench . -benchmem
package peerbench
