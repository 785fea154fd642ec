package event

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// tokenType is the typ of a SET (RFC 8417 section 2.3), which keeps it from being taken for another kind of JWT.
const tokenType = "secevent+jwt"

// A Signer makes SETs of tokens. It is safe for concurrent use.
type Signer struct {
	signer jose.Signer // nil for one that does not sign
}

// NewSigner signs with a private key of keys: that with the kid, or if it is empty the first one.
func NewSigner(keys *Keys, kid string) (*Signer, error) {
	if keys == nil {
		return nil, errors.New("security event tokens: there are no keys to sign with")
	}
	for i := range keys.list {
		key := &keys.list[i]
		if key.IsPublic() || kid != "" && key.KeyID != kid {
			continue
		}
		o := (&jose.SignerOptions{}).WithType(tokenType)
		s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}, o)
		if err != nil {
			return nil, fmt.Errorf("security event tokens: sign with the key %q: %w", key.KeyID, err)
		}
		return &Signer{s}, nil
	}
	return nil, fmt.Errorf("security event tokens: there is no private key %q among %q", kid, keys.IDs())
}

// NewInsecureSigner makes SETs without a signature. They are for tests, and for a recipient that knows the sender by
// the connection alone; whoever stands between can change them.
func NewInsecureSigner() *Signer { return &Signer{} }

// Sign gives a token as a SET: a JWS in its compact form.
func (s *Signer) Sign(t *Token) (string, error) {
	claims, err := t.AppendJSON(nil)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return s.SignClaims(claims)
}

// SignClaims is Sign for claims that [Token.AppendJSON] has made. A token may be signed again, with a newer key.
func (s *Signer) SignClaims(claims []byte) (string, error) {
	if s.signer == nil {
		return base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"`+tokenType+`","alg":"none"}`)) + "." +
			base64.RawURLEncoding.EncodeToString(claims) + ".", nil
	}
	signed, err := s.signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return signed.CompactSerialize()
}

// algorithm gives the algorithm of a key: the one it names, or that which its kind is used with.
func algorithm(key jose.JSONWebKey) (jose.SignatureAlgorithm, error) {
	var fits []jose.SignatureAlgorithm
	switch k := key.Public().Key.(type) {
	case ed25519.PublicKey:
		fits = []jose.SignatureAlgorithm{jose.EdDSA}
	case *ecdsa.PublicKey:
		switch k.Curve.Params().BitSize {
		case 256:
			fits = []jose.SignatureAlgorithm{jose.ES256}
		case 384:
			fits = []jose.SignatureAlgorithm{jose.ES384}
		case 521:
			fits = []jose.SignatureAlgorithm{jose.ES512}
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return "", fmt.Errorf("an RSA key of %d bits is too weak; use 2048 or more", k.N.BitLen())
		}
		fits = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}
	}
	switch {
	case len(fits) == 0:
		return "", errors.New("it is not a key of RSA, ECDSA or Ed25519")
	case key.Algorithm == "":
		return fits[0], nil
	case !slices.Contains(fits, jose.SignatureAlgorithm(key.Algorithm)):
		return "", errors.New("its alg does not go with its kind, or is not one that tokens are signed with")
	}
	return jose.SignatureAlgorithm(key.Algorithm), nil
}
