package lab_test

import (
	"fmt"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
)

// A server's contents depend on its options alone, so that a test knows beforehand what it will read.
func ExampleContents() {
	o := lab.Contents{People: 300, Seed: 7}
	c := people.New(&people.Options{People: o.People, Groups: o.Groups, Seed: o.Seed, Domain: "lab.example"})
	fmt.Println(len(c.People), "accounts,", len(c.Groups), "groups, under", c.LDAPBase())
	// Output: 303 accounts, 40 groups, under dc=lab,dc=example
}
