package httpx

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"golang.org/x/oauth2/clientcredentials"
)

// Defaults of [Options].
const (
	DefaultTimeout    = 60 * time.Second
	DefaultRetries    = 4
	DefaultMaxWait    = time.Minute
	DefaultMaxBody    = 64 << 20
	DefaultUserAgent  = "usersync"
	defaultFirstWait  = 500 * time.Millisecond
	maxThrottled      = 20
	idleConnsPerHost  = 32
	handshakeDeadline = 15 * time.Second
)

// A Waiter lets a request through when its time has come. A [golang.org/x/time/rate.Limiter] is one, and may be shared
// between clients whose requests the server counts together.
type Waiter interface {
	Wait(ctx context.Context) error
}

// Options are the settings of a [Client]. The zero value sends no credentials.
type Options struct {
	// Token is sent as a bearer token (RFC 6750).
	Token string
	// TokenSource gives the bearer token of each request, and is asked again after a 401, so that a
	// token can be replaced while a run goes on. It must be quick and safe for concurrent use.
	TokenSource func(ctx context.Context) (string, error)
	// OAuth gets tokens by the client credentials grant (RFC 6749 section 4.4).
	OAuth *clientcredentials.Config
	// Header is added to every request: an API key, a tenant.
	Header http.Header
	// TLS are the settings of TLS; nil trusts the CAs of the system.
	TLS *tls.Config
	// AllowPlainHTTP lets credentials be sent over http to a host that is not this machine.
	AllowPlainHTTP bool
	// HTTPClient sends the requests, instead of one made from TLS. Redirects are never followed.
	HTTPClient *http.Client
	// Rate bounds the requests per second, Burst how many of them may come at once (1). 0 is no bound. When the server says
	// that they come too fast, the rate is halved for everybody, and grows again by a tenth each second.
	Rate  float64
	Burst int
	// Limiter is waited for before each attempt, besides Rate.
	Limiter Waiter
	// Timeout bounds one attempt, the reading of its answer included ([DefaultTimeout]).
	Timeout time.Duration
	// Retries is how often a request that failed is sent again ([DefaultRetries]); negative is never.
	Retries int
	// FirstWait is the wait before the first retry (0.5 s); it doubles, with jitter, up to MaxWait.
	FirstWait time.Duration
	// MaxWait is the longest wait between attempts ([DefaultMaxWait]). A server that asks for more
	// gets its will from the caller: the error tells how long.
	MaxWait time.Duration
	// MaxBody bounds an answer in bytes ([DefaultMaxBody]).
	MaxBody int64
	// UserAgent names the client ([DefaultUserAgent]).
	UserAgent string
}

// LogValue keeps the secrets out of logs.
func (o *Options) LogValue() slog.Value {
	if o == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.Float64("rate", o.Rate), slog.Int("retries", o.Retries), slog.Duration("timeout", o.Timeout))
}

// New makes a client.
func New(o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	creds, err := newCredentials(o)
	if err != nil {
		return nil, err
	}
	base, err := newHTTPClient(o)
	if err != nil {
		return nil, err
	}
	c := &Client{
		creds:   creds,
		header:  http.Header{"User-Agent": {cmpDefault(o.UserAgent, DefaultUserAgent)}, "Accept": {"application/json"}},
		plain:   o.AllowPlainHTTP,
		gate:    &gate{limiter: o.Limiter, pace: newPace(o.Rate, o.Burst)},
		retries: cmpDefault(o.Retries, DefaultRetries),
		maxWait: cmpDefault(o.MaxWait, DefaultMaxWait),
		maxBody: cmpDefault(o.MaxBody, DefaultMaxBody),
	}
	if o.Rate < 0 {
		return nil, errors.New("httpx: Rate is negative: give the requests per second, or 0 for no bound")
	}
	for name, values := range o.Header {
		c.header[http.CanonicalHeaderKey(name)] = slices.Clip(slices.Clone(values)) // an Add to one request is no Add to all
	}
	c.retry = &retryablehttp.Client{
		HTTPClient:   base,
		RetryWaitMin: cmpDefault(o.FirstWait, defaultFirstWait),
		RetryWaitMax: c.maxWait,
		RetryMax:     max(c.retries, 0) + maxThrottled,
		CheckRetry:   c.checkRetry,
		Backoff:      c.backoff,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
		PrepareRetry: func(r *http.Request) error { return c.gate.wait(r.Context()) },
	}
	return c, nil
}

func newHTTPClient(o *Options) (*http.Client, error) {
	base := &http.Client{}
	switch {
	case o.HTTPClient != nil && o.TLS != nil:
		return nil, errors.New("httpx: both HTTPClient and TLS are given: put the TLS settings into the transport of HTTPClient")
	case o.HTTPClient != nil:
		*base = *o.HTTPClient
	default:
		t := &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: handshakeDeadline, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:   handshakeDeadline,
			TLSClientConfig:       o.TLS.Clone(),
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   idleConnsPerHost,
			IdleConnTimeout:       90 * time.Second,
			ExpectContinueTimeout: time.Second,
		}
		base.Transport = t
	}
	if o.Timeout != 0 || base.Timeout == 0 {
		base.Timeout = cmpDefault(o.Timeout, DefaultTimeout)
	}
	// A redirect of a write is not a write, and a redirect to a login page is not an answer.
	base.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return base, nil
}

func cmpDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

var _ slog.LogValuer = (*Options)(nil)
