package client

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/oauth2/clientcredentials"
)

// Options are the settings of a [Client]. The zero value sends no credentials and follows the
// [Generic] profile.
type Options struct {
	// Token is a bearer token (RFC 6750).
	Token string
	// TokenSource gives the bearer token of each request, and is asked again after a 401, so that a
	// token can be rotated while a run goes on: the content of a file, for instance. It must be quick and safe
	// for concurrent use.
	TokenSource func(ctx context.Context) (string, error)
	// OAuth gets tokens by the client credentials grant (RFC 6749 section 4.4), and new ones when they
	// expire or are refused.
	OAuth *clientcredentials.Config
	// Header is sent with every request: an API key, for instance.
	Header http.Header
	// TLS are the settings of TLS, such as the CA of the server; nil trusts the CAs of the system.
	TLS *tls.Config
	// AllowPlainHTTP lets credentials be sent over http to another machine.
	AllowPlainHTTP bool
	// HTTPClient sends the requests, in place of one made from TLS. It never follows redirects. Its Transport may wrap another,
	// as tracing does; each request has the context of the call that it is made for.
	HTTPClient *http.Client

	// Profile is what is known of the server; nil is [Generic].
	Profile *Profile
	// PageSize is how many resources are asked for at once; 0 is that of the profile.
	PageSize int
	// Rate bounds the requests per second, and Burst how many may come at once; 0 is what the
	// profile says.
	Rate  float64
	Burst int
	// Limiter is waited for before each request, besides Rate: a [golang.org/x/time/rate.Limiter] that several
	// clients share, for servers which count the requests of all.
	Limiter interface{ Wait(context.Context) error }
	// Timeout bounds one attempt of a request; 0 is a minute.
	Timeout time.Duration
	// Retries is how often a request is sent again that may be; 0 is 4, negative is never.
	Retries int
	// MaxWait is the longest wait between two attempts; 0 is a minute.
	MaxWait time.Duration
	// MaxResponse bounds an answer in bytes; 0 is 64 MiB.
	MaxResponse int64
}

// LogValue keeps the secrets out of logs.
func (o *Options) LogValue() slog.Value {
	if o == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.Int("pageSize", o.PageSize), slog.Float64("rate", o.Rate))
}

var _ slog.LogValuer = (*Options)(nil)
