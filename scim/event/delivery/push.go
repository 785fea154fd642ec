package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/scim/event"
)

// A pusher sends the tokens of one stream, one after the other (RFC 8935).
type pusher struct {
	t      *Transmitter
	stream *stream
	client *httpx.Client
}

func newPusher(t *Transmitter, s *stream) (*pusher, error) {
	// It tries again by itself, for as long as it takes.
	client, err := s.Push.client(-1, t.options.MaxWait)
	if err != nil {
		return nil, err
	}
	return &pusher{t: t, stream: s, client: client}, nil
}

// batch is how many tokens are taken from the queue at once.
const batch = 32

func (p *pusher) run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		news := p.stream.news.wait()
		entries, err := p.t.queue.Next(ctx, p.stream.ID, batch)
		if err == nil {
			err = p.sendAll(ctx, entries)
		}
		wait := p.t.options.Interval
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			news, wait = nil, p.t.backoff(failures)
			p.t.logger.ErrorContext(ctx, "security events wait: the queue does not work", "stream", p.stream.ID, "error", err, "wait", wait)
		case len(entries) > 0:
			failures = 0
			continue
		}
		sleep(ctx, wait, news)
	}
}

// sendAll sends tokens until they are taken or refused. Its error is one of the queue.
func (p *pusher) sendAll(ctx context.Context, entries []Entry) error {
	for _, e := range entries {
		err := p.send(ctx, e)
		var why *refusal
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.As(err, &why):
			err = p.t.refused(ctx, p.stream.ID, e.ID, why.error)
		case err == nil:
			err = p.t.delivered(ctx, p.stream.ID, e.ID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// A refusal says that there is no use in sending a token again.
type refusal struct{ error }

// send sends one token, again and again until it is taken. Its error is a refusal, or that of the context.
func (p *pusher) send(ctx context.Context, e Entry) error {
	begun := time.Now()
	for failures := 1; ; failures++ {
		err := p.post(ctx, e)
		var never *refusal
		switch {
		case err == nil || errors.As(err, &never):
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case p.t.options.GiveUp > 0 && time.Since(begun) >= p.t.options.GiveUp:
			return &refusal{fmt.Errorf("it was tried for %v: %w", p.t.options.GiveUp, err)}
		}
		wait := p.t.backoff(failures)
		var status *httpx.StatusError
		if errors.As(err, &status) && status.RetryAfter > 0 {
			wait = min(status.RetryAfter, p.t.options.MaxWait)
		}
		p.t.logger.WarnContext(ctx, "security event not taken, and sent again later", "stream", p.stream.ID, "jti", e.ID, "error", err, "wait", wait)
		if told := p.t.options.Observer.Failed; told != nil {
			told(p.stream.ID, e.ID, err, wait)
		}
		sleep(ctx, wait, nil)
	}
}

// post sends one token once.
func (p *pusher) post(ctx context.Context, e Entry) error {
	set, err := p.t.signer.Load().SignClaims(e.Claims)
	if err != nil {
		return err
	}
	_, err = p.client.Do(ctx, &httpx.Request{Method: http.MethodPost, URL: p.stream.Push.URL, Body: []byte(set), Header: http.Header{
		"Content-Type": {event.MediaType}, "Accept": {"application/json"},
	}})
	var status *httpx.StatusError
	if !errors.As(err, &status) {
		return err
	}
	var told event.Error
	switch {
	case status.Status == http.StatusRequestEntityTooLarge:
		return &refusal{err}
	case status.Status != http.StatusBadRequest || json.Unmarshal(status.Body, &told) != nil || told.Code == "":
		return err
	case told.Code == event.InvalidRequest:
		// Of all codes this one concerns the token. The others are about keys, addresses and rights, which somebody
		// will mend, and until then nothing is lost.
		return &refusal{&told}
	}
	return fmt.Errorf("%w: %w", err, &told)
}

// backoff gives the wait after so many failures.
func (t *Transmitter) backoff(failures int) time.Duration {
	wait := t.options.MaxWait
	if first := t.options.FirstWait << min(failures-1, 30); first > 0 && first < wait && failures <= 30 {
		wait = first
	}
	return wait/2 + rand.N(wait/2+1)
}

// sleep waits for a time, for news or for the end of the context.
func sleep(ctx context.Context, d time.Duration, news <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-news:
	case <-timer.C:
	}
}
