package delivery_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
)

// BenchmarkPush has a token signed, sent over loopback, verified and taken; one after the other, as a stream is.
func BenchmarkPush(b *testing.B) {
	taken := make(chan struct{}, 1)
	h, err := delivery.NewReceiver(verifier(b), delivery.BearerTokens(secret), func(context.Context, *event.Token) error {
		taken <- struct{}{}
		return nil
	}, nil)
	require.NoError(b, err)
	server := httptest.NewServer(h)
	defer server.Close()
	tr, err := delivery.NewTransmitter(issuer, signer(b, "a"), delivery.NewMemoryQueue(0, 0), nil)
	require.NoError(b, err)
	require.NoError(b, tr.Add(delivery.Stream{ID: "app", Audience: []string{audience}, Push: &delivery.Endpoint{URL: server.URL, Token: secret}}))
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = tr.Run(ctx) }()
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		require.NoError(b, tr.Put(ctx, "", change(n)))
		<-taken
	}
}
