package scim_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// thingColumns says how the tables of thingDB keep things.
func thingColumns(a *scim.Attribute) (scim.Column, bool) {
	switch path := a.Path(); {
	case a.IsExtension(), path == "meta", path == "part":
		return scim.Column{}, false
	case path == "parts":
		return scim.Column{From: "FROM parts p WHERE p.thing = t.id"}, true
	case strings.HasPrefix(path, "parts."):
		return scim.Column{Expr: "p." + strings.ReplaceAll(a.Name, "primary", "prim"), From: "FROM parts p WHERE p.thing = t.id"}, true
	case path == "tags":
		return scim.Column{Expr: "g.value", From: "FROM tags g WHERE g.thing = t.id"}, true
	default:
		return scim.Column{Expr: "t." + strings.ReplaceAll(path, ".", "_")}, a.Parent() == nil || a.Parent().Name == "part"
	}
}

// thingDB keeps things in SQLite.
func thingDB(t *testing.T, typ *scim.ResourceType, things []*scim.Resource) *sql.DB {
	db, err := sql.Open("sqlite", ":memory:")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	exec := func(q string, args ...any) {
		_, err := db.Exec(q, args...)
		require.NoError(t, err, q)
	}
	exec(`CREATE TABLE things (id TEXT PRIMARY KEY, text TEXT, exact TEXT, flag BOOLEAN, count INTEGER, size REAL, at TEXT, link TEXT, part_a TEXT, part_b BOOLEAN)`)
	exec(`CREATE TABLE parts (thing TEXT, value TEXT, type TEXT, n INTEGER, prim BOOLEAN)`)
	exec(`CREATE TABLE tags (thing TEXT, value TEXT)`)
	stored := func(path string, v any) any {
		a := typ.Attribute(path)
		switch v := v.(type) {
		case nil, bool:
			return v
		case json.Number:
			if n, err := v.Int64(); err == nil {
				return n
			}
			f, _ := v.Float64()
			return f
		}
		return a.Key(v)
	}
	for _, r := range things {
		part := r.GetObject("part")
		exec(`INSERT INTO things VALUES (?,?,?,?,?,?,?,?,?,?)`, r.ID(), stored("text", r.Get("text")), stored("exact", r.Get("exact")), r.Get("flag"), stored("count", r.Get("count")),
			stored("size", r.Get("size")), stored("at", r.Get("at")), stored("link", r.Get("link")), stored("part.a", part.Get("a")), part.Get("b"))
		for _, v := range r.GetValues("parts") {
			o := v.(*scim.Object)
			exec(`INSERT INTO parts VALUES (?,?,?,?,?)`, r.ID(), stored("parts.value", o.Get("value")), stored("parts.type", o.Get("type")), stored("parts.n", o.Get("n")), o.Get("primary"))
		}
		for _, v := range r.GetValues("tags") {
			exec(`INSERT INTO tags VALUES (?,?)`, r.ID(), stored("tags", v))
		}
	}
	return db
}

// A database finds, by the condition that a filter is translated to, what the filter matches.
func TestSQLMatches(t *testing.T) {
	typ, r := newThingType(), rand.New(rand.NewPCG(3, 4))
	things := make([]*scim.Resource, 40)
	for i := range things {
		things[i] = randomThing(r, i)
	}
	db := thingDB(t, typ, things)
	q := scim.SQL{Column: thingColumns}
	for range 300 {
		e := randomFilter(r, 3, false)
		f, err := typ.CompileFilter(e, nil)
		require.NoError(t, err)
		var want, got []string
		for _, thing := range things {
			if f.Match(thing) {
				want = append(want, thing.ID())
			}
		}
		where, args, err := q.Where(f)
		require.NoError(t, err)
		rows, err := db.Query(`SELECT t.id FROM things t WHERE `+where+` ORDER BY CAST(t.id AS INTEGER)`, args...)
		require.NoError(t, err, where)
		for rows.Next() {
			var id string
			require.NoError(t, rows.Scan(&id))
			got = append(got, id)
		}
		require.NoError(t, rows.Err())
		if diff := cmp.Diff(want, got); diff != "" {
			s, _ := filter.Format(e)
			t.Fatalf("%s is translated to\n%s %v\n(-match +database):\n%s", s, where, args, diff)
		}
	}
}

func TestSQLWhere(t *testing.T) {
	typ := newThingType()
	q := scim.SQL{Column: thingColumns, Placeholder: func(n int) string { return fmt.Sprintf("$%d", n) }, Arguments: 1}
	tests := []struct {
		filter, where string
		args          []any
		err           error
	}{
		{`text eq "Jo'; DROP TABLE things; --"`, `((t.text IS NOT NULL AND t.text = $2))`, []any{"jo'; drop table things; --"}, nil},
		{`exact eq "Jo"`, `((t.exact IS NOT NULL AND t.exact = $2))`, []any{"Jo"}, nil},
		{`exact sw "J"`, `((t.exact IS NOT NULL AND (t.exact >= $2 AND SUBSTR(t.exact, 1, 1) = $3)))`, []any{"J", "J"}, nil},
		{`flag eq true and count gt 5`, `(((t.flag IS NOT NULL AND t.flag = $2)) AND ((t.count IS NOT NULL AND t.count > $3)))`, []any{true, int64(5)}, nil},
		{`size lt 1.5`, `((t.size IS NOT NULL AND t.size < $2))`, []any{1.5}, nil},
		{`at ge "2020-01-01T01:00:00+01:00"`, `((t.at IS NOT NULL AND t.at >= $2))`, []any{"2020-01-01T00:00:00.000000000Z"}, nil},
		{`parts[type eq "work" and value pr]`, `EXISTS (SELECT 1 FROM parts p WHERE p.thing = t.id AND (((p.type IS NOT NULL AND p.type = $2)) AND ((p.value IS NOT NULL AND p.value <> ''))))`, []any{"work"}, nil},
		{`meta.version eq "1"`, "", nil, errors.ErrUnsupported},
		{`at sw "2020"`, "", nil, scim.ErrInvalidFilter},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			f, err := typ.ParseFilter(test.filter, nil)
			var where string
			var args []any
			if err == nil {
				where, args, err = q.Where(f)
			}
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			} else if err != nil {
				return
			}
			if diff := cmp.Diff(test.where, where); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(test.args, args); diff != "" {
				t.Errorf("arguments (-want +got):\n%s", diff)
			}
		})
	}
	if where, args, err := q.Where(nil); where != "1 = 1" || args != nil || err != nil {
		t.Errorf("no filter: got %s, %v, %v", where, args, err)
	}
}
