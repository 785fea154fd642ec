package sqlstore_test

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
	"github.com/ilumy/usersync/scim/server/sqlstore"
)

func TestTokens(t *testing.T) {
	for name, open := range map[string]func(t testing.TB) (*sql.DB, sqlstore.Dialect){
		"SQLite":     func(t testing.TB) (*sql.DB, sqlstore.Dialect) { return sqlite(t), sqlstore.SQLite },
		"PostgreSQL": func(t testing.TB) (*sql.DB, sqlstore.Dialect) { return postgres(t), sqlstore.PostgreSQL },
	} {
		t.Run(name, func(t *testing.T) {
			db, dialect := open(t)
			d, err := sqlstore.Open(t.Context(), db, dialect)
			require.NoError(t, err)
			entra, old := server.NewToken(), server.NewToken()
			require.NoError(t, d.AddToken(t.Context(), server.Token{Name: "entra", Tenant: "acme", UserID: "u", ReadOnly: true, Hash: server.HashToken(entra)}))
			require.NoError(t, d.AddToken(t.Context(), server.Token{Name: "old", Hash: server.HashToken(old), Expires: time.Now().Add(-time.Hour)}))
			if d.AddToken(t.Context(), server.Token{Name: "entra", Hash: server.HashToken("x")}) == nil {
				t.Error("two tokens have one name")
			}
			got, err := d.VerifyToken(t.Context(), entra)
			if diff := cmp.Diff(&server.Caller{Subject: "entra", Tenant: "acme", UserID: "u", ReadOnly: true}, got); err != nil || diff != "" {
				t.Errorf("error %v, (-want +got):\n%s", err, diff)
			}
			for _, wrong := range []string{old, "", "x", entra + "x", "' OR 1=1 --"} {
				if _, err := d.VerifyToken(t.Context(), wrong); !errors.Is(err, scim.ErrUnauthorized) {
					t.Errorf("%q: error %v", wrong, err)
				}
			}
			list, err := d.Tokens(t.Context())
			require.NoError(t, err)
			if len(list) != 2 || list[0].Name != "entra" || list[1].Expires.IsZero() || list[0].Created.IsZero() {
				t.Errorf("tokens: %+v", list)
			}
			require.NoError(t, d.RevokeToken(t.Context(), "entra"))
			if _, err := d.VerifyToken(t.Context(), entra); !errors.Is(err, scim.ErrUnauthorized) {
				t.Errorf("a revoked token lets in: %v", err)
			}
			if d.RevokeToken(t.Context(), "entra") == nil {
				t.Error("a token is revoked twice")
			}
		})
	}
}
