package lab

import (
	"database/sql"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
)

func TestPostgreSQL(t *testing.T) {
	d := PostgreSQL(t)
	db, err := sql.Open("pgx", d.URL)
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("create table t (n int)")
	require.NoError(t, err)
	_, err = db.Exec("insert into t values (7)")
	require.NoError(t, err)
	d.Stop()
	d.Start()
	var n int
	// The pool may hold a connection of before, which fails once.
	if err = db.QueryRow("select n from t").Scan(&n); err != nil {
		err = db.QueryRow("select n from t").Scan(&n)
	}
	require.NoError(t, err)
	if n != 7 {
		t.Errorf("after a restart: %d", n)
	}
	d.Kill()
	d.Start()
	require.NoError(t, db.Ping())
}
