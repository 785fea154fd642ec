package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/scim/event"
)

// A Poller fetches tokens from a transmitter (RFC 8936). It is for one loop at a time.
type Poller struct {
	endpoint Endpoint
	client   *httpx.Client
	verifier *event.Verifier
	options  PollerOptions
}

// PollerOptions are what a [Poller] does otherwise than by default.
type PollerOptions struct {
	// MaxEvents is the number of tokens that are fetched at once; 100.
	MaxEvents int
	// Seen remembers which tokens were handled. Nil is a MemorySeen.
	Seen Seen
}

// A TokenError is about one token that was not read. The transmitter is told of it, and does not send it again.
type TokenError struct {
	ID  string
	Err error
}

func (e *TokenError) Error() string { return "the token " + e.ID + ": " + e.Err.Error() }
func (e *TokenError) Unwrap() error { return e.Err }

// NewPoller makes a Poller of a transmitter's poll endpoint.
func NewPoller(e Endpoint, verifier *event.Verifier, o *PollerOptions) (*Poller, error) {
	if verifier == nil {
		return nil, errors.New("poll for security events: a verifier is needed")
	}
	p := &Poller{endpoint: e, verifier: verifier}
	if o != nil {
		p.options = *o
	}
	if p.options.MaxEvents <= 0 {
		p.options.MaxEvents = 100
	}
	if p.options.Seen == nil {
		p.options.Seen = NewMemorySeen(0)
	}
	var err error
	if p.client, err = e.client(0, 0); err != nil {
		return nil, fmt.Errorf("poll for security events: %w", err)
	}
	return p, nil
}

// Tokens gives the tokens of the stream, in their order, and waits for more until the context ends. A token is acknowledged
// when the loop comes back for the next one, so what a loop is left with comes again. A [*TokenError] concerns one token, and the
// sequence goes on; any other error ends it: the transmitter cannot be reached, or what it sends is not of the issuer, for
// this audience, or signed with a known key. Nothing is lost then; call Tokens again when that is mended.
func (p *Poller) Tokens(ctx context.Context) iter.Seq2[*event.Token, error] { return p.all(ctx, true) }

// Pending is Tokens for what waits now: the sequence ends when there is no more.
func (p *Poller) Pending(ctx context.Context) iter.Seq2[*event.Token, error] {
	return p.all(ctx, false)
}

func (p *Poller) all(ctx context.Context, forever bool) iter.Seq2[*event.Token, error] {
	return func(yield func(*event.Token, error) bool) {
		done := &pollRequest{}
		defer func() {
			// What was handled is not fetched again by the next loop.
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			none := 0
			if done.MaxEvents, done.ReturnImmediately = &none, true; len(done.Ack)+len(done.SetErrs) > 0 {
				_, _ = p.poll(ctx, done) // at worst the tokens come again
			}
		}()
		for stale := 0; ; {
			done.MaxEvents, done.ReturnImmediately = &p.options.MaxEvents, !forever
			asked := time.Now()
			answer, err := p.poll(ctx, done)
			if err != nil {
				yield(nil, fmt.Errorf("poll for security events: %w", err))
				return
			}
			*done = pollRequest{SetErrs: map[string]*event.Error{}}
			fresh := false
			for _, s := range answer.sets {
				news, more := p.one(ctx, s, done, yield)
				if fresh = fresh || news; !more {
					return
				}
			}
			if stale++; fresh || len(answer.sets) == 0 {
				stale = 0
			}
			if stale == maxStale {
				yield(nil, fmt.Errorf("poll for security events: the transmitter sent the same tokens %d times, although they were acknowledged", maxStale))
				return
			}
			if len(answer.sets) > 0 {
				continue
			}
			if !forever {
				return
			}
			// A transmitter that does not wait for tokens is not asked all the time.
			sleep(ctx, pause-time.Since(asked), nil)
		}
	}
}

// pause is how long passes between two answers without a token, at least.
const pause = time.Second

// maxStale is how many answers in a row may hold nothing but what was acknowledged.
const maxStale = 10

// one hands a token on, and enters what came of it. It reports whether the token is a new one, and whether the sequence goes on.
func (p *Poller) one(ctx context.Context, s pollSet, done *pollRequest, yield func(*event.Token, error) bool) (news, more bool) {
	t, err := p.verifier.Verify(s.set)
	if err == nil && t.ID != s.id {
		err = event.Errorf(event.InvalidRequest, "it was sent under another jti than its own")
	}
	var e *event.Error
	switch {
	case errors.As(err, &e) && e.Code == event.InvalidRequest:
		done.SetErrs[s.id] = e
		return false, yield(nil, &TokenError{ID: s.id, Err: e})
	case err != nil:
		yield(nil, fmt.Errorf("the token %s, which is left with the transmitter: %w", s.id, err))
		return false, false
	}
	known, err := p.options.Seen.Seen(ctx, t.Issuer, t.ID)
	if err == nil && !known {
		if !yield(t, nil) {
			return true, false
		}
		err = p.options.Seen.Remember(context.WithoutCancel(ctx), t.Issuer, t.ID)
	}
	if err != nil {
		yield(nil, fmt.Errorf("remember the token %s: %w", t.ID, err))
		return false, false
	}
	done.Ack = append(done.Ack, t.ID)
	return !known, true
}

type pollAnswer struct {
	sets []pollSet
	more bool
}

type pollSet struct{ id, set string }

// poll does one request. Doing it twice does no harm, so it is tried again when it fails.
func (p *Poller) poll(ctx context.Context, req *pollRequest) (*pollAnswer, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	resp, err := p.client.Do(ctx, &httpx.Request{Method: http.MethodPost, URL: p.endpoint.URL, Body: body, Repeatable: true, Header: http.Header{"Content-Type": {"application/json"}}})
	if err != nil {
		return nil, err
	}
	return decodePoll(resp.Body)
}

// decodePoll reads an answer (RFC 8936 section 2.3), with the tokens in the order in which they stand there.
func decodePoll(b []byte) (*pollAnswer, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	bad := errors.New("the answer is not the JSON of RFC 8936 section 2.3; check the address")
	a := &pollAnswer{}
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, bad
		}
		switch name {
		case "moreAvailable":
			err = d.Decode(&a.more)
		case "sets":
			a.sets, err = decodeSets(d)
		default:
			var any json.RawMessage
			err = d.Decode(&any)
		}
		if err != nil {
			return nil, bad
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return a, nil
}

func decodeSets(d *json.Decoder) ([]pollSet, error) {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("sets is not an object")
	}
	var list []pollSet
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		s := pollSet{}
		s.id, _ = name.(string)
		if err := d.Decode(&s.set); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	_, err := d.Token()
	return list, err
}

var _ error = (*TokenError)(nil)
