package memstore_test

import (
	"testing"

	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) server.Store { return memstore.New(nil) })
}

func TestIndexedStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) server.Store {
		return memstore.New(&memstore.Options{Indexed: []string{"emails.value", "name.familyName", "title", "nonsense", "userName", "members.value"}})
	})
}

// plain hides what a Store can do besides the five methods, so that the Handler's own ways are tested.
type plain struct{ server.Store }

func TestPlainStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) server.Store { return plain{memstore.New(nil)} })
}
