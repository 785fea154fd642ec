package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/ilumy/usersync/scim"
)

// A TokenHash is what is kept of a token. A token of [NewToken] has 128 random bits or more, so that a plain SHA-256
// cannot be turned back; a password that a person made up would need a slow hash instead.
type TokenHash [sha256.Size]byte

// NewToken makes a token. It is shown once and never kept; keep its [HashToken].
func NewToken() string { return "scim_" + rand.Text() }

// HashToken gives the hash to keep of a token.
func HashToken(token string) TokenHash { return sha256.Sum256([]byte(token)) }

// String gives the hash in hexadecimal.
func (h TokenHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText gives the hash in hexadecimal.
func (h TokenHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what MarshalText gives.
func (h *TokenHash) UnmarshalText(b []byte) error {
	if len(b) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("read the hash of a token: it has %d characters, not %d", len(b), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], b)
	if err != nil {
		return fmt.Errorf("read the hash of a token: %w", err)
	}
	return nil
}

// A Token lets a caller in. Of the token itself only the hash is known.
type Token struct {
	// Name says whose it is, and is the Subject of the caller.
	Name string
	Hash TokenHash
	// Tenant, UserID and ReadOnly are those of the [Caller].
	Tenant   string
	UserID   string
	ReadOnly bool
	// Expires is when the token is no longer valid; zero is never.
	Expires time.Time
}

// Caller gives the caller that the token lets in at a time, or [scim.ErrUnauthorized] once it has expired.
func (t *Token) Caller(now time.Time) (*Caller, error) {
	if !t.Expires.IsZero() && !now.Before(t.Expires) {
		return nil, scim.Errorf(scim.ErrUnauthorized, "the token has expired")
	}
	return &Caller{Subject: t.Name, Tenant: t.Tenant, UserID: t.UserID, ReadOnly: t.ReadOnly}, nil
}

// LogValue leaves the hash out of logs.
func (t *Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("name", t.Name), slog.String("tenant", t.Tenant))
}

// Tokens are tokens that are valid at the same time: several for one tenant let it change its token
// without a gap. Its Verify is for [Bearer].
type Tokens []Token

// Verify gives the caller whose token it is. It compares with every token, in a time that tells nothing.
func (ts Tokens) Verify(_ context.Context, token string) (*Caller, error) {
	hash, found := HashToken(token), -1
	for i := range ts {
		if subtle.ConstantTimeCompare(ts[i].Hash[:], hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return nil, scim.Errorf(scim.ErrUnauthorized, "the token is not known")
	}
	return ts[found].Caller(time.Now())
}

var _ slog.LogValuer = (*Token)(nil)
