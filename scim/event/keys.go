package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Keys are the keys of an issuer, each under its kid: those to sign with, or the public halves of them. Several at once
// are how keys are replaced: the new one is published, then signed with, and the old one is taken away when what was signed with
// it has arrived. Keys cannot be changed and are safe for concurrent use.
type Keys struct {
	list []jose.JSONWebKey
}

const (
	maxKeySet = 1 << 20
	maxKeys   = 100
)

// ParseKeys reads a JWK Set (RFC 7517 section 5), or one JWK. Keys that nothing is signed with here are passed over, as that
// section says, since a set may serve other purposes too: those for encryption, shared secrets, weak ones, and those without
// a kid. It fails if none is left. A set with private keys can sign.
func ParseKeys(jwks []byte) (*Keys, error) {
	if len(jwks) > maxKeySet {
		return nil, fmt.Errorf("read keys: the JWK Set has %d bytes, more than the %d that are read", len(jwks), maxKeySet)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(jwks, &set); err != nil {
		return nil, fmt.Errorf("read keys: this is no JWK Set: %w", err)
	}
	if set.Keys == nil {
		set.Keys = []json.RawMessage{jwks}
	}
	if len(set.Keys) > maxKeys {
		return nil, fmt.Errorf("read keys: the JWK Set has %d keys, more than the %d that are read", len(set.Keys), maxKeys)
	}
	k := &Keys{}
	unfit := errors.New("it is empty")
	for i, raw := range set.Keys {
		var key jose.JSONWebKey
		err := json.Unmarshal(raw, &key)
		if err == nil {
			err = k.add(key)
		}
		if err != nil {
			unfit = fmt.Errorf("key %d: %w", i+1, err)
		}
	}
	if len(k.list) == 0 {
		return nil, fmt.Errorf("read keys: the JWK Set holds no key to sign or verify with: %w", unfit)
	}
	return k, nil
}

// NewKeys makes Keys of one key: a [crypto.Signer] of package crypto/ed25519, ecdsa or rsa, or a public key of these.
func NewKeys(id string, key any) (*Keys, error) {
	k := &Keys{}
	if err := k.add(jose.JSONWebKey{Key: key, KeyID: id}); err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	return k, nil
}

// Join gives the keys of k, then those of others. Of two with the same kid the first counts.
func (k *Keys) Join(others ...*Keys) *Keys {
	all := &Keys{list: slices.Clone(k.list)}
	for _, o := range others {
		for _, key := range o.list {
			if all.find(key.KeyID) == nil {
				all.list = append(all.list, key)
			}
		}
	}
	return all
}

func (k *Keys) add(key jose.JSONWebKey) error {
	switch {
	case key.KeyID == "" || len(key.KeyID) > maxName:
		return errors.New("it has no kid, by which a recipient would find it")
	case k.find(key.KeyID) != nil:
		return fmt.Errorf("another key has the kid %q", key.KeyID)
	case key.Use != "" && key.Use != "sig":
		return errors.New("it is not for signatures")
	case !key.Valid():
		return errors.New("it is not a valid key of RSA, ECDSA or Ed25519")
	}
	alg, err := algorithm(key)
	if err != nil {
		return err
	}
	key.Algorithm, key.Use = string(alg), "sig"
	k.list = append(k.list, key)
	return nil
}

func (k *Keys) find(id string) *jose.JSONWebKey {
	for i := range k.list {
		if k.list[i].KeyID == id {
			return &k.list[i]
		}
	}
	return nil
}

// IDs are the kids, in their order.
func (k *Keys) IDs() []string {
	ids := make([]string, len(k.list))
	for i := range k.list {
		ids[i] = k.list[i].KeyID
	}
	return ids
}

// MarshalJSON gives the public halves as a JWK Set, for those who verify. Private keys never come out this way.
func (k *Keys) MarshalJSON() ([]byte, error) {
	return k.marshal(func(key jose.JSONWebKey) jose.JSONWebKey { return key.Public() })
}

// PrivateJSON gives the keys as they are as a JWK Set, to be kept as a secret and read by [ParseKeys].
func (k *Keys) PrivateJSON() ([]byte, error) {
	return k.marshal(func(key jose.JSONWebKey) jose.JSONWebKey { return key })
}

func (k *Keys) marshal(of func(jose.JSONWebKey) jose.JSONWebKey) ([]byte, error) {
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, len(k.list))}
	for i, key := range k.list {
		set.Keys[i] = of(key)
	}
	return json.Marshal(set)
}

// LogValue gives the kids, which are no secret.
func (k *Keys) LogValue() slog.Value { return slog.AnyValue(k.IDs()) }

// algorithms are those that tokens are signed with. Neither none nor one with a shared secret is among them.
var algorithms = []jose.SignatureAlgorithm{
	jose.EdDSA, jose.ES256, jose.ES384, jose.ES512, jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}

var (
	_ json.Marshaler = (*Keys)(nil)
	_ slog.LogValuer = (*Keys)(nil)
)
