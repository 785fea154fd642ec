package delivery

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2/clientcredentials"

	"github.com/ilumy/usersync/internal/httpx"
)

// An Endpoint is where the other side is, and how to prove to it who asks.
type Endpoint struct {
	// URL begins with https://, or with http:// on this machine.
	URL string
	// Token is sent as a bearer token. TokenSource gives it anew for each request, and OAuth gets it by client
	// credentials; at most one of the three.
	Token       string
	TokenSource func(context.Context) (string, error)
	OAuth       *clientcredentials.Config
	// Header is added to each request.
	Header http.Header
	// TLS are the settings of TLS; nil trusts the CAs of the system.
	TLS *tls.Config
	// AllowPlainHTTP lets tokens, which may hold personal data, be sent to another machine without TLS.
	AllowPlainHTTP bool
	// HTTPClient sends the requests instead of one made from TLS.
	HTTPClient *http.Client
	// Timeout bounds one request; a minute.
	Timeout time.Duration
}

// LogValue keeps the secrets out of logs.
func (e Endpoint) LogValue() slog.Value {
	u, err := url.Parse(e.URL)
	if err != nil {
		return slog.StringValue("an address that is no URL")
	}
	return slog.StringValue(httpx.Redacted(u))
}

func (e *Endpoint) client(retries int, maxWait time.Duration) (*httpx.Client, error) {
	u, err := url.Parse(e.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the address is not a URL that begins with https://")
	case u.Scheme == "http" && !e.AllowPlainHTTP && !loopback(u.Hostname()):
		return nil, errors.New("security event tokens are not sent over http to another machine (RFC 8935 section 5.3): use https://, or allow plain HTTP explicitly")
	}
	return httpx.New(&httpx.Options{
		Token: e.Token, TokenSource: e.TokenSource, OAuth: e.OAuth, Header: e.Header, TLS: e.TLS, AllowPlainHTTP: e.AllowPlainHTTP,
		HTTPClient: e.HTTPClient, Timeout: e.Timeout, Retries: retries, MaxWait: maxWait,
	})
}

func loopback(host string) bool {
	return host == "localhost" || host == "::1" || strings.HasPrefix(host, "127.")
}

// An Authenticator looks whether the sender of a request may send it. Its error is logged, and answered with 401.
type Authenticator func(*http.Request) error

// Anyone is an [Authenticator] that lets anybody in. It suits a [Receiver], whose tokens prove by their signature who made
// them; what is polled for is for one recipient, and must not be had by others.
func Anyone(*http.Request) error { return nil }

// BearerTokens is an [Authenticator] that wants one of these bearer tokens. Several let the other side change over.
func BearerTokens(tokens ...string) Authenticator {
	hashes := make([][sha256.Size]byte, 0, len(tokens))
	for _, t := range tokens {
		if t != "" {
			hashes = append(hashes, sha256.Sum256([]byte(t)))
		}
	}
	return func(r *http.Request) error {
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		hash, known := sha256.Sum256([]byte(token)), 0
		for i := range hashes {
			known |= subtle.ConstantTimeCompare(hashes[i][:], hash[:])
		}
		if !strings.EqualFold(scheme, "Bearer") || known == 0 {
			return errors.New("the bearer token is missing or not known")
		}
		return nil
	}
}

var _ slog.LogValuer = Endpoint{}
