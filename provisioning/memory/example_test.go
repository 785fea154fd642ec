package memory_test

import (
	"context"
	"fmt"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A store as a source, that people change, and as a sink, that a reconciler writes.
func Example() {
	directory, application := memory.New(nil), memory.New(&memory.Options{Unique: []string{"userName"}})
	directory.Put(&provisioning.Record{
		Kind: provisioning.User, ID: "guid-1",
		Attributes: provisioning.Attributes{"userName": {"anna@example.com"}},
	})
	ctx := context.Background()
	for r, err := range directory.Records(ctx, provisioning.User) {
		if err != nil {
			fmt.Println(err)
			return
		}
		r.ExternalID, r.ID = r.ID, ""
		id, err := application.Create(ctx, r)
		fmt.Println(id, err)
		_, err = application.Create(ctx, r)
		fmt.Println(err)
	}
	// Output:
	// user-1 <nil>
	// create User for guid-1: already exists: User/user-1 has the same externalId
}
