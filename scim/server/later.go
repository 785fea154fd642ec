package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// A deferral is a request that may be answered before it has been done.
type deferral struct {
	x *exchange // that does it, without an answer to write to
	// handle is what is done.
	handle handling
	// operations is their number in a bulk request.
	operations int
	done       chan struct{}

	mu sync.Mutex
	// accepted says that the client has been answered with 202, and learns the outcome by an event.
	accepted bool
	finished bool
	res      *result
	err      error
}

// later does a request that prefers to be answered at once (RFC 9967 section 2.5.1.1). What can be told without doing it is
// told first: whether it can be understood, whether the resource is there, and whether its version is the one that
// the client means, which is looked at once more when it is done.
func (x *exchange) later(handle handling, wait time.Duration) (*result, error) {
	limit := x.h.limits.Body
	if x.isBulk() {
		limit = x.h.limits.BulkBody
	}
	var body []byte
	if x.r.Method != http.MethodDelete {
		b, done, err := x.body(limit)
		if err != nil {
			return nil, err
		}
		body = slices.Clone(b)
		done()
	}
	d := &deferral{handle: handle, done: make(chan struct{}), accepted: wait <= 0, x: x.detached(body)}
	j, err := x.judge(d, body)
	if err != nil {
		return nil, err
	}
	d.x.target = x.target // /Me has been found out
	j.do = d.do
	switch x.h.async.submit(j) {
	case taken:
	case behind:
		x.w.Header().Set("Retry-After", "5")
		return nil, &scim.Error{Status: http.StatusServiceUnavailable, Detail: "too many requests wait to be done, one of them about the same resource; try again later"}
	default:
		// It is a preference, which may be ignored (RFC 7240 section 2).
		x.rewind(body)
		return handle(x)
	}
	if !d.accepted {
		if res, err, ok := d.await(x.r.Context(), wait); ok {
			x.event.ID, x.event.Bulk, x.event.Operations, x.event.Err = d.x.event.ID, d.x.event.Bulk, d.x.event.Operations, d.x.event.Err
			return res, err
		}
	}
	x.h.outcomes.expect(x.tenant(), d.x.txn, max(1, d.operations), x.isBulk())
	header := x.w.Header()
	header["Set-Txn"] = []string{d.x.txn}
	header["Preference-Applied"] = []string{"respond-async"}
	header["Location"] = []string{x.whereLater(d)}
	x.event.Txn = d.x.txn
	return &result{status: http.StatusAccepted}, nil
}

// judge finds out what can be known before a request is done, and gives the job that it is.
func (x *exchange) judge(d *deferral, body []byte) (*job, error) {
	loud, quiet := x.read, *x.read
	quiet.Tolerated = nil // it is told of when the request is done
	x.read = &quiet
	defer func() { x.read = loud }()
	if x.target.endpoint == endpointMe {
		// The same as asMe will do.
		me, ok := x.h.endpoints["Users"]
		if !ok || x.event.Caller.UserID == "" {
			return nil, scim.Errorf(scim.ErrNotImplemented, "the caller is not a user, so there is no /Me")
		}
		x.target.typ, x.target.id = me.typ, x.event.Caller.UserID
	}
	t, id := x.target.typ, x.target.id
	j := &job{tenant: x.tenant()}
	if x.isBulk() {
		run, err := x.decodeBulk(body)
		if err != nil {
			return nil, err
		}
		d.operations, j.bulk = len(run.ops), true
		return j, nil
	}
	if _, _, err := x.projection(); err != nil {
		return nil, err
	}
	var err error
	switch x.r.Method {
	case http.MethodPost:
		var r *scim.Resource
		if r, err = t.Decode(body, x.read); err == nil {
			err = t.CheckCreate(r, x.read)
		}
	case http.MethodPut:
		_, err = t.Decode(body, x.read)
	case http.MethodPatch:
		var req *scim.PatchRequest
		if req, err = scim.DecodePatch(body, x.read); err == nil {
			_, err = t.Resolve(req, x.read)
		}
	}
	if err != nil || id == "" {
		return j, err
	}
	j.resource = t.Name() + "/" + id
	stored, err := x.store.Get(x.ctx, t.ResourceType, id, t.bare)
	if err != nil {
		return nil, err
	}
	return j, x.preconditions().check(version(stored))
}

// detached gives an exchange that does the same request without a client.
func (x *exchange) detached(body []byte) *exchange {
	later := &exchange{h: x.h, target: x.target, store: x.store, read: x.read, event: x.event, txn: event.NewID(), base: x.baseURL()}
	later.r = x.r.Clone(context.WithoutCancel(x.r.Context()))
	later.event.Txn = later.txn
	later.rewind(body)
	return later
}

// rewind has the body read again.
func (x *exchange) rewind(body []byte) {
	x.r.Body, x.r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
}

// whereLater is where the event that tells the outcome can be had, or the resource, if that is known
// (RFC 9967 section 2.5.1.1).
func (x *exchange) whereLater(d *deferral) string {
	switch {
	case x.isBulk():
		return x.baseURL() + "/" + eventsSegment + "/" + d.x.txn + ":0"
	case x.target.id == "":
		return x.baseURL() + "/" + eventsSegment + "/" + d.x.txn
	}
	return x.target.typ.location(x.baseURL(), x.target.id)
}

func (x *exchange) isBulk() bool { return x.target.endpoint == endpointBulk }

// await waits for the outcome, and reports whether it came in time; if not, it comes by an event.
func (d *deferral) await(ctx context.Context, wait time.Duration) (res *result, err error, ok bool) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-d.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepted = !d.finished
	return d.res, d.err, d.finished
}

// do does the request, and tells of the outcome if the client has gone on.
func (d *deferral) do(draining context.Context) {
	x := d.x
	limit := x.h.limits.Timeout
	if x.isBulk() {
		limit *= 10
	}
	base, stop := context.WithCancel(x.r.Context())
	defer stop()
	defer context.AfterFunc(draining, stop)()
	ctx := &requestContext{Context: base, deadline: time.Now().Add(limit), caller: x.event.Caller}
	defer ctx.end()
	x.ctx = ctx
	res, err := d.attempt(draining)
	d.mu.Lock()
	d.res, d.err, d.finished = res, err, true
	accepted := d.accepted
	d.mu.Unlock()
	close(d.done)
	if accepted {
		d.tell(res, err)
	}
}

// logPanic keeps a panic of a hook from ending the process, as net/http does for requests.
func (x *exchange) logPanic() {
	if p := recover(); p != nil {
		x.log(fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
	}
}

func (d *deferral) attempt(draining context.Context) (res *result, err error) {
	defer func() {
		if p := recover(); p != nil {
			res, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if draining.Err() != nil {
		return nil, &scim.Error{Status: http.StatusServiceUnavailable, Detail: "the service ended before this was done; send it again"}
	}
	res, err = d.handle(d.x)
	if errors.Is(err, context.Canceled) && draining.Err() != nil {
		err = &scim.Error{Status: http.StatusServiceUnavailable, Detail: "the service ended while this was done; look whether it was, and send it again", Err: err}
	}
	return res, err
}

// tell tells how it ended: by an event, one for each operation of a bulk request, and to the observer.
func (d *deferral) tell(res *result, err error) {
	x := d.x
	defer x.logPanic()
	var failed *scim.Error
	if err != nil {
		failed = x.public(err)
		x.event.Status, x.event.Type = failed.Status, failed.Type
	} else {
		x.event.Status = res.status
	}
	if x.isBulk() {
		d.tellBulk(failed)
	} else {
		x.tellOutcome(x.txn, d.subject(res), d.response(res, failed))
	}
	if told := x.h.options.Observer.Request; told != nil {
		x.event.Duration = time.Since(x.event.Start)
		told(x.r.Context(), &x.event)
	}
}

func (d *deferral) subject(res *result) event.Subject {
	t := d.x.target
	switch {
	case res != nil && res.resource != nil:
		return event.SubjectOf(res.typ.Endpoint(), res.resource)
	case t.id != "":
		r := scim.NewResource()
		r.SetID(t.id)
		return event.SubjectOf(t.typ.Endpoint(), r)
	}
	return event.Subject{URI: t.typ.Endpoint()}
}

func (d *deferral) response(res *result, failed *scim.Error) *event.Response {
	x := d.x
	r := &event.Response{Method: x.r.Method}
	if x.target.id != "" {
		r.Location = x.target.typ.location(x.baseURL(), x.target.id)
	}
	if failed != nil {
		r.Status, r.Err = failed.Status, failed
		return r
	}
	r.Status = res.status
	if res.resource != nil {
		r.Version, r.Location = version(res.resource), res.typ.location(x.baseURL(), res.resource.ID())
	}
	return r
}

// tellBulk tells of each operation, also of those that were not done.
func (d *deferral) tellBulk(failed *scim.Error) {
	x := d.x
	for i := range d.operations {
		op := &bulkOp{}
		if x.run != nil {
			op = x.run.ops[i]
		}
		s := event.Subject{URI: "/Bulk"}
		if t, id, err := x.bulkTarget(op); err == nil {
			s.URI = t.Endpoint()
			if id == "" {
				id = op.id
			}
			if id != "" {
				r := scim.NewResource()
				r.SetID(id)
				s = event.SubjectOf(t.Endpoint(), r)
			}
			if op.result != nil && op.result.resource != nil {
				s = event.SubjectOf(t.Endpoint(), op.result.resource)
			}
		}
		if !op.done {
			op.answer = failed
			if failed == nil {
				op.answer = &scim.Error{Status: http.StatusFailedDependency, Detail: "this was not done, since as many operations as failOnErrors says had failed"}
			}
		}
		r := op.response()
		if r.Method == "" {
			r.Method = http.MethodPost // of the bulk request: the operation has none
		}
		x.operation = i
		x.tellOutcome(x.transaction(), s, r)
	}
}
