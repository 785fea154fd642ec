package memstore_test

import (
	"context"
	"fmt"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/memstore"
)

func Example() {
	ctx, users := context.Background(), scim.NewUserType()
	store := memstore.New(&memstore.Options{Indexed: []string{"emails.value"}})
	r := scim.NewResource(scim.UserSchema)
	r.Set("userName", "bjensen")
	created, err := store.Create(ctx, users, r)
	if err != nil {
		fmt.Println(err)
		return
	}
	filter, err := users.ParseFilter(`userName eq "BJensen"`, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := store.List(ctx, &server.Query{Type: users, Filter: filter, StartIndex: 1, Count: 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(page.Total, page.Resources[0].ID() == created.ID(), created.Meta().Version)
	// Output: 1 true W/"1"
}
