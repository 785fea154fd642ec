package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

// BenchmarkList asks 10,000 users in SQLite for 10 of them.
func BenchmarkList(b *testing.B) {
	d, err := sqlstore.Open(b.Context(), sqlite(b), sqlstore.SQLite)
	require.NoError(b, err)
	users, store := scim.NewUserType(), d.Tenant("")
	for i := range 10_000 {
		r, err := users.Decode(fmt.Appendf(nil, `{"schemas":[%q],"userName":"user%d","userType":"Employee","active":true,"name":{"familyName":"family%d"},"emails":[{"value":"user%d@example.com","type":"work"}]}`, scim.UserSchema, i, i%100, i), nil)
		require.NoError(b, err)
		_, err = store.Create(b.Context(), users, r)
		require.NoError(b, err)
	}
	for _, text := range []string{`userName eq "USER7777"`, `emails[type eq "work" and value eq "user7777@example.com"]`, `name.familyName eq "family7" and active eq true`, `userName sw "user77"`, `not (userType eq "employee") or userName eq "user1"`, `title pr`} {
		b.Run(text, func(b *testing.B) {
			f, err := users.ParseFilter(text, nil)
			require.NoError(b, err)
			for b.Loop() {
				_, err := store.List(b.Context(), &server.Query{Type: users, Filter: f, StartIndex: 1, Count: 10})
				require.NoError(b, err)
			}
		})
	}
	b.Run("sorted", func(b *testing.B) {
		o, err := users.Order("name.familyName", "", nil)
		require.NoError(b, err)
		for b.Loop() {
			_, err := store.List(b.Context(), &server.Query{Type: users, Order: o, StartIndex: 1, Count: 10})
			require.NoError(b, err)
		}
	})
}
