package event_test

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"log"
	"time"

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
