// Package people makes up a company for tests and for the demo: people, groups and all that goes
// wrong in a real directory, always the same for the same seed.
//
// A [Company] is made by [New], lives on by [Company.NextDay], and is written as the export of an
// Active Directory by [Company.WriteAD], or as what the loaders of directory servers take by
// [Company.WriteOpenLDAP], [Company.Write389] and [Company.WriteSamba]. [Demo] gives the files that are checked in with the demo.
package people

//go:generate go run ./cmd/people -demo ../../../examples/usersync/demo
