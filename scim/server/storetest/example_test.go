package storetest_test

import (
	"testing"

	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// The whole test of a Store.
func Example() {
	_ = func(t *testing.T) { // In your package: func TestStore(t *testing.T)
		storetest.Run(t, func(*testing.T) server.Store { return memstore.New(nil) })
	}
	// Output:
}
