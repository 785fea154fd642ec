package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Dialect is the SQL that a database speaks.
type Dialect int

// The dialects.
const (
	// SQLite from version 3.35 on.
	SQLite Dialect = iota + 1
	// PostgreSQL from version 12 on.
	PostgreSQL
)

// A DB keeps the resources of many tenants in one database. It is safe for concurrent use.
type DB struct {
	db      *sql.DB
	dialect Dialect

	mu sync.Mutex
	// spaces are the numbers of what a tenant has of one type.
	spaces map[spaceKey]int64
}

type spaceKey struct{ tenant, typ string }

// Open uses an open database, and makes or updates the tables in it. Several programs may do so at once. Closing the
// database stays with the caller.
func Open(ctx context.Context, db *sql.DB, dialect Dialect) (*DB, error) {
	if db == nil || dialect != SQLite && dialect != PostgreSQL {
		return nil, errors.New("sqlstore: a database and its dialect are needed: sqlstore.SQLite or sqlstore.PostgreSQL")
	}
	d := &DB{db: db, dialect: dialect, spaces: map[spaceKey]int64{}}
	if err := d.migrate(ctx); err != nil {
		return nil, fmt.Errorf("make the tables of the SCIM store: %w", err)
	}
	return d, nil
}

// bind puts the database's placeholders in place of each ? of a statement. No statement here has a ? in a string.
func (d *DB) bind(query string) string {
	if d.dialect != PostgreSQL {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 16)
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// A querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// exec runs a statement and gives the number of rows it changed.
func (d *DB) exec(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	res, err := q.ExecContext(ctx, d.bind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query runs a query and calls scan for each row.
func (d *DB) query(ctx context.Context, q querier, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, d.bind(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// patience is how long a transaction is tried again that the database gave up in favour of another. On a busy machine many
// may be in the way one after another.
const patience = 10 * time.Second

// write runs do in a transaction, again if the database gave it up in favour of another one.
func (d *DB) write(ctx context.Context, do func(tx *sql.Tx) error) error {
	begin := time.Now()
	for wait := time.Millisecond; ; wait = min(2*wait, 50*time.Millisecond) {
		err := d.once(ctx, do)
		if err == nil || !transient(err) || time.Since(begin) > patience {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait/2 + rand.N(wait)): // lest they all come again at once
		}
	}
}

func (d *DB) once(ctx context.Context, do func(tx *sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback() // the first error says more
		if errors.Is(err, errUnchanged) {
			return nil
		}
		return err
	}
	return tx.Commit()
}

// errUnchanged ends a transaction that has nothing to write.
var errUnchanged = errors.New("nothing changes")

// transient reports whether the database gave a transaction up for reasons that another try does not meet: a
// deadlock or a conflict in PostgreSQL, a lock in SQLite. Drivers are known by what their errors can say.
func transient(err error) bool {
	var state interface{ SQLState() string } // pgx
	if errors.As(err, &state) {
		switch state.SQLState() {
		case "40001", "40P01", "55P03":
			return true
		}
		return false
	}
	var code interface{ Code() int } // modernc.org/sqlite
	if errors.As(err, &code) {
		const busy, locked = 5, 6
		return code.Code()&0xff == busy || code.Code()&0xff == locked
	}
	return false
}

// list gives n placeholders: (?, ?, ?).
func list(n int) string { return "(" + strings.TrimSuffix(strings.Repeat("?, ", n), ", ") + ")" }
