package sqlstate_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sqlstate"
)

// files is the driver of places that are folders of a provisioning.FileState, which keeps the same laws.
const files = "files"

// A place is a database, by driver and what to open with it, and a table in it.
type place struct{ driver, dsn, table string }

func (p place) open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.driver, p.dsn)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func (p place) store(t *testing.T) provisioning.Swapper {
	t.Helper()
	if p.driver == files {
		s, err := provisioning.NewFileState(filepath.Join(p.dsn, p.table))
		require.NoError(t, err)
		return s
	}
	s, err := sqlstate.New(t.Context(), p.open(t), &sqlstate.Options{Table: p.table})
	require.NoError(t, err)
	return s
}

// A law is what a test holds every store to.
type law struct {
	name string
	test func(*testing.T, place)
}

func TestStore(t *testing.T) {
	every := []law{{"LoadSave", loadSave}, {"Swap", swap}, {"Keys", badKeys}, {"SwapHasOneWinner", swapHasOneWinner}, {"Lease", lease}}
	tables := append(every, law{"MigrateAtOnce", migrateAtOnce}, law{"MigrateRefusesNewer", migrateRefusesNewer})
	run := func(t *testing.T, p place, laws []law) {
		for _, l := range laws {
			p.table = strings.ToLower(l.name)
			t.Run(l.name, func(t *testing.T) { l.test(t, p) })
		}
	}
	t.Run("SQLite", func(t *testing.T) { // without busy_timeout, as people open it
		run(t, place{driver: "sqlite", dsn: filepath.Join(t.TempDir(), "state.db")}, tables)
	})
	t.Run("PostgreSQL", func(t *testing.T) { run(t, place{driver: "pgx", dsn: lab.PostgreSQL(t).URL}, tables) })
	t.Run("Files", func(t *testing.T) { run(t, place{driver: files, dsn: t.TempDir()}, every) })
}

func loadSave(t *testing.T, p place) {
	ctx, s := t.Context(), p.store(t)
	for _, step := range []struct {
		key   string
		value []byte
	}{
		{"job/a", []byte("one")}, {"job/a", []byte("two")}, {"job/b", []byte{}}, {"job/c", []byte{0, 0xff, '\'', '\n'}},
		{"job/a", nil}, {"job/a", nil}, {"job/large", make([]byte, 5<<20)},
	} {
		require.NoError(t, s.Save(ctx, step.key, step.value))
		got, err := s.Load(ctx, step.key)
		require.NoError(t, err)
		if !bytes.Equal(step.value, got) || (step.value == nil) != (got == nil) {
			t.Errorf("%s: saved %d bytes, loaded %d others", step.key, len(step.value), len(got))
		}
	}
	// Another store on the same table sees it, and one on another table does not.
	got, err := p.store(t).Load(ctx, "job/c")
	require.NoError(t, err)
	if len(got) != 4 {
		t.Errorf("a second store loads %q", got)
	}
	other := place{p.driver, p.dsn, "other"}
	got, err = other.store(t).Load(ctx, "job/c")
	require.NoError(t, err)
	if got != nil {
		t.Errorf("a store on another table loads %q", got)
	}
}

func swap(t *testing.T, p place) {
	ctx, s := t.Context(), p.store(t)
	b := func(s string) []byte {
		if s == "-" {
			return nil
		}
		return []byte(s)
	}
	for _, tt := range []struct {
		has, old, value string // "-" is none
		want            bool
	}{
		{"-", "-", "a", true}, {"-", "a", "b", false}, {"-", "a", "-", false}, {"-", "-", "-", true}, {"-", "", "a", false},
		{"a", "-", "b", false}, {"a", "a", "b", true}, {"a", "a", "a", true}, {"a", "b", "c", false}, {"a", "A", "c", false},
		{"a", "a", "-", true}, {"a", "b", "-", false}, {"a", "-", "-", false}, {"a", "a", "", true}, {"", "", "b", true}, {"", "-", "b", false},
	} {
		name := fmt.Sprintf("%q from %q to %q", tt.has, tt.old, tt.value)
		require.NoError(t, s.Save(ctx, "k", b(tt.has)))
		got, err := s.Swap(ctx, "k", b(tt.old), b(tt.value))
		require.NoError(t, err, name)
		after := tt.has
		if tt.want {
			after = tt.value
		}
		has, err := s.Load(ctx, "k")
		require.NoError(t, err)
		if got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
		if diff := cmp.Diff(b(after), has); diff != "" {
			t.Errorf("%s leaves (-want +got):\n%s", name, diff)
		}
	}
}

func badKeys(t *testing.T, p place) {
	s := p.store(t)
	for _, key := range []string{"", ".hidden", "a b", "é", "a\x00", "/a", "a/", "a//b", "a/.b", "../a", "a\\b"} {
		_, lerr := s.Load(t.Context(), key)
		_, werr := s.Swap(t.Context(), key, nil, []byte("x"))
		if serr := s.Save(t.Context(), key, []byte("x")); lerr == nil || werr == nil || serr == nil {
			t.Errorf("key %q is taken: %v, %v, %v", key, lerr, werr, serr)
		}
	}
}

// Of those who want a key at once, in this process and in others, one gets it, each time.
func swapHasOneWinner(t *testing.T, p place) {
	ctx := t.Context()
	const workers, rounds = 6, 20
	var wg sync.WaitGroup
	for w := range workers {
		// A handle of its own for each: connections of one SQLite handle could hide a lock.
		s := p.store(t)
		wg.Go(func() {
			for range rounds {
				if err := increment(ctx, s); err != nil {
					t.Errorf("worker %d: %v", w, err)
					return
				}
			}
		})
	}
	for range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "SQLSTATE_DRIVER="+p.driver, "SQLSTATE_DSN="+p.dsn, "SQLSTATE_TABLE="+p.table, "SQLSTATE_ROUNDS="+strconv.Itoa(rounds))
		wg.Go(func() {
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("process: %v\n%s", err, out)
			}
		})
	}
	wg.Wait()
	got, err := p.store(t).Load(ctx, "counter")
	require.NoError(t, err)
	if want := strconv.Itoa((workers + 2) * rounds); string(got) != want {
		t.Errorf("the counter is %s, want %s: two won at once", got, want)
	}
}

// TestMain is also what swapHasOneWinner runs in other processes.
func TestMain(m *testing.M) {
	rounds, err := strconv.Atoi(os.Getenv("SQLSTATE_ROUNDS"))
	if err != nil {
		os.Exit(m.Run())
	}
	if err := incrementAll(rounds); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func incrementAll(rounds int) error {
	ctx := context.Background()
	driver, dsn, table := os.Getenv("SQLSTATE_DRIVER"), os.Getenv("SQLSTATE_DSN"), os.Getenv("SQLSTATE_TABLE")
	var s provisioning.Swapper
	if driver == files {
		var err error
		if s, err = provisioning.NewFileState(filepath.Join(dsn, table)); err != nil {
			return err
		}
	} else {
		db, err := sql.Open(driver, dsn)
		if err != nil {
			return err
		}
		defer db.Close()
		if s, err = sqlstate.New(ctx, db, &sqlstate.Options{Table: table}); err != nil {
			return err
		}
	}
	var err error
	for range rounds {
		if err == nil {
			err = increment(ctx, s)
		}
	}
	return err
}

func increment(ctx context.Context, s provisioning.Swapper) error {
	for {
		old, err := s.Load(ctx, "counter")
		if err != nil {
			return err
		}
		n, _ := strconv.Atoi(string(old))
		won, err := s.Swap(ctx, "counter", old, []byte(strconv.Itoa(n+1)))
		if won || err != nil {
			return err
		}
	}
}

// Many processes may start at the same time on an empty database.
func migrateAtOnce(t *testing.T, p place) {
	var wg sync.WaitGroup
	for range 8 {
		db := p.open(t)
		wg.Go(func() {
			s, err := sqlstate.New(t.Context(), db, &sqlstate.Options{Table: p.table})
			if err == nil {
				_, err = s.Load(t.Context(), "k")
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func migrateRefusesNewer(t *testing.T, p place) {
	p.store(t)
	db := p.open(t)
	_, err := db.Exec("INSERT INTO " + p.table + "_version (version) VALUES (99)")
	require.NoError(t, err)
	_, err = sqlstate.New(t.Context(), db, &sqlstate.Options{Table: p.table})
	if err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("a table of a newer version: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	p := place{driver: "sqlite", dsn: filepath.Join(t.TempDir(), "state.db")}
	for _, table := range []string{"a b", "x;drop", "1a", "a.b.c", `"a"`, strings.Repeat("a", 60)} {
		if _, err := sqlstate.New(t.Context(), p.open(t), &sqlstate.Options{Table: table}); err == nil {
			t.Errorf("table %q is taken", table)
		}
	}
	s := p.store(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Save(ctx, "k", []byte("x")); err == nil {
		t.Error("saved although cancelled")
	}
}

// What was saved survives the crash of the database server.
func TestCrash(t *testing.T) {
	d := lab.PostgreSQL(t)
	s := place{driver: "pgx", dsn: d.URL}.store(t)
	require.NoError(t, s.Save(t.Context(), "k", []byte("v")))
	d.Kill()
	if _, err := s.Load(t.Context(), "k"); err == nil {
		t.Error("loaded from a server that is gone")
	}
	d.Start()
	got, err := place{driver: "pgx", dsn: d.URL}.store(t).Load(t.Context(), "k")
	require.NoError(t, err)
	if string(got) != "v" {
		t.Errorf("after the crash: %q", got)
	}
}
