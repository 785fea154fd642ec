package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// Async is how requests are done that ask for an answer before that (RFC 9967 section 2.5.1). What was taken is kept in
// memory: a process that is killed loses it, and its clients hear nothing more of it.
type Async struct {
	// Workers is how many are done at the same time; 4.
	Workers int
	// Queue is how many may wait besides; 1,000. When there is no room, a request is done at once and answered as
	// any other, unless it would overtake one that waits.
	Queue int
	// Keep is how long the outcome can be fetched; 10 minutes.
	Keep time.Duration
}

// An EventSigner is an EventSink that makes the Security Event Token of an outcome which a client fetches.
type EventSigner interface {
	EventSink
	// Sign gives the token as a SET.
	Sign(tenant string, t *event.Token) (string, error)
}

// eventsSegment is the endpoint below which outcomes are fetched.
const eventsSegment = "Events"

// addEvents looks at the options for events, and makes what does requests later.
func (h *Handler) addEvents() error {
	e := h.options.Events
	switch {
	case e == nil:
		return nil
	case e.Sink == nil:
		return errors.New("scim server: events need a sink; give it a delivery.Transmitter")
	case e.Async == nil:
		return nil
	}
	a := *e.Async
	signer, ok := e.Sink.(EventSigner)
	if !ok {
		return errors.New("scim server: asynchronous requests need a sink that signs events too (server.EventSigner), as delivery.Transmitter does")
	}
	for _, f := range []struct {
		p   *int
		def int
	}{{&a.Workers, 4}, {&a.Queue, 1000}} {
		if *f.p <= 0 {
			*f.p = f.def
		}
	}
	if a.Keep <= 0 {
		a.Keep = 10 * time.Minute
	}
	h.async = newRunner(a.Workers, a.Queue)
	h.outcomes = &outcomes{keep: a.Keep, signer: signer, sets: map[outcomeKey]outcome{}}
	h.endpoints[eventsSegment] = target{endpoint: endpointEvents}
	return nil
}

// Shutdown ends the work on requests that were answered before they were done: it takes no more of them, and waits for
// those that are left. When the context ends first, those are broken off, which their clients are told by an event, and its
// error is given. A Handler that does nothing later has nothing to wait for.
func (h *Handler) Shutdown(ctx context.Context) error {
	if h.async == nil {
		return nil
	}
	return h.async.drain(ctx)
}

// tellOutcome tells how a request ended, and keeps that to be fetched.
func (x *exchange) tellOutcome(txn string, s event.Subject, r *event.Response) {
	t := &event.Token{Txn: txn, Time: time.Now(), Subject: s, Events: []event.Event{{Type: event.AsyncResponse, Response: r}}}
	if err := x.h.outcomes.enter(x.tenant(), t); err != nil {
		x.lost(s.URI, err)
	}
	x.put(t)
}

// outcome answers GET /Events/{txn}, to any client of the tenant.
func (x *exchange) outcome() (*result, error) {
	o, ok := x.h.outcomes.get(x.tenant(), x.target.id)
	switch {
	case !ok:
		return nil, scim.Errorf(scim.ErrNotFound, "there is no transaction with this id, or it has been forgotten")
	case o.set == "":
		x.w.Header().Set("Retry-After", "1")
		x.w.Header()["Set-Txn"] = []string{x.target.id}
		return &result{status: http.StatusAccepted}, nil
	}
	x.media = []string{event.MediaType}
	return &result{status: http.StatusOK, body: []byte(o.set)}, nil
}

// outcomes are those of requests that were answered with 202, and the places of those that are not done yet.
type outcomes struct {
	keep   time.Duration
	signer EventSigner

	mu   sync.Mutex
	sets map[outcomeKey]outcome
	old  []outcomeKey // in the order in which they were expected
}

type outcomeKey struct{ tenant, txn string }

type outcome struct {
	set   string // "" until it is there
	since time.Time
}

// maxOutcomes bounds the memory for outcomes; beyond it the oldest are forgotten.
const maxOutcomes = 20_000

// expect makes the place of n outcomes, unless they are there already. Those of a bulk request are numbered.
func (o *outcomes) expect(tenant, txn string, n int, bulk bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for i := range n {
		k := outcomeKey{tenant, txn}
		if bulk {
			k.txn += ":" + strconv.Itoa(i)
		}
		if o.sets[k].set == "" {
			o.put(k, "")
		}
	}
}

// enter keeps an outcome.
func (o *outcomes) enter(tenant string, t *event.Token) error {
	set, err := o.signer.Sign(tenant, t)
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(outcomeKey{tenant, t.Txn}, set)
	return nil
}

// put keeps one, and forgets what is too old, or too much. The caller holds the lock.
func (o *outcomes) put(k outcomeKey, set string) {
	now := time.Now()
	if _, known := o.sets[k]; !known {
		o.old = append(o.old, k)
	}
	o.sets[k] = outcome{set, now}
	for len(o.old) > 1 && (len(o.old) > maxOutcomes || now.Sub(o.sets[o.old[0]].since) > o.keep) {
		delete(o.sets, o.old[0])
		o.old = o.old[1:]
	}
}

func (o *outcomes) get(tenant, txn string) (outcome, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	v, ok := o.sets[outcomeKey{tenant, txn}]
	return v, ok && (v.set == "" || time.Since(v.since) <= o.keep)
}
