package event_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim/event"
)

func Example() {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := event.NewKeys("2026-05", private)
	if err != nil {
		log.Fatal(err)
	}
	signer, err := event.NewSigner(keys, "")
	if err != nil {
		log.Fatal(err)
	}
	set, err := signer.Sign(&event.Token{
		ID: event.NewID(), Txn: event.NewID(), Issuer: "https://scim.example.com", Audience: []string{"https://app.example.com"}, IssuedAt: time.Now(),
		Subject: event.Subject{URI: "/Users/2819c223", ExternalID: "jdoe"},
		Events:  []event.Event{{Type: event.PatchNotice, Attributes: []string{"title", "name.familyName"}}},
	})
	if err != nil {
		log.Fatal(err)
	}

	// The other side has the public keys, as a JWK Set.
	published, err := json.Marshal(keys)
	if err != nil {
		log.Fatal(err)
	}
	known, err := event.ParseKeys(published)
	if err != nil {
		log.Fatal(err)
	}
	verifier, err := event.NewVerifier("https://scim.example.com", "https://app.example.com", known, nil)
	if err != nil {
		log.Fatal(err)
	}
	token, err := verifier.Verify(set)
	if err != nil {
		log.Fatal(err)
	}
	changed, _ := token.Changed()
	fmt.Println(changed.Endpoint, changed.ID, token.Events[0].Attributes)
	// Output: /Users 2819c223 [title name.familyName]
}

// A program that keeps a copy turns tokens into what it has to get again.
func ExampleToken_Changed() {
	kinds := map[string]provisioning.Kind{"/Users": provisioning.User, "/Groups": provisioning.Group}
	for _, t := range []*event.Token{
		{Subject: event.Subject{URI: "/Users/2819c223"}, Events: []event.Event{{Type: event.Deactivate}}},
		{Subject: event.Subject{URI: "/Groups/e9e30dba"}, Events: []event.Event{{Type: event.Delete}}},
		{Subject: event.Subject{URI: "/Users/44f6142d"}, Events: []event.Event{{Type: event.FeedRemove}}}, // it is not gone
	} {
		if c, ok := t.Changed(); ok {
			ref := provisioning.Ref{Kind: kinds[c.Endpoint], ID: provisioning.ID(c.ID)}
			fmt.Println(ref.Kind, ref.ID, "gone:", c.Gone)
		}
	}
	// Output:
	// User 2819c223 gone: false
	// Group e9e30dba gone: true
}
