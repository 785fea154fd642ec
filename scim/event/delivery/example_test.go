package delivery_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

// An application is told of changes at a service provider.
func Example() {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := event.NewKeys("2026-05", private)
	if err != nil {
		log.Fatal(err)
	}

	// The application: what it is told of, it gets again.
	verifier, err := event.NewVerifier("https://scim.example.com", "https://app.example.com", keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	done := make(chan bool)
	receiver, err := delivery.NewReceiver(verifier, delivery.BearerTokens("secret"), func(_ context.Context, t *event.Token) error {
		if c, ok := t.Changed(); ok {
			fmt.Println("changed:", c.Endpoint, c.ID, "gone:", c.Gone)
			close(done)
		}
		return nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	app := httptest.NewServer(receiver)
	defer app.Close()

	// The service provider. Its Handler would call Put.
	signer, err := event.NewSigner(keys, "")
	if err != nil {
		log.Fatal(err)
	}
	t, err := delivery.NewTransmitter("https://scim.example.com", signer, delivery.NewMemoryQueue(0, 0), nil)
	if err != nil {
		log.Fatal(err)
	}
	err = t.Add(delivery.Stream{ID: "app", Audience: []string{"https://app.example.com"}, Push: &delivery.Endpoint{URL: app.URL, Token: "secret"}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { _ = t.Run(ctx) }()
	err = t.Put(ctx, "", &event.Token{Txn: event.NewID(), Subject: event.Subject{URI: "/Users/2819c223"}, Events: []event.Event{{Type: event.Delete}}})
	if err != nil {
		log.Fatal(err)
	}
	<-done
	// Output: changed: /Users 2819c223 gone: true
}
