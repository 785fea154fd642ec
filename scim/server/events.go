package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// An EventSink is told of what a [Handler] has done (RFC 9967). A delivery.Transmitter of package scim/event is one.
type EventSink interface {
	// Put takes an event of a tenant, after the Store has committed the change, and returns when it will not be lost. The token has
	// no ID, issuer, audience and time of issue yet; it is shared and must not be changed. Events of one resource come in the order
	// of the changes, one at a time; but one that somebody else finds and changes before the request which creates it has been
	// answered may be told of as changed first. Put returns when the context ends. An error does not undo the change, nor does
	// the client learn of it.
	Put(ctx context.Context, tenant string, t *event.Token) error
}

// Events say that a Handler tells of its changes, and to whom. Handlers over the same stores that share one Events keep the
// order of what they tell of one resource. It must not be changed or copied once a Handler has it.
type Events struct {
	// Sink is told of each change: of those of bulk requests too, and of those that a Gateway has handed on.
	Sink EventSink
	// Full puts the values into events, as a GET would show them, up to half a megabyte; larger ones, as those of large
	// groups, are notices. Else there are the names of the attributes that changed, which are no personal data.
	// Attributes that are never returned, as a password, have no value in any event.
	Full bool
	// Timeout is how long a Put may take; 5 seconds. The answer to the request waits for it.
	Timeout time.Duration
	// Async takes requests that ask for it to be done later (RFC 9967 section 2.5.1). Nil ignores that they do. The Sink must
	// be an [EventSigner].
	Async *Async

	locks keyedLocks // of the resources whose changes are being told
}

// tells reports whether there is anybody to tell.
func (h *Handler) tells() bool { return h.options.Events != nil }

// ordered keeps others from the resource until its event has been told, so that events come in the order of the changes. Two
// processes on one database cannot do this; the version in an event tells the order then.
func (x *exchange) ordered(t *resourceType, id string) (unlock func()) {
	if !x.h.tells() {
		return func() {}
	}
	return x.h.options.Events.locks.lock(x.tenant() + "\x00" + t.Name() + "/" + id)
}

func (x *exchange) tenant() string {
	if x.event.Caller == nil {
		return ""
	}
	return x.event.Caller.Tenant
}

// transaction gives the txn of what is being done: one for a request, with its place in a bulk request.
func (x *exchange) transaction() string {
	if x.txn == "" {
		x.txn = event.NewID()
	}
	if x.isBulk() {
		return x.txn + ":" + strconv.Itoa(x.operation)
	}
	return x.txn
}

// tell tells of events of one resource.
func (x *exchange) tell(s event.Subject, events ...event.Event) {
	if len(events) > 0 {
		x.put(&event.Token{Txn: x.transaction(), Time: time.Now(), Subject: s, Events: events})
	}
}

// put hands a token to the sink, for a bounded time. The client may be gone by now, and what it did is still to be told.
func (x *exchange) put(t *event.Token) {
	sink, limit := x.h.options.Events.Sink, cmp.Or(max(0, x.h.options.Events.Timeout), 5*time.Second)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(x.ctx), limit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		done <- sink.Put(ctx, x.tenant(), t)
	}()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		err = fmt.Errorf("it took longer than %v", limit)
	}
	if err != nil {
		x.lost(t.Subject.URI, fmt.Errorf("tell of the transaction %s: %w", t.Txn, err))
	}
}

// lost reports an event that not all may learn of, although what it tells of has happened.
func (x *exchange) lost(uri string, err error) {
	x.event.Err = errors.Join(x.event.Err, err)
	x.h.logger.LogAttrs(x.r.Context(), slog.LevelError, "scim event not handed on, although the change was made",
		slog.String("uri", uri), slog.String("error", err.Error()))
}

// tellCreated tells of a resource that was created.
func (x *exchange) tellCreated(t *resourceType, r *scim.Resource) {
	if !x.h.tells() {
		return
	}
	defer x.ordered(t, r.ID())()
	e := event.Event{Type: event.CreateNotice, Version: version(r), Attributes: append([]string{"id"}, t.changed(&scim.Resource{}, r)...)}
	if x.h.options.Events.Full {
		e = withData(e, event.CreateFull, x.shown(t, r))
	}
	x.tell(event.SubjectOf(t.Endpoint(), r), e)
}

// tellReplaced tells of a PUT that made after of before; nothing if both are the same.
func (x *exchange) tellReplaced(t *resourceType, before, after *scim.Resource) {
	if !x.h.tells() || before == after {
		return
	}
	e := event.Event{Type: event.PutNotice, Version: version(after), Attributes: t.changed(before, after)}
	if x.h.options.Events.Full {
		e = withData(e, event.PutFull, x.shown(t, after))
	}
	x.tell(event.SubjectOf(t.Endpoint(), after), append([]event.Event{e}, activation(before, after)...)...)
}

// tellPatched tells of a PATCH that made after of before; nothing if both are the same. One that did nothing but turn a
// user off or on is told as that.
func (x *exchange) tellPatched(t *resourceType, before, after *scim.Resource) {
	if !x.h.tells() || before == after {
		return
	}
	names, events := t.changed(before, after), activation(before, after)
	if len(events) == 0 || len(names) > 1 {
		e := event.Event{Type: event.PatchNotice, Version: version(after), Attributes: names}
		if x.h.options.Events.Full {
			p, err := t.Diff(t.shown.Apply(before), t.shown.Apply(after), nil)
			e = fullPatch(e, p, err)
		}
		events = append([]event.Event{e}, events...)
	}
	x.tell(event.SubjectOf(t.Endpoint(), after), events...)
}

// tellMembers tells of a PATCH that a Patcher did: which members came and went, and what else was changed.
func (x *exchange) tellMembers(t *resourceType, was *scim.Resource, p *Patch, rest patched) {
	now, err := x.store.Get(context.WithoutCancel(x.ctx), t.ResourceType, was.ID(), t.identity)
	if err != nil {
		x.lost(event.SubjectOf(t.Endpoint(), was).URI, err)
		return
	}
	if version(now) != "" && version(now) == version(was) {
		return
	}
	e := event.Event{Type: event.PatchNotice, Version: version(now)}
	request := &scim.PatchRequest{}
	if rest.after != nil {
		e.Attributes = t.changed(rest.before, rest.after)
		if request, err = t.Diff(t.shown.Apply(rest.before), t.shown.Apply(rest.after), nil); err != nil {
			request = &scim.PatchRequest{}
		}
	}
	if m := p.Membership; m != nil && !m.Empty() {
		e.Attributes = append(e.Attributes, p.Attribute)
		memberships(request, p.Attribute, m)
	}
	if x.h.options.Events.Full {
		e = fullPatch(e, request, nil)
	}
	x.tell(event.SubjectOf(t.Endpoint(), now), e)
}

// tellDeleted tells of a resource that was deleted.
func (x *exchange) tellDeleted(t *resourceType, was *scim.Resource) {
	if was != nil {
		x.tell(event.SubjectOf(t.Endpoint(), was), event.Event{Type: event.Delete})
	}
}

// patched is what a Patch.Change did when it was called last.
type patched struct{ before, after *scim.Resource }
