// Package event has the events of SCIM (RFC 9967): what a service provider says when a resource of its was created,
// changed or deleted, and when a request that it answered with 202 has come to its end. They are Security Event Tokens, SETs
// (RFC 8417), which are signed JWTs.
//
// A [Token] is what a SET says. A [Signer] makes a SET of it and a [Verifier] reads one, with the keys of the issuer
// ([Keys], a JWK Set). Tokens that are not signed are neither made nor read, except by what has Insecure in its name.
//
//	signer, err := event.NewSigner(keys, "")
//	set, err := signer.Sign(token)           // eyJhbGciOiJFZERTQSIs...
//
//	verifier, err := event.NewVerifier("https://scim.example.com", "https://app.example.com", keys, nil)
//	token, err := verifier.Verify(set)
//
// An event is either a notice, which names the attributes that changed and holds no personal data, or full, with
// their values. What it is about is the Subject: the path of the resource below the base URL of the service provider. [Token.Changed]
// makes of a token what somebody has to get again who keeps a copy.
//
// Package [delivery] brings SETs from one side to the other; package [server] makes tokens of what its Handler does.
//
// [delivery]: https://pkg.go.dev/github.com/ilumy/usersync/scim/event/delivery
// [server]: https://pkg.go.dev/github.com/ilumy/usersync/scim/server
package event
