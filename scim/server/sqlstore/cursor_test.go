package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

// Pages by cursor lead back; that they lead to the right page is for storetest to show.
func TestPreviousCursor(t *testing.T) {
	d, err := sqlstore.Open(t.Context(), sqlite(t), sqlstore.SQLite)
	require.NoError(t, err)
	s, users := d.Tenant(""), scim.NewUserType()
	for i := range 3 {
		u := scim.NewResource(scim.UserSchema)
		u.Set("userName", fmt.Sprint("u", i))
		_, err := s.Create(t.Context(), users, u)
		require.NoError(t, err)
	}
	q := &server.Query{Type: users, ByCursor: true, Count: 1}
	first, err := s.List(t.Context(), q)
	require.NoError(t, err)
	q.Cursor = first.NextCursor
	second, err := s.List(t.Context(), q)
	require.NoError(t, err)
	if first.PreviousCursor != "" || second.PreviousCursor == "" {
		t.Errorf("cursors %q and %q", first.PreviousCursor, second.PreviousCursor)
	}
}
