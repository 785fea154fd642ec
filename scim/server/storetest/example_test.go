package storetest_test

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// The whole test of a Store.
func Example() {
	test := func(t *testing.T) {
		storetest.Run(t, func(*testing.T) server.Store { return memstore.New(nil) })
	}
	fmt.Println(testing.RunTests(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "TestStore", F: test}}))
	// Output: true
}
