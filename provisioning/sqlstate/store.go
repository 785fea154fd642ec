package sqlstate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// Options change where a [Store] keeps its values. nil is the default.
type Options struct {
	// Table is the name of the table; "usersync_state" when empty. A second one, of the same name with
	// "_version" after it, holds the version of the first. A schema may stand before it: "iam.state".
	Table string
}

// A Store is a [provisioning.StateStore] in a table. It is safe for concurrent use.
type Store struct {
	db    *sql.DB
	table string
}

// identifier is what a table may be called: it is put into SQL as it is.
var identifier = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]{0,50}\.)?[A-Za-z_][A-Za-z0-9_]{0,50}$`)

// New gives a store in db, whose tables it makes when they are not there yet. It does not close db.
// The account of db must be allowed to create tables the first time.
func New(ctx context.Context, db *sql.DB, o *Options) (*Store, error) {
	s := &Store{db: db, table: "usersync_state"}
	if o != nil && o.Table != "" {
		s.table = o.Table
	}
	if !identifier.MatchString(s.table) {
		return nil, fmt.Errorf("sqlstate: %q cannot be the name of a table: use letters, digits and underscores, at most 51", s.table)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, fmt.Errorf("sqlstate: preparing table %s: %w", s.table, err)
	}
	return s, nil
}

// Load gives the value of a key; (nil, nil) when there is none.
func (s *Store) Load(ctx context.Context, key string) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var value []byte
	err := patiently(ctx, func() error {
		return s.db.QueryRowContext(ctx, s.sql("SELECT value FROM TABLE WHERE name = $1"), key).Scan(&value)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("sqlstate: loading %s from table %s: %w", key, s.table, err)
	case value == nil: // a driver may give an empty value so
		value = []byte{}
	}
	return value, nil
}

// Save replaces the value of a key; nil removes it.
func (s *Store) Save(ctx context.Context, key string, value []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	var err error
	if value == nil {
		_, err = s.exec(ctx, "DELETE FROM TABLE WHERE name = $1", key)
	} else {
		_, err = s.exec(ctx, "INSERT INTO TABLE (name, value) VALUES ($1, $2) "+
			"ON CONFLICT (name) DO UPDATE SET value = excluded.value, saved_at = CURRENT_TIMESTAMP", key, value)
	}
	if err != nil {
		return fmt.Errorf("sqlstate: saving %s to table %s: %w", key, s.table, err)
	}
	return nil
}

// Swap replaces the value of a key by value if it is old, and reports whether it did. It is one SQL
// statement, so the database decides which of two processes wins.
func (s *Store) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	if err := checkKey(key); err != nil {
		return false, err
	}
	var n int64
	var err error
	switch {
	case old == nil && value == nil:
		var there []byte
		there, err = s.Load(ctx, key)
		return there == nil && err == nil, err
	case old == nil:
		n, err = s.exec(ctx, "INSERT INTO TABLE (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", key, value)
	case value == nil:
		n, err = s.exec(ctx, "DELETE FROM TABLE WHERE name = $1 AND value = $2", key, old)
	default:
		n, err = s.exec(ctx, "UPDATE TABLE SET value = $3, saved_at = CURRENT_TIMESTAMP WHERE name = $1 AND value = $2", key, old, value)
	}
	if err != nil {
		return false, fmt.Errorf("sqlstate: swapping %s in table %s: %w", key, s.table, err)
	}
	return n == 1, nil
}

// exec executes a statement and gives how many rows it changed.
func (s *Store) exec(ctx context.Context, statement string, args ...any) (n int64, err error) {
	err = patiently(ctx, func() error {
		res, err := s.db.ExecContext(ctx, s.sql(statement), args...)
		if err == nil {
			n, err = res.RowsAffected()
		}
		return err
	})
	return n, err
}

// sql puts the name of the table into a statement.
func (s *Store) sql(statement string) string { return strings.Replace(statement, "TABLE", s.table, 1) }

// keys are what [provisioning.StateStore] says: parts between slashes, none of which begins with a dot.
var keys = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$`)

func checkKey(key string) error {
	if !keys.MatchString(key) {
		return fmt.Errorf("sqlstate: %q is not a key: use letters, digits and -_./, with no part empty or beginning with a dot", key)
	}
	return nil
}

var _ provisioning.Swapper = (*Store)(nil)
