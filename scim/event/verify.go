package event

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/ilumy/usersync/scim"
)

// A Verifier reads the SETs of one issuer. It is safe for concurrent use.
type Verifier struct {
	issuer, audience string
	keys             atomic.Pointer[Keys]
	unsigned         bool
	options          VerifierOptions
}

// VerifierOptions are what a [Verifier] does otherwise than by default.
type VerifierOptions struct {
	Limits Limits
	// Skew is how far the clocks of issuer and recipient may differ; 5 minutes. A token from a later time than that
	// is refused. There is no bound on its age: it may have waited for the recipient.
	Skew time.Duration
}

// NewVerifier reads tokens of an issuer that are for an audience, signed with one of keys. Issuer and audience are compared
// byte by byte. An audience "" takes tokens for anybody, which suits a recipient that alone has the sender's secret.
func NewVerifier(issuer, audience string, keys *Keys, o *VerifierOptions) (*Verifier, error) {
	if issuer == "" || keys == nil || len(keys.list) == 0 {
		return nil, errors.New("security event tokens: a verifier needs the issuer and its keys")
	}
	v := newVerifier(issuer, audience, o)
	v.keys.Store(keys)
	return v, nil
}

// NewInsecureVerifier reads tokens that are not signed, and no others. Use it only where the connection tells beyond doubt
// who sends (RFC 9967 section 5).
func NewInsecureVerifier(issuer, audience string, o *VerifierOptions) (*Verifier, error) {
	if issuer == "" {
		return nil, errors.New("security event tokens: a verifier needs the issuer")
	}
	v := newVerifier(issuer, audience, o)
	v.unsigned = true
	return v, nil
}

func newVerifier(issuer, audience string, o *VerifierOptions) *Verifier {
	v := &Verifier{issuer: issuer, audience: audience}
	if o != nil {
		v.options = *o
	}
	v.options.Limits = v.options.Limits.withDefaults()
	if v.options.Skew <= 0 {
		v.options.Skew = 5 * time.Minute
	}
	return v
}

// SetKeys replaces the keys, when the issuer has published others.
func (v *Verifier) SetKeys(keys *Keys) {
	if keys != nil && !v.unsigned {
		v.keys.Store(keys)
	}
}

// Verify reads a SET. What is wrong with it is an [Error], to be told to the sender.
func (v *Verifier) Verify(set string) (*Token, error) {
	if len(set) > v.options.Limits.Bytes {
		return nil, Errorf(InvalidRequest, "the token has %d bytes, more than the %d that are taken", len(set), v.options.Limits.Bytes)
	}
	claims, err := v.claims(set)
	if err != nil {
		return nil, err
	}
	t, err := ParseClaims(claims, v.options.Limits)
	switch {
	case err != nil:
		return nil, err
	case t.Issuer != v.issuer:
		return nil, Errorf(InvalidIssuer, "the iss is not the issuer whose tokens are taken here")
	case v.audience != "" && !slices.Contains(t.Audience, v.audience):
		return nil, Errorf(InvalidAudience, "the aud does not name this recipient")
	case time.Until(t.IssuedAt) > v.options.Skew:
		return nil, Errorf(InvalidRequest, "the iat is in the future; check the clocks")
	}
	return t, nil
}

// claims gives what was signed, after looking at the signature.
func (v *Verifier) claims(set string) ([]byte, error) {
	if v.unsigned {
		return unsignedClaims(set)
	}
	header, _, _ := strings.Cut(set, ".")
	if isNone(header) {
		return nil, Errorf(InvalidKey, "the token is not signed")
	}
	jws, err := jose.ParseSignedCompact(set, algorithms)
	if err != nil {
		return nil, &Error{Code: InvalidRequest, Description: "this is not a JWS in compact form, signed with an algorithm that is accepted", Err: err}
	}
	if len(jws.Signatures) != 1 {
		return nil, Errorf(InvalidRequest, "the token has not one signature")
	}
	protected := jws.Signatures[0].Protected
	if typ, _ := protected.ExtraHeaders[jose.HeaderType].(string); !isTokenType(typ) {
		return nil, Errorf(InvalidRequest, "the typ is not %s (RFC 8417 section 2.3)", tokenType)
	}
	keys := v.keys.Load()
	key := keys.find(protected.KeyID)
	if key == nil && protected.KeyID == "" && len(keys.list) == 1 {
		key = &keys.list[0]
	}
	switch {
	case key == nil:
		return nil, Errorf(InvalidKey, "the kid is not that of a key which is known")
	case key.Algorithm != protected.Algorithm:
		return nil, Errorf(InvalidKey, "the alg is not that of the key")
	}
	claims, err := jws.Verify(key.Public())
	if err != nil {
		return nil, &Error{Code: AuthenticationFailed, Description: "the signature is wrong", Err: err}
	}
	return claims, nil
}

// isTokenType compares as RFC 7515 section 4.1.9 says: in any case, with "application/" or without.
func isTokenType(typ string) bool {
	return strings.EqualFold(typ, tokenType) || strings.EqualFold(typ, MediaType)
}

// joseHeader reads a header that has not been verified.
func joseHeader(encoded string) (*scim.Object, bool) {
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil {
		return nil, false
	}
	o, err := scim.DecodeObject(b, nil)
	return o, err == nil
}

func isNone(header string) bool {
	o, ok := joseHeader(header)
	return ok && strings.EqualFold(o.GetString("alg"), "none")
}

func unsignedClaims(set string) ([]byte, error) {
	parts := strings.Split(set, ".")
	if len(parts) != 3 || parts[2] != "" || !isNone(parts[0]) {
		return nil, Errorf(InvalidKey, "a token without a signature is expected here, and this is none")
	}
	if o, _ := joseHeader(parts[0]); !isTokenType(o.GetString("typ")) || o.Has("crit") {
		return nil, Errorf(InvalidRequest, "the typ is not %s (RFC 8417 section 2.3), or there is a crit", tokenType)
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, Errorf(InvalidRequest, "the claims are not in base64url")
	}
	return claims, nil
}
