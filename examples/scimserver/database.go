package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

const (
	// dbVariable names the database when -db does not.
	dbVariable = "SCIMSERVER_DB"
	// defaultFile is the database when nothing names one.
	defaultFile = "scimserver.db"
)

// A database is where resources and tokens are kept.
type database struct {
	*sqlstore.DB
	pool *sql.DB
	// name is for people: the file, or the address without its password.
	name string
}

// openDatabase opens what -db names, and makes or updates the tables in it. Connections bounds those to it; 0 is a
// number that suits its kind.
func openDatabase(ctx context.Context, source string, connections int) (*database, error) {
	if source == "" {
		source = os.Getenv(dbVariable)
	}
	if source == "" {
		source = defaultFile
	}
	open := openSQLite
	switch scheme, _, ok := strings.Cut(source, "://"); {
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		open = openPostgreSQL
	case ok:
		return nil, fmt.Errorf("-db: %s:// is not a database that is known; it can be a file for SQLite, or postgres://user@host/name", scheme)
	}
	d, dialect, err := open(source, connections)
	if err != nil {
		return nil, err
	}
	if d.DB, err = sqlstore.Open(ctx, d.pool, dialect); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", d.name, err), d.pool.Close())
	}
	return d, nil
}

// openPostgreSQL opens a pool of connections. The password may come from PGPASSWORD or a password file, as with libpq.
func openPostgreSQL(source string, connections int) (*database, sqlstore.Dialect, error) {
	config, err := pgx.ParseConfig(source)
	if err != nil {
		// The error of pgx can hold the address; it has no password in it, but it need not be repeated.
		return nil, 0, errors.New("-db: the address of PostgreSQL cannot be understood; it is of the form postgres://user@host:5432/name?sslmode=verify-full")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = dialTimeout
	}
	if connections == 0 {
		connections = 20
	}
	pool := stdlib.OpenDB(*config)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(idleConnection)
	return &database{pool: pool, name: fmt.Sprintf("postgres://%s:%d/%s", config.Host, config.Port, config.Database)}, sqlstore.PostgreSQL, nil
}

// openSQLite opens a file, and makes it, for its owner only, if it is not there.
func openSQLite(source string, connections int) (*database, sqlstore.Dialect, error) {
	path, err := filepath.Abs(source)
	if err != nil {
		return nil, 0, fmt.Errorf("-db: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open the database: %w; make its folder first, or name another file with -db", err)
	}
	if err := f.Close(); err != nil {
		return nil, 0, fmt.Errorf("open the database: %w", err)
	}
	// Writers wait for each other and readers do not wait. A transaction asks to write from its beginning, since one
	// that has read something cannot wait. What is acknowledged outlives a loss of power.
	q := url.Values{
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: q.Encode()}
	pool, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, 0, fmt.Errorf("open the database: %w", err)
	}
	// SQLite lets one write at a time, and those who wait for its lock are not in a queue; those who wait for a
	// connection are.
	if connections == 0 {
		connections = 4
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	return &database{pool: pool, name: source}, sqlstore.SQLite, nil
}

// ready asks the database what each request asks it first: whose a token is, here one that cannot be.
func (d *database) ready(ctx context.Context) error {
	if _, err := d.VerifyToken(ctx, ""); !errors.Is(err, scim.ErrUnauthorized) {
		return err
	}
	return nil
}
