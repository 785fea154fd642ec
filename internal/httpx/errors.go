package httpx

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/ilumy/usersync/provisioning"
)

// A StatusError is an answer that is not a success. It is of the class of provisioning that fits its
// status. Its text holds neither the query, which may hold a person's data, nor the body.
type StatusError struct {
	Method string
	// URL is without query and user information.
	URL    string
	Status int
	// RetryAfter is how long the server asks to wait; 0 when it does not say.
	RetryAfter time.Duration
	Header     http.Header
	Body       []byte
	// Repeated is as in [Response].
	Repeated bool
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.Status, http.StatusText(e.Status))
	switch {
	case e.Status/100 == 3:
		to := "somewhere else"
		if u, err := url.Parse(e.Header.Get("Location")); err == nil && u.Host != "" {
			to = u.Scheme + "://" + u.Host
		}
		s += ": the server redirects to " + to + ", which is not followed; check the base address"
	default:
		s += e.Advice()
	}
	return s
}

// Advice is what to do about the error, to follow its text; often nothing.
func (e *StatusError) Advice() string {
	switch e.Status {
	case http.StatusUnauthorized:
		return ": check the token or the client credentials"
	case http.StatusForbidden:
		return ": the credentials are known but may not do this; check the rights of the token"
	}
	return ""
}

// Unwrap gives the class of the error; for a server that said when to come back, a
// [*provisioning.RetryError].
func (e *StatusError) Unwrap() error {
	class := Class(e.Status)
	if class == provisioning.ErrUnavailable && e.RetryAfter > 0 {
		return &provisioning.RetryError{After: e.RetryAfter, Err: class}
	}
	return class
}

// Class gives the class of provisioning errors for a status (RFC 7644 section 3.12); nil for one
// that has none.
func Class(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return provisioning.ErrUnauthorized
	case http.StatusNotFound, http.StatusGone:
		return provisioning.ErrNotFound
	case http.StatusConflict:
		return provisioning.ErrExists
	case http.StatusPreconditionFailed, http.StatusPreconditionRequired:
		return provisioning.ErrConflict
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return errors.ErrUnsupported
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return provisioning.ErrUnavailable
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusNotAcceptable:
		return provisioning.ErrInvalid
	}
	if status >= 500 {
		return provisioning.ErrUnavailable
	}
	return nil
}

// failure tells of a request that got no answer, in a class and with what to do about it.
func (c *Client) failure(ctx context.Context, method, target string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s %s: %w", method, target, context.Cause(ctx))
	}
	err = bare(err)
	advice := ""
	var (
		unknown  x509.UnknownAuthorityError
		hostname x509.HostnameError
		record   tls.RecordHeaderError
	)
	switch {
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%s %s: %w", method, target, err)
	case errors.As(err, &unknown):
		advice = "; the certificate is not signed by a known CA: give the certificate of the CA in the TLS settings"
	case errors.As(err, &hostname):
		advice = "; the certificate is for another host: check the address"
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		advice = "; that port does not speak TLS: check the address"
	case notConnected(err):
		advice = "; check the address, the network and the firewall"
	}
	return fmt.Errorf("%s %s: %w%s: %w", method, target, err, advice, provisioning.ErrUnavailable)
}

// bare takes off the wrapping of net/http that repeats the whole URL.
func bare(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, bare(err)
	}
	return u, nil
}

// Redacted gives a URL without query, fragment and user information.
func Redacted(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// printable cuts a text of the other side to what may stand in an error.
func printable(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		s = string(r[:n]) + "…"
	}
	return s
}

var _ error = (*StatusError)(nil)
