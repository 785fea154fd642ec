// Package delivery brings Security Event Tokens from a SCIM service provider to those who want to know what changes there:
// pushed to them (RFC 8935), or fetched by them (RFC 8936). Both sides are here.
//
// # The side that sends
//
// A [Transmitter] has a [Stream] for each recipient. It is the Events of a Handler of package scim/server, which puts each
// change of a tenant into all streams of that tenant. They wait in a [Queue] until the recipient has them:
//
//	t, err := delivery.NewTransmitter("https://scim.example.com", signer, delivery.NewMemoryQueue(0, 0), nil)
//	err = t.Add(delivery.Stream{ID: "app", Audience: []string{"https://app.example.com"}, Push: &delivery.Endpoint{
//		URL: "https://app.example.com/events", Token: os.Getenv("APP_TOKEN"),
//	}})
//	h, err := server.New(types, stores, auth, &server.Options{Events: &server.Events{Sink: t}})
//	go t.Run(ctx)
//
// Each token is delivered at least once, those of a stream in their order. When the recipient is away or says that it is busy,
// the Transmitter waits, longer each time, and tries again. When it says that a token is no good (invalid_request), that
// token is dropped and the [Observer] told; all other refusals are about keys, addresses or rights, and the stream waits until they are
// mended. A stream has bounds: when it is full, Put fails with [ErrFull], and what is in it stays without a gap.
//
// A MemoryQueue ends with the process. The sqlstore of package scim/server has a queue in its database.
//
// # The side that receives
//
// A [Receiver] is the handler that tokens are pushed to, and a [Poller] fetches them in a loop. Both verify each token, hand
// it on once, and tell the sender that they have it only when it was handled.
//
//	for t, err := range poller.Tokens(ctx) {
//		...
//		if c, ok := t.Changed(); ok {
//			// get c.Endpoint + "/" + c.ID again, or forget it if c.Gone
//		}
//	}
package delivery
