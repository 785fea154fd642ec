package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

// A service of many tenants on one database, with its tokens in it.
func Example() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file::memory:?cache=shared")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a memory of its own
	store, err := sqlstore.Open(ctx, db, sqlstore.SQLite)
	if err != nil {
		fmt.Println(err)
		return
	}
	token := server.NewToken()
	if err := store.AddToken(ctx, server.Token{Name: "entra", Tenant: "acme", Hash: server.HashToken(token)}); err != nil {
		fmt.Println(err)
		return
	}
	_, err = server.New([]*scim.ResourceType{scim.NewUserType(), scim.NewGroupType()}, store.Stores, server.Bearer(store.VerifyToken), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	caller, err := store.VerifyToken(ctx, token)
	fmt.Println(caller.Subject, caller.Tenant, err)
	// Output: entra acme <nil>
}
