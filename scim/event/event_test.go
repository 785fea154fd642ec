package event_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	issuer   = "https://scim.example.com"
	audience = "https://scim.example.com/Feeds/98d52461fa5bbc879593b7754"
)

// fixed is a key that is always the same. Signatures of Ed25519 are too.
func fixed(t testing.TB, id string) *event.Keys {
	t.Helper()
	k, err := event.NewKeys(id, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(len(id))}, ed25519.SeedSize)))
	require.NoError(t, err)
	return k
}

func object(t testing.TB, s string) *scim.Object {
	t.Helper()
	o, err := scim.DecodeObject([]byte(s), nil)
	require.NoError(t, err)
	return o
}

func token(events ...event.Event) *event.Token {
	return &event.Token{
		ID: "4d3559ec67504aaba65d40b0363faad8", Issuer: issuer, Audience: []string{audience}, IssuedAt: time.Unix(1458496404, 0).UTC(),
		Txn: "b7b953f11cc6489bbfb87834747cc4c1", Time: time.Unix(1458496400, 0).UTC(),
		Subject: event.Subject{Format: "scim", URI: "/Users/44f6142df96bd6ab61e7521d9", ExternalID: "jdoe"}, Events: events,
	}
}

type named struct {
	name  string
	token *event.Token
}

// tokens is one token of each type, and some of several.
func tokens(t testing.TB) []named {
	user := object(t, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"44f6142df96bd6ab61e7521d9","userName":"jdoe","emails":[{"type":"work","value":"jdoe@example.com"}]}`)
	patch := object(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"add","path":"members","value":[{"value":"2819c223"}]}]}`)
	const version = `W/"huJj29dMNgu3WXPD"`
	refused := &scim.Error{Status: 400, Type: "invalidSyntax", Detail: "Request is unparsable"}
	return []named{
		{"feed-add", token(event.Event{Type: event.FeedAdd})},
		{"feed-remove", token(event.Event{Type: event.FeedRemove})},
		{"create-notice", token(event.Event{Type: event.CreateNotice, Attributes: []string{"id", "name", "userName", "password", "emails"}})},
		{"create-full", token(event.Event{Type: event.CreateFull, Data: user, Version: version})},
		{"patch-notice", token(event.Event{Type: event.PatchNotice, Attributes: []string{"members"}, Version: version})},
		{"patch-full", token(event.Event{Type: event.PatchFull, Data: patch, Version: version})},
		{"put-notice", token(event.Event{Type: event.PutNotice, Attributes: []string{}, Version: version})},
		{"put-full", token(event.Event{Type: event.PutFull, Data: user, Version: version})},
		{"delete", token(event.Event{Type: event.Delete})},
		{"activate", token(event.Event{Type: event.Activate})},
		{"deactivate", token(event.Event{Type: event.Deactivate})},
		{"put-and-deactivate", token(event.Event{Type: event.PutNotice, Attributes: []string{"active", "title"}}, event.Event{Type: event.Deactivate})},
		{"asyncresp", token(event.Event{Type: event.AsyncResponse, Response: &event.Response{Method: "PUT", Version: version, Status: 200}})},
		{"asyncresp-bulk", token(event.Event{Type: event.AsyncResponse, Response: &event.Response{Method: "POST", BulkID: "qwerty", Version: version, Location: issuer + "/Users/44f6142df96bd6ab61e7521d9", Status: 201}})},
		{"asyncresp-error", token(event.Event{Type: event.AsyncResponse, Response: &event.Response{Method: "PUT", Status: 400, Err: refused}})},
		{"other", token(event.Event{Type: "https://schemas.openid.net/secevent/ssf/event-type/verification", Other: object(t, `{"state":"x"}`)})},
	}
}

func TestTokens(t *testing.T) {
	keys := fixed(t, "one")
	signer, err := event.NewSigner(keys, "")
	require.NoError(t, err)
	verifier, err := event.NewVerifier(issuer, audience, keys, nil)
	require.NoError(t, err)
	for _, tt := range tokens(t) {
		t.Run(tt.name, func(t *testing.T) {
			set, err := signer.Sign(tt.token)
			require.NoError(t, err)
			claims, err := json.MarshalIndent(tt.token, "", "  ")
			require.NoError(t, err)
			got := string(claims) + "\n" + set + "\n"
			path := filepath.Join("testdata", tt.name+".golden")
			if *update {
				require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err, "run with -update to make it")
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the SET (-want +got):\n%s", diff)
			}
			back, err := verifier.Verify(set)
			require.NoError(t, err)
			if diff := cmp.Diff(tt.token, back, cmp.Comparer((*scim.Object).Equal)); diff != "" {
				t.Errorf("read back (-want +got):\n%s", diff)
			}
		})
	}
}

// jws makes a JWS of any header and claims, signed by a key of Ed25519 if there is one.
func jws(header, claims string, key ed25519.PrivateKey) string {
	input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	if key == nil {
		return input + "."
	}
	return input + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(input)))
}

func TestVerifyRefuses(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize)) // that of fixed("one")
	good := token(event.Event{Type: event.Delete})
	claims, err := json.Marshal(good)
	require.NoError(t, err)
	const header = `{"alg":"EdDSA","kid":"one","typ":"secevent+jwt"}`
	edit := func(old, new string) string { return strings.Replace(string(claims), old, new, 1) }
	future := fmt.Sprintf(`"iat":%d`, time.Now().Add(10*time.Minute).Unix())
	valid := jws(header, string(claims), key)
	tests := []struct {
		name, set string
		want      event.Code
	}{
		{"alg none", jws(`{"alg":"none","typ":"secevent+jwt"}`, string(claims), nil), event.InvalidKey},
		{"alg None with a signature", jws(`{"alg":"None","typ":"secevent+jwt"}`, string(claims), key), event.InvalidKey},
		{"a shared secret", jws(`{"alg":"HS256","kid":"one","typ":"secevent+jwt"}`, string(claims), key), event.InvalidRequest},
		{"another alg than the key's", jws(`{"alg":"ES256","kid":"one","typ":"secevent+jwt"}`, string(claims), key), event.InvalidKey},
		{"an unknown kid", jws(`{"alg":"EdDSA","kid":"two","typ":"secevent+jwt"}`, string(claims), key), event.InvalidKey},
		{"a key in the header", jws(`{"alg":"EdDSA","kid":"two","typ":"secevent+jwt","jwk":{"kty":"OKP","crv":"Ed25519","x":"`+base64.RawURLEncoding.EncodeToString(key.Public().(ed25519.PublicKey))+`"}}`, string(claims), key), event.InvalidKey},
		{"an unknown crit", jws(`{"alg":"EdDSA","kid":"one","typ":"secevent+jwt","crit":["x"],"x":1}`, string(claims), key), event.AuthenticationFailed},
		{"no typ", jws(`{"alg":"EdDSA","kid":"one"}`, string(claims), key), event.InvalidRequest},
		{"another kind of JWT", jws(`{"alg":"EdDSA","kid":"one","typ":"at+jwt"}`, string(claims), key), event.InvalidRequest},
		{"a changed signature", valid[:len(valid)-2] + "AA", event.AuthenticationFailed},
		{"changed claims", strings.Replace(valid, ".", "."+base64.RawURLEncoding.EncodeToString([]byte(" ")), 1), event.AuthenticationFailed},
		{"no JWS", "hello", event.InvalidRequest},
		{"empty", "", event.InvalidRequest},
		{"too long", strings.Repeat("a", 1<<20+1), event.InvalidRequest},
		{"another issuer", jws(header, edit(`"iss":"https://scim.example.com"`, `"iss":"https://scim.example.com/"`), key), event.InvalidIssuer},
		{"no issuer", jws(header, edit(`"iss"`, `"issuer"`), key), event.InvalidRequest},
		{"another audience", jws(header, edit(audience, "https://other.example.com"), key), event.InvalidAudience},
		{"no audience", jws(header, edit(`"aud"`, `"x"`), key), event.InvalidAudience},
		{"an audience that is a number", jws(header, edit(`["`+audience+`"]`, `7`), key), event.InvalidRequest},
		{"no jti", jws(header, edit(`"jti"`, `"x"`), key), event.InvalidRequest},
		{"no iat", jws(header, edit(`"iat":1458496404`, `"x":1`), key), event.InvalidRequest},
		{"an iat that is text", jws(header, edit(`"iat":1458496404`, `"iat":"now"`), key), event.InvalidRequest},
		{"an iat in the future", jws(header, edit(`"iat":1458496404`, future), key), event.InvalidRequest},
		{"no events", jws(header, edit(`"urn:ietf:params:scim:event:prov:delete":{}`, ``), key), event.InvalidRequest},
		{"an event that is no object", jws(header, edit(`"urn:ietf:params:scim:event:prov:delete":{}`, `"urn:ietf:params:scim:event:prov:delete":1`), key), event.InvalidRequest},
		{"a claim twice", jws(header, edit(`{"iss"`, `{"iss":"x","iss"`), key), event.InvalidRequest},
		{"no sub_id", jws(header, edit(`"sub_id"`, `"sub"`), key), event.InvalidRequest},
		{"sub_id of another format", jws(header, edit(`"format":"scim"`, `"format":"email"`), key), event.InvalidRequest},
		{"a uri that is no path", jws(header, edit(`/Users/44f6142df96bd6ab61e7521d9`, `44f6142df96bd6ab61e7521d9`), key), event.InvalidRequest},
		{"full without data", jws(header, edit(`prov:delete":{}`, `prov:put:full":{}`), key), event.InvalidRequest},
		{"notice without attributes", jws(header, edit(`prov:delete":{}`, `prov:put:notice":{}`), key), event.InvalidRequest},
		{"both", jws(header, edit(`prov:delete":{}`, `prov:put:notice":{"attributes":["title"],"data":{}}`), key), event.InvalidRequest},
		{"attributes that are none", jws(header, edit(`prov:delete":{}`, `prov:put:notice":{"attributes":[1]}`), key), event.InvalidRequest},
		{"a response without status", jws(header, edit(`prov:delete":{}`, `misc:asyncresp":{"method":"PUT"}`), key), event.InvalidRequest},
	}
	verifier, err := event.NewVerifier(issuer, audience, fixed(t, "one"), nil)
	require.NoError(t, err)
	_, err = verifier.Verify(valid)
	require.NoError(t, err)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := verifier.Verify(tt.set)
			if !errors.Is(err, &event.Error{Code: tt.want}) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "jdoe") || strings.Contains(err.Error(), "44f6142")) {
				t.Errorf("the error has values of the token: %v", err)
			}
		})
	}
}

// TestTolerated takes what other senders have been seen to write.
func TestTolerated(t *testing.T) {
	claims := `{"iss":"https://scim.example.com","iat":1458496404.5,"jti":"1","aud":"` + audience + `","sub":"ignored","sub_id":{"format":"scim","uri":"/Users/1","id":"1","userName":"x"},
		"events":{"urn:ietf:params:SCIM:event:misc:asyncResp":{"method":"PUT","status":404,"response":{"status":"404","detail":"gone"}},"urn:ietf:params:scim:event:prov:delete":{"any":"thing"}}}`
	got, err := event.ParseClaims([]byte(claims), event.Limits{})
	require.NoError(t, err)
	want := &event.Token{ID: "1", Issuer: issuer, Audience: []string{audience}, IssuedAt: time.Unix(1458496404, 0).UTC(),
		Subject: event.Subject{Format: "scim", URI: "/Users/1", ID: "1", Other: []scim.Member{{Name: "userName", Value: "x"}}},
		Events: []event.Event{
			{Type: event.AsyncResponse, Response: &event.Response{Method: "PUT", Status: 404, Err: &scim.Error{Status: 404, Detail: "gone"}}},
			{Type: event.Delete},
		}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRotation replaces the key of an issuer without a gap.
func TestRotation(t *testing.T) {
	first, second := fixed(t, "a"), fixed(t, "bb")
	sign := func(k *event.Keys, kid string) string {
		s, err := event.NewSigner(k, kid)
		require.NoError(t, err)
		set, err := s.Sign(token(event.Event{Type: event.Delete}))
		require.NoError(t, err)
		return set
	}
	published := func(k *event.Keys) *event.Keys {
		b, err := json.Marshal(k)
		require.NoError(t, err)
		require.NotContains(t, string(b), `"d"`, "a private key was published")
		p, err := event.ParseKeys(b)
		require.NoError(t, err)
		return p
	}
	both := first.Join(second, first)
	verifier, err := event.NewVerifier(issuer, audience, published(first), nil)
	require.NoError(t, err)
	for _, step := range []struct {
		name     string
		keys     *event.Keys
		old, new error
	}{
		{"before", published(first), nil, &event.Error{Code: event.InvalidKey}},
		{"both", published(both), nil, nil},
		{"after", published(second), &event.Error{Code: event.InvalidKey}, nil},
	} {
		verifier.SetKeys(step.keys)
		if _, err := verifier.Verify(sign(both, "a")); !errors.Is(err, step.old) {
			t.Errorf("%s: signed with the old key: %v, want %v", step.name, err, step.old)
		}
		if _, err := verifier.Verify(sign(both, "bb")); !errors.Is(err, step.new) {
			t.Errorf("%s: signed with the new key: %v, want %v", step.name, err, step.new)
		}
	}
	secret, err := both.PrivateJSON()
	require.NoError(t, err)
	again, err := event.ParseKeys(secret)
	require.NoError(t, err)
	if diff := cmp.Diff(sign(both, "bb"), sign(again, "bb")); diff != "" {
		t.Errorf("the keys are not the same after they were kept (-want +got):\n%s", diff)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("keys", "keys", both)
	if strings.Contains(log.String(), `"d"`) || !strings.Contains(log.String(), `["a","bb"]`) {
		t.Errorf("keys are logged as %s", log.String())
	}
}

func TestKeys(t *testing.T) {
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	r2048, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	r1024 := `{"kty":"RSA","kid":"x","e":"AQAB","n":"` + base64.RawURLEncoding.EncodeToString(append([]byte{0x80}, bytes.Repeat([]byte{1}, 127)...)) + `"}`
	for name, key := range map[string]any{"ES256": p256, "ES512": p521, "RS256": r2048} {
		t.Run(name, func(t *testing.T) {
			keys, err := event.NewKeys("k", key)
			require.NoError(t, err)
			signer, err := event.NewSigner(keys, "k")
			require.NoError(t, err)
			set, err := signer.Sign(token(event.Event{Type: event.Delete}))
			require.NoError(t, err)
			header, err := base64.RawURLEncoding.DecodeString(set[:strings.IndexByte(set, '.')])
			require.NoError(t, err)
			require.Contains(t, string(header), `"alg":"`+name+`"`)
			verifier, err := event.NewVerifier(issuer, audience, keys, nil)
			require.NoError(t, err)
			if _, err := verifier.Verify(set); err != nil {
				t.Errorf("verify: %v", err)
			}
		})
	}
	one := `{"kty":"OKP","crv":"Ed25519","kid":"x","x":"` + base64.RawURLEncoding.EncodeToString(ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey)) + `"}`
	for _, tt := range []struct{ name, jwks, want string }{
		{"a JWK alone", one, ""},
		{"no JSON", `x`, "no JWK Set"},
		{"no kid", strings.Replace(one, `"kid":"x",`, ``, 1), "no kid"},
		{"among others", `{"keys":[{"kty":"oct","kid":"y","k":"AAAA"},` + one + `,` + one + `,{"kty":"new"}]}`, ""},
		{"an empty set", `{"keys":[]}`, "empty"},
		{"a shared secret", `{"keys":[{"kty":"oct","kid":"x","k":"AAAA"}]}`, "not a valid key of RSA"},
		{"for encryption", strings.Replace(one, `"kid"`, `"use":"enc","kid"`, 1), "not for signatures"},
		{"an alg that does not go with it", strings.Replace(one, `"kid"`, `"alg":"RS256","kid"`, 1), "alg"},
		{"alg none", strings.Replace(one, `"kid"`, `"alg":"none","kid"`, 1), "alg"},
		{"a weak key", r1024, "too weak"},
		{"too many", `{"keys":[` + strings.Repeat("{},", 100) + `{}]}`, "101 keys"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := event.ParseKeys([]byte(tt.jwks))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	public, err := event.NewKeys("p", p256.Public())
	require.NoError(t, err)
	if _, err := event.NewSigner(public, ""); err == nil {
		t.Error("a public key signs")
	}
}

func TestInsecure(t *testing.T) {
	set, err := event.NewInsecureSigner().Sign(token(event.Event{Type: event.Delete}))
	require.NoError(t, err)
	v, err := event.NewInsecureVerifier(issuer, audience, nil)
	require.NoError(t, err)
	_, err = v.Verify(set)
	require.NoError(t, err)
	signer, err := event.NewSigner(fixed(t, "one"), "")
	require.NoError(t, err)
	signed, err := signer.Sign(token(event.Event{Type: event.Delete}))
	require.NoError(t, err)
	for name, set := range map[string]string{
		"signed": signed, "with a signature": set + "AA", "of another kind": jws(`{"alg":"none","typ":"JWT"}`, `{}`, nil), "with crit": jws(`{"alg":"none","typ":"secevent+jwt","crit":["x"]}`, `{}`, nil),
	} {
		if _, err := v.Verify(set); err == nil {
			t.Errorf("a token %s is taken", name)
		}
	}
	secure, err := event.NewVerifier(issuer, audience, fixed(t, "one"), nil)
	require.NoError(t, err)
	if _, err := secure.Verify(set); !errors.Is(err, &event.Error{Code: event.InvalidKey}) {
		t.Errorf("a token without a signature gives %v", err)
	}
}

func TestChanged(t *testing.T) {
	known := event.Changed{Endpoint: "/Users", ID: "44f6142df96bd6ab61e7521d9", ExternalID: "jdoe"}
	gone := known
	gone.Gone = true
	want := map[string]event.Changed{
		"feed-add": known, "create-notice": known, "create-full": known, "patch-notice": known, "patch-full": known, "put-notice": known, "put-full": known,
		"delete": gone, "activate": known, "deactivate": known, "put-and-deactivate": known,
	}
	for _, tt := range tokens(t) {
		got, ok := tt.token.Changed()
		w, changed := want[tt.name]
		if ok != changed || got != w {
			t.Errorf("%s: %+v %v, want %+v %v", tt.name, got, ok, w, changed)
		}
	}
	for uri, want := range map[string]string{"/Users/a%2Fb": "/Users a/b", "/Users": "", "/Users/": "", "/": "", "x": "", "/tenant/Users/1": "/tenant/Users 1"} {
		endpoint, id, ok := event.Subject{URI: uri}.Resource()
		if got := strings.TrimSpace(endpoint + " " + id); ok && got != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", uri, got, ok, want)
		}
	}
}
