package sqlstate_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"

	_ "modernc.org/sqlite"

	"github.com/ilumy/usersync/provisioning/sqlstate"
)

func Example() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection to :memory: is a database of its own
	store, err := sqlstate.New(ctx, db, nil)
	if err != nil {
		log.Fatal(err)
	}
	// A reconciler takes it as Options.State; here two runs want the same key.
	first, _ := store.Swap(ctx, "plek/lease", nil, []byte("run 1"))
	second, _ := store.Swap(ctx, "plek/lease", nil, []byte("run 2"))
	holder, _ := store.Load(ctx, "plek/lease")
	fmt.Println(first, second, string(holder))
	// Output: true false run 1
}
