package sqlstore

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// A Token is a bearer token as it is kept: by its hash.
type Token struct {
	server.Token
	Created time.Time
}

// AddToken keeps a token. Its name must be new.
func (d *DB) AddToken(ctx context.Context, t server.Token) error {
	if t.Name == "" {
		return errors.New("sqlstore: a token needs a name")
	}
	expires := ""
	if !t.Expires.IsZero() {
		expires = t.Expires.UTC().Format(timeFormat)
	}
	readOnly := 0
	if t.ReadOnly {
		readOnly = 1
	}
	return d.write(ctx, func(tx *sql.Tx) error {
		n, err := d.exec(ctx, tx, "INSERT INTO scim_tokens (hash, name, tenant, userid, readonly, created, expires) SELECT ?, ?, ?, ?, ?, ?, ? WHERE NOT EXISTS (SELECT 1 FROM scim_tokens WHERE name = ?)",
			t.Hash.String(), t.Name, t.Tenant, t.UserID, readOnly, now(), expires, t.Name)
		if err != nil {
			return fmt.Errorf("sqlstore: add token %s: %w", t.Name, err)
		}
		if n == 0 {
			return fmt.Errorf("sqlstore: there is a token %s already; revoke it, or choose another name", t.Name)
		}
		return nil
	})
}

// Tokens gives all tokens, also those that have expired, in the order of their creation.
func (d *DB) Tokens(ctx context.Context) ([]Token, error) {
	var list []Token
	err := d.query(ctx, d.db, func(rows *sql.Rows) error {
		t, err := scanToken(rows)
		list = append(list, t)
		return err
	}, tokenColumns+" ORDER BY created, name")
	if err != nil {
		return nil, fmt.Errorf("sqlstore: list tokens: %w", err)
	}
	return list, nil
}

// RevokeToken removes the token of a name; from then on it lets nobody in.
func (d *DB) RevokeToken(ctx context.Context, name string) error {
	return d.write(ctx, func(tx *sql.Tx) error {
		n, err := d.exec(ctx, tx, "DELETE FROM scim_tokens WHERE name = ?", name)
		if err != nil {
			return fmt.Errorf("sqlstore: revoke token %s: %w", name, err)
		}
		if n == 0 {
			return fmt.Errorf("sqlstore: there is no token %s", name)
		}
		return nil
	})
}

// VerifyToken is for [server.Bearer]: it gives the caller whose token it is. The token is looked up by its hash, so how
// long that takes tells nothing about the tokens there are.
func (d *DB) VerifyToken(ctx context.Context, token string) (*server.Caller, error) {
	hash := server.HashToken(token)
	t, err := scanToken(d.db.QueryRowContext(ctx, d.bind(tokenColumns+" WHERE hash = ?"), hash.String()))
	if errors.Is(err, sql.ErrNoRows) || err == nil && subtle.ConstantTimeCompare(t.Hash[:], hash[:]) != 1 {
		return nil, scim.Errorf(scim.ErrUnauthorized, "the token is not known")
	}
	if err != nil {
		return nil, fmt.Errorf("sqlstore: look up a token: %w", err)
	}
	return t.Caller(time.Now())
}

const tokenColumns = "SELECT hash, name, tenant, userid, readonly, created, expires FROM scim_tokens"

func scanToken(row interface{ Scan(...any) error }) (t Token, err error) {
	var hash, created, expires string
	var readOnly int
	if err := row.Scan(&hash, &t.Name, &t.Tenant, &t.UserID, &readOnly, &created, &expires); err != nil {
		return Token{}, err
	}
	if err := t.Hash.UnmarshalText([]byte(hash)); err != nil {
		return Token{}, err
	}
	t.ReadOnly = readOnly != 0
	t.Created, err = time.Parse(timeFormat, created)
	if err == nil && expires != "" {
		t.Expires, err = time.Parse(timeFormat, expires)
	}
	return t, err
}
