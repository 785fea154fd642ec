package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/scim/event"
	"github.com/ilumy/usersync/scim/event/delivery"
	"github.com/ilumy/usersync/scim/server"
)

const (
	// eventsToken is the token that is sent with events that are pushed, or asked of who polls them.
	eventsToken = "SCIMSERVER_EVENTS_TOKEN"
	// keysPath is where the public keys of the issuer are.
	keysPath = "/.well-known/jwks.json"
	// eventsStream names the stream in the database.
	eventsStream = "scimserver"
	// eventsPollWait is how long a poll waits. The end of the server waits for it.
	eventsPollWait = 10 * time.Second
)

// events say whom to tell of changes (RFC 9967), and how.
type events struct {
	push, poll       string
	issuer, audience string
	keyFile          string
	tokenFile        string
	tenant           string
	full, later      bool
	plaintext        bool

	keys        *event.Keys
	transmitter *delivery.Transmitter
	polling     http.Handler
}

func (e *events) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&e.push, "events-push", "", "push an event of each change to this `URL` (RFC 8935)")
	f.StringVar(&e.poll, "events-poll", "", "keep an event of each change until it is polled at this `path` (RFC 8936)")
	f.StringVar(&e.issuer, "events-issuer", "", "the `URL` by which recipients know this server (default -public-url)")
	f.StringVar(&e.audience, "events-audience", "", "the `name` by which the recipient knows itself (default -events-push, else -events-issuer)")
	f.StringVar(&e.keyFile, "events-key", "scimserver-events.json", "the `file` with the keys to sign events with, a JWK Set; made if it is not there")
	f.StringVar(&e.tokenFile, "events-token-file", "", "the `file` with the token to push with, or that who polls must have (default $"+eventsToken+")")
	f.StringVar(&e.tenant, "events-tenant", "", "the `tenant` whose changes are told (default the one without a name)")
	f.BoolVar(&e.full, "events-full", false, "put the values into events, not only the names of what changed")
	f.BoolVar(&e.later, "events-async", false, "do requests later that prefer it, and tell the outcome by an event")
	f.BoolVar(&e.plaintext, "events-allow-plaintext", false, "let events be pushed to another machine without TLS")
}

func (e *events) on() bool { return e.push != "" || e.poll != "" }

// check refuses what cannot be meant, and completes what was left out.
func (e *events) check(publicURL string) error {
	switch {
	case !e.on() && e.later:
		return cli.Usagef("-events-async needs -events-push or -events-poll, by which the outcome is told")
	case !e.on():
		return nil
	case e.push != "" && e.poll != "":
		return cli.Usagef("-events-push and -events-poll: events are either pushed or polled")
	case e.poll != "" && e.poll[0] != '/':
		return cli.Usagef("-events-poll: %q does not begin with a slash", e.poll)
	}
	if e.issuer == "" {
		e.issuer = publicURL
	}
	if e.issuer == "" {
		return cli.Usagef("events need -events-issuer or -public-url, by which recipients know who made them")
	}
	if e.audience == "" {
		e.audience = e.push
	}
	if e.audience == "" {
		e.audience = e.issuer
	}
	return nil
}

// open makes what tells of changes; nil if nobody is told.
func (e *events) open(d *database, log *slog.Logger) (*server.Events, error) {
	if !e.on() {
		return nil, nil
	}
	token, err := cli.SecretFrom(e.tokenFile, eventsToken)
	if err != nil {
		return nil, err
	}
	if e.keys, err = openKeys(e.keyFile); err != nil {
		return nil, fmt.Errorf("-events-key: %w", err)
	}
	signer, err := event.NewSigner(e.keys, "")
	if err != nil {
		return nil, fmt.Errorf("-events-key: %w", err)
	}
	e.transmitter, err = delivery.NewTransmitter(e.issuer, signer, d.Events(0), &delivery.TransmitterOptions{Logger: log, PollWait: eventsPollWait})
	if err != nil {
		return nil, err
	}
	s := delivery.Stream{ID: eventsStream, Tenant: e.tenant, Audience: []string{e.audience}}
	if e.push != "" {
		s.Push = &delivery.Endpoint{URL: e.push, Token: token.Reveal(), AllowPlainHTTP: e.plaintext}
	}
	if err := e.transmitter.Add(s); err != nil {
		return nil, err
	}
	if e.poll != "" {
		if token == "" {
			return nil, fmt.Errorf("-events-poll: there is no token that who polls must have: set %s, or name a file with -events-token-file", eventsToken)
		}
		if e.polling, err = e.transmitter.Poll(eventsStream, delivery.BearerTokens(token.Reveal())); err != nil {
			return nil, err
		}
	}
	told := &server.Events{Sink: e.transmitter, Full: e.full}
	if e.later {
		told.Async = &server.Async{}
	}
	return told, nil
}

// run pushes until the context ends.
func (e *events) run(ctx context.Context) error {
	if !e.on() {
		return nil
	}
	return e.transmitter.Run(ctx)
}

// beside puts the poll endpoint and the public keys next to SCIM.
func (e *events) beside(scim http.Handler) http.Handler {
	if !e.on() {
		return scim
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case e.polling != nil && r.URL.Path == e.poll:
			e.polling.ServeHTTP(w, r)
		case r.URL.Path == keysPath && r.Method == http.MethodGet:
			b, err := e.keys.MarshalJSON()
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/jwk-set+json")
			_, _ = w.Write(b)
		default:
			scim.ServeHTTP(w, r)
		}
	})
}

// openKeys reads the keys, or makes one, for the owner of the file only.
func openKeys(file string) (*event.Keys, error) {
	b, err := os.ReadFile(file)
	if err == nil {
		return event.ParseKeys(b)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	keys, err := event.NewKeys(event.NewID(), key)
	if err != nil {
		return nil, err
	}
	if b, err = keys.PrivateJSON(); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(b, '\n'))
	return keys, errors.Join(err, f.Close())
}
