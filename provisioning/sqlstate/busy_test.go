package sqlstate_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sqlstate"
)

// TestLockedDatabase has another connection hold the write lock of an SQLite database, as a backup does, or a process that
// writes, for a while or for longer than the caller has time. Whoever waits is told why, and has changed nothing.
func TestLockedDatabase(t *testing.T) {
	for _, dsn := range []string{"", "?_pragma=busy_timeout(50)", "?_pragma=journal_mode(WAL)", "?_txlock=immediate"} {
		for _, lock := range []string{"IMMEDIATE", "EXCLUSIVE"} {
			for _, test := range []struct {
				name string
				do   func(context.Context, provisioning.Swapper, place, *sql.DB) error
				want string // what is saved then
			}{
				{"Save", func(ctx context.Context, s provisioning.Swapper, _ place, _ *sql.DB) error {
					return s.Save(ctx, "k", []byte("new"))
				}, "new"},
				{"Swap", func(ctx context.Context, s provisioning.Swapper, _ place, _ *sql.DB) error {
					won, err := s.Swap(ctx, "k", []byte("old"), []byte("new"))
					if err == nil && !won {
						err = errors.New("the swap is lost")
					}
					return err
				}, "new"},
				{"New", func(ctx context.Context, _ provisioning.Swapper, p place, db *sql.DB) error {
					_, err := sqlstate.New(ctx, db, &sqlstate.Options{Table: "another"})
					return err
				}, "old"},
			} {
				t.Run(strings.TrimSpace(test.name+" "+lock+" "+dsn), func(t *testing.T) {
					t.Parallel()
					p := place{driver: "sqlite", dsn: filepath.Join(t.TempDir(), "state.db") + dsn, table: "state"}
					s, db := p.store(t), p.open(t)
					require.NoError(t, s.Save(t.Context(), "k", []byte("old")))
					other, err := p.open(t).Conn(t.Context())
					require.NoError(t, err)
					defer other.Close()
					hold := func(statement string) {
						_, err := other.ExecContext(t.Context(), statement)
						require.NoError(t, err)
					}

					hold("BEGIN " + lock)
					soon, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
					defer cancel()
					err = test.do(soon, s, p, db)
					require.ErrorIs(t, err, context.DeadlineExceeded)
					require.ErrorContains(t, err, "database is locked")

					done := make(chan error)
					go func() { done <- test.do(t.Context(), s, p, db) }()
					time.Sleep(300 * time.Millisecond)
					hold("COMMIT")
					require.NoError(t, <-done)
					got, err := s.Load(t.Context(), "k")
					require.NoError(t, err)
					require.Equal(t, test.want, string(got))
				})
			}
		}
	}
}
