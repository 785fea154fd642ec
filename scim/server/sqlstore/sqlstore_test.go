package sqlstore_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
	"github.com/ilumy/usersync/scim/server/storetest"
)

// sqlite opens a database in a file of its own.
func sqlite(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "scim.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(off)")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) server.Store {
		d, err := sqlstore.Open(t.Context(), sqlite(t), sqlstore.SQLite)
		require.NoError(t, err)
		return d.Tenant("")
	})
}
