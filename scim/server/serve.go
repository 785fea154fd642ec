package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// An exchange is one request on its way to an answer.
type exchange struct {
	h      *Handler
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	target target
	store  Store
	// read is how bodies, filters and paths are read.
	read  *scim.Options
	event Event
	// refused is what a handler in front has found wrong; nil if nothing.
	refused error
	// base is the URL in front of the endpoints, once it was needed.
	base    string
	headers [3]string
	started bool
	// txn is the transaction for events, and operation the place in a bulk request.
	txn       string
	operation int
	run       *bulkRun
	media     []string // of the answer, if not that of SCIM
}

// A result is what an operation came to: a resource, a body that is ready, or nothing.
type result struct {
	status int
	// typ, resource and projection are what to show.
	typ        *resourceType
	resource   *scim.Resource
	projection *scim.Projection
	// body is an answer that is no resource.
	body []byte
	// quiet leaves out the body: 204 for what would be 200, and 304.
	quiet bool
	// before is what resource was, if it was changed.
	before *scim.Resource
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.serve(w, r, nil) }

// serve answers a request, with an error if it is refused.
func (h *Handler) serve(w http.ResponseWriter, r *http.Request, refused error) {
	x := &exchange{h: h, w: w, r: r, refused: refused}
	x.event.Method, x.event.Start = r.Method, time.Now()
	defer x.finish()
	res, err := x.handle()
	if err == nil {
		err = x.write(res)
	}
	if err != nil {
		x.fail(err)
	}
}

// handle finds out what is asked, who asks, and whether they may, and does it.
func (x *exchange) handle() (*result, error) {
	h := x.h
	x.target = h.locate(x.r)
	x.event.Endpoint, x.event.ID = x.target.name(), x.target.id
	limit := h.limits.Timeout
	if x.target.endpoint == endpointBulk {
		limit *= 10
	}
	ctx := &requestContext{Context: x.r.Context(), deadline: x.event.Start.Add(limit)}
	defer ctx.end()
	x.ctx = ctx

	public := h.options.PublicDiscovery && x.target.discovery()
	if !public {
		caller, err := h.authenticate(x.r)
		if err != nil {
			return nil, err
		}
		x.event.Caller, ctx.caller = caller, caller
	}
	if x.refused != nil {
		return nil, x.refused
	}
	x.read = h.reading(x.ctx, x.r)
	handle, err := x.route()
	if err != nil {
		return nil, err
	}
	if c := x.event.Caller; c != nil && c.ReadOnly && x.writes() {
		return nil, scim.Errorf(scim.ErrForbidden, "this token may read only")
	}
	if !x.target.discovery() {
		if x.store, err = h.stores(x.ctx, x.event.Caller.Tenant); err != nil {
			return nil, fmt.Errorf("find the store of tenant %q: %w", x.event.Caller.Tenant, err)
		}
	}
	if p := x.preference(); p.async {
		return x.later(handle, p.wait)
	}
	return handle(x)
}

// writes reports whether the request would change something.
func (x *exchange) writes() bool {
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
		return false
	}
	return !x.target.search && x.target.endpoint != endpointSearch
}

// reading gives the options for reading this request.
func (h *Handler) reading(ctx context.Context, r *http.Request) *scim.Options {
	o := &h.tolerant
	if h.options.Dialect != nil && h.options.Dialect(r) == scim.Strict {
		o = &h.strict
	}
	if tell := h.options.Observer.Tolerated; tell != nil {
		c := *o
		c.Tolerated = func(d scim.Deviation) { tell(ctx, d) }
		o = &c
	}
	return o
}

// strict reports whether this request is read strictly.
func (x *exchange) strict() bool { return x.read.Dialect == scim.Strict }

// baseURL is the URL in front of the endpoints.
func (x *exchange) baseURL() string {
	if x.base == "" {
		x.base = x.h.baseURL(x.r, x.target)
	}
	return x.base
}

// finish takes a panic for an internal error, and tells the observer.
func (x *exchange) finish() {
	if p := recover(); p != nil {
		if p == http.ErrAbortHandler {
			panic(p)
		}
		err := fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		if x.started {
			// Half an answer must not look like a whole one.
			x.log(err)
			panic(http.ErrAbortHandler)
		}
		x.fail(err)
	}
	if told := x.h.options.Observer.Request; told != nil {
		x.event.Duration = time.Since(x.event.Start)
		told(x.r.Context(), &x.event)
	}
}

// fail answers with an error.
func (x *exchange) fail(err error) {
	e := x.public(err)
	if x.started {
		x.log(err)
		return
	}
	x.event.Status, x.event.Type = e.Status, e.Type
	var retry *provisioning.RetryError
	if errors.As(err, &retry) && retry.After > 0 {
		x.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.After.Seconds()))))
	}
	if e.Status == http.StatusUnauthorized {
		x.w.Header()["Www-Authenticate"] = []string{x.challenge()}
	}
	x.send(e.Status, e.AppendJSON(nil))
}

// challenge is the WWW-Authenticate header (RFC 6750 section 3).
func (x *exchange) challenge() string {
	if x.r.Header.Get("Authorization") == "" {
		return `Bearer realm="SCIM"`
	}
	return `Bearer realm="SCIM", error="invalid_token"`
}

// public gives what a client is told of an error. What is not a SCIM error is logged, and told as nothing but
// that.
func (x *exchange) public(err error) *scim.Error {
	var e *scim.Error
	switch {
	case errors.As(err, &e) && e.Status >= 400 && e.Status < 600:
		return e
	case errors.Is(err, context.DeadlineExceeded):
		x.event.Err = err
		x.log(err)
		return &scim.Error{Status: http.StatusServiceUnavailable, Detail: "this took too long and was given up; ask for less, or try again later"}
	case errors.Is(err, context.Canceled) && x.r.Context().Err() != nil:
		return &scim.Error{Status: http.StatusServiceUnavailable, Detail: "the client went away"}
	}
	x.event.Err = err
	x.log(err)
	return &scim.Error{Status: http.StatusInternalServerError, Detail: "an internal error; it has been logged"}
}

func (x *exchange) log(err error) {
	x.h.logger.LogAttrs(x.r.Context(), slog.LevelError, "scim request failed",
		slog.String("method", x.r.Method), slog.String("endpoint", x.target.name()), slog.String("id", x.target.id),
		slog.String("error", err.Error()))
}

// name is what the endpoint is called in logs.
func (t target) name() string {
	switch t.endpoint {
	case endpointResources:
		return t.typ.Name()
	case endpointRoot:
		return "/"
	case endpointMe:
		return "Me"
	case endpointSearch:
		return searchSegment
	case endpointBulk:
		return "Bulk"
	case endpointConfig:
		return "ServiceProviderConfig"
	case endpointTypes:
		return "ResourceTypes"
	case endpointSchemas:
		return "Schemas"
	case endpointEvents:
		return eventsSegment
	}
	return ""
}

// discovery reports whether the endpoint describes the service, and holds no one's resources.
func (t target) discovery() bool {
	switch t.endpoint {
	case endpointConfig, endpointTypes, endpointSchemas:
		return true
	}
	return false
}

// allow is the Allow header of methods (RFC 9110 section 10.2.1).
func allow(methods []string) string { return strings.Join(methods, ", ") }
