package sqlstore

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/ilumy/usersync/scim"
)

// keycloak 51401, 51441: a look-up that does not regard case uses an index, since values are stored as they are compared.
func TestPainIndexedLookUps(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "scim.db"))
	require.NoError(t, err)
	defer db.Close()
	d, err := Open(t.Context(), db, SQLite)
	require.NoError(t, err)
	s := d.Tenant("")
	users, groups := scim.NewUserType(), scim.NewGroupType()
	for _, tt := range []struct {
		typ    *scim.ResourceType
		filter string
	}{
		{users, `userName eq "BJENSEN"`}, {users, `externalId eq "e1"`}, {users, `emails[type eq "work"].value eq "B@example.com"`},
		{users, `emails.value eq "B@example.com" and active eq true`}, {users, `id eq "1"`}, {users, `userName sw "bj"`},
		{groups, `displayName eq "Guides"`}, {groups, `members.value eq "1"`}, {groups, `id eq "1" and members eq "2"`},
	} {
		f, err := tt.typ.ParseFilter(tt.filter, nil)
		require.NoError(t, err)
		where, exact := s.where(tt.typ, 1, f.Expression())
		where = both(condition{"r.space = ?", []any{1}}, "AND", where)
		if !exact || strings.Contains(strings.ToLower(where.sql), "lower(") {
			t.Errorf("%s: exact %v: %s", tt.filter, exact, where.sql)
		}
		rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN SELECT r.rid FROM scim_resources r WHERE "+where.sql, where.args...)
		require.NoError(t, err)
		plan := ""
		for rows.Next() {
			var id, parent, unused int
			var detail string
			require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
			plan += detail + "\n"
			if strings.HasPrefix(detail, "SCAN") {
				t.Errorf("%s reads a whole table: %s", tt.filter, detail)
			}
		}
		require.NoError(t, rows.Err())
		if !strings.Contains(plan, "INDEX") {
			t.Errorf("%s uses no index:\n%s", tt.filter, plan)
		}
	}
}
