package event_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// FuzzParseClaims reads anything without a panic; what it takes, it can write, and reads back the same.
func FuzzParseClaims(f *testing.F) {
	for _, tt := range tokens(f) {
		b, err := json.Marshal(tt.token)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte(`{"events":{"":{}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := event.ParseClaims(b, event.Limits{})
		if err != nil {
			return
		}
		again, err := got.AppendJSON(nil)
		if err != nil {
			t.Fatalf("a token that was read cannot be written: %v", err)
		}
		back, err := event.ParseClaims(again, event.Limits{})
		if err != nil {
			t.Fatalf("a token that was written cannot be read: %v\n%s", err, again)
		}
		if got.Subject.Format == "" {
			got.Subject.Format = "scim"
		}
		if diff := cmp.Diff(got, back, cmp.Comparer((*scim.Object).Equal), cmp.AllowUnexported(scim.Error{})); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

// FuzzVerify reads anything as a SET without a panic, and takes none that the key did not sign.
func FuzzVerify(f *testing.F) {
	keys := fixed(f, "one")
	signer, err := event.NewSigner(keys, "")
	require.NoError(f, err)
	verifier, err := event.NewVerifier(issuer, audience, keys, nil)
	require.NoError(f, err)
	signed := map[string]bool{}
	for _, tt := range tokens(f) {
		set, err := signer.Sign(tt.token)
		require.NoError(f, err)
		signed[set] = true
		f.Add(set)
		unsigned, err := event.NewInsecureSigner().Sign(tt.token)
		require.NoError(f, err)
		f.Add(unsigned)
	}
	f.Fuzz(func(t *testing.T, set string) {
		if _, err := verifier.Verify(set); err == nil && !signed[set] {
			t.Errorf("a token that nobody signed is taken: %q", set)
		}
	})
}
