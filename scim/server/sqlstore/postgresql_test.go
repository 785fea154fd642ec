package sqlstore_test

import (
	"database/sql"
	"fmt"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

func postgres(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", lab.PostgreSQL(t).URL)
	require.NoError(t, err)
	db.SetMaxOpenConns(20)
	t.Cleanup(func() { db.Close() })
	return db
}

// TestPostgreSQL gives each part of the test a tenant of its own, so that it also shows that tenants are apart.
func TestPostgreSQL(t *testing.T) {
	db := postgres(t)
	// Several programs may start at once.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if _, err := sqlstore.Open(t.Context(), db, sqlstore.PostgreSQL); err != nil {
				t.Errorf("Open at once with others: %v", err)
			}
		})
	}
	wg.Wait()
	d, err := sqlstore.Open(t.Context(), db, sqlstore.PostgreSQL)
	require.NoError(t, err)
	n := 0
	storetest.Run(t, func(*testing.T) server.Store {
		n++
		return d.Tenant(fmt.Sprintf("tenant %d", n))
	})
}
