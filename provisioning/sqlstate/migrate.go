package sqlstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// migrations are the statements that lead from one version of the table to the next. What was once
// released is never changed: another statement is added. BYTEA is PostgreSQL's type; SQLite, whose
// values have types of their own, stores the bytes as they are.
var migrations = []string{
	`CREATE TABLE TABLE_ (name TEXT PRIMARY KEY, value BYTEA NOT NULL, saved_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)`,
}

// migrate brings the table up to date. Several processes may do so at once: each version is a row of
// a unique number, so that one of them takes the step, and the others try again and see it taken.
func (s *Store) migrate(ctx context.Context) error {
	var err error
	for try := range 10 {
		if try > 0 {
			if err := sleep(ctx, time.Duration(try)*20*time.Millisecond); err != nil {
				return err
			}
		}
		if err = patiently(ctx, func() error { return s.step(ctx) }); err == nil || errors.Is(err, errNewer) || busy(err) {
			return err
		}
	}
	return err
}

var errNewer = errors.New("it was made by a newer version of this program: run that one")

// step takes all steps that are still to take, in one transaction.
func (s *Store) step(ctx context.Context) error {
	have, err := s.version(ctx)
	if err == nil && have == len(migrations) {
		return nil
	}
	if err == nil && have > len(migrations) {
		return errNewer
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+s.table+"_version (version INTEGER PRIMARY KEY)"); err != nil {
		return err
	}
	for i := have; i < len(migrations); i++ {
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+s.table+"_version (version) VALUES ($1)", i+1); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, strings.Replace(migrations[i], "TABLE_", s.table, 1)); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// version gives the number of the table's version; an error also when there is none yet.
func (s *Store) version(ctx context.Context) (int, error) {
	var version int
	err := s.db.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM "+s.table+"_version").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("reading its version: %w", err)
	}
	return version, nil
}
