package server

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/ilumy/usersync/scim"
)

// Options are what a [Handler] does otherwise than by default. Nil and the zero value are tolerant of what
// identity providers send, and bounded.
type Options struct {
	// Dialect says how a request is read, if not tolerantly: it may tell by the path, a query parameter or
	// the User-Agent. Use [AlwaysStrict] to read all of them strictly.
	Dialect func(*http.Request) scim.Dialect
	Limits  Limits

	// Base is the path that the endpoints lie below, as "/scim/v2". If it is empty, whatever comes before
	// an endpoint is the base, so that tenants can have paths of their own.
	Base string
	// BaseURL gives the URL in front of the endpoints in locations and references. Nil makes it of the Host
	// header and the path, which is right where the server is reached directly.
	BaseURL func(*http.Request) string
	// TrustProxy makes it of Forwarded or X-Forwarded-Proto, -Host and -Prefix too. Set it only behind a
	// proxy that overwrites them.
	TrustProxy bool
	// Tenant tells which tenant a request names, by its path or host. The caller must belong to that tenant.
	// Nil takes the tenant of the caller.
	Tenant func(*http.Request) (string, error)
	// PublicDiscovery answers /ServiceProviderConfig, /ResourceTypes and /Schemas to anybody, as RFC 7644
	// section 4 allows.
	PublicDiscovery bool

	// Secret turns a secret, a value of an attribute that is never returned, into what is stored of it: for a
	// password, a slow hash. Nil accepts secrets and throws them away.
	Secret func(ctx context.Context, a *scim.Attribute, value any) (stored any, err error)

	// Events tells others of each change (RFC 9967). Nil tells nobody.
	Events *Events

	// Documentation is the URL of a page for people, in the ServiceProviderConfig.
	Documentation string
	// Schemes are the ways to authenticate, in the ServiceProviderConfig. Nil is a bearer token.
	Schemes []AuthenticationScheme

	// Logger gets errors that are not told to clients, and panics. Nil is [slog.Default].
	Logger *slog.Logger
	// Observer is told of requests and deviations.
	Observer Observer
}

// AlwaysStrict is an [Options.Dialect].
func AlwaysStrict(*http.Request) scim.Dialect { return scim.Strict }

// Limits bound what one request may cost. A zero field is its default.
type Limits struct {
	// Limits are those of a body, a PATCH and a filter.
	scim.Limits
	// Results is the number of resources in one answer at most; 1,000.
	Results int
	// Page is the number of resources in an answer when the client names none; 100.
	Page int
	// Members is the number of values of one multi-valued attribute that a request may send; 20,000.
	Members int
	// BulkOperations is the number of operations in one bulk request; 1,000. A negative number turns bulk off.
	BulkOperations int
	// BulkBody is the size of a bulk request in bytes; 4 MiB.
	BulkBody int
	// Timeout is how long a request may take; 30 seconds. A bulk request may take ten times that.
	Timeout time.Duration
	// Attempts is how often a PATCH or PUT is tried again when the resource was changed meanwhile and the client
	// gave no version; 16. After that it is answered with 409.
	Attempts int
}

func (l Limits) withDefaults() Limits {
	set := func(p *int, def int) {
		if *p <= 0 {
			*p = def
		}
	}
	set(&l.Body, 1<<20)
	set(&l.Results, 1000)
	set(&l.Page, 100)
	l.Page = min(l.Page, l.Results)
	set(&l.Members, 20_000)
	if l.BulkOperations >= 0 {
		set(&l.BulkOperations, 1000)
	}
	set(&l.BulkBody, 4<<20)
	if l.Timeout <= 0 {
		l.Timeout = 30 * time.Second
	}
	set(&l.Attempts, 16)
	return l
}

// An AuthenticationScheme is a way to authenticate (RFC 7643 section 5).
type AuthenticationScheme struct {
	// Type is "oauth", "oauth2", "oauthbearertoken", "httpbasic" or "httpdigest".
	Type             string
	Name             string
	Description      string
	SpecURI          string
	DocumentationURI string
	Primary          bool
}

// An Observer is told what a [Handler] does. Its functions are called by the goroutine of the request, or of what does it
// later; nil ones are left out.
type Observer struct {
	// Request is called after each request: for an audit log, and for metrics.
	Request func(context.Context, *Event)
	// Tolerated is called for each form of input that was taken although the RFCs have it otherwise.
	Tolerated func(context.Context, scim.Deviation)
}

// An Event is a request that has been answered. It holds no personal data.
type Event struct {
	Method string
	// Endpoint is the resource type ("User") or the endpoint ("Bulk", "Schemas"); empty if there is none.
	Endpoint string
	// ID is that of the resource, if the request has one or created one.
	ID string
	// Caller is who asked; nil if that is not known.
	Caller *Caller
	Status int
	// Type is the scimType of an error.
	Type string
	// Bulk is the number of operations in a bulk request, and Operations are those that were done, in their order. Of each
	// there are the method, the endpoint, the id, the status and the type of its error.
	Bulk       int
	Operations []Event
	// BytesIn and BytesOut are the sizes of the bodies.
	BytesIn, BytesOut int64
	// Start is when the request came, Duration how long the answer took.
	Start    time.Time
	Duration time.Duration
	// Txn is the transaction that a request of RFC 9967 section 2.5.1 was given, which was answered with 202. The
	// Observer is told of it twice: with that answer, and when it has been done, with the status that it came to.
	Txn string
	// Err is the cause of an answer of 500, or of an event that was not handed on. It is not for the client.
	Err error
}
