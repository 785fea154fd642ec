package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// A Caller is who sends a request.
type Caller struct {
	// Subject is what the caller is called in the audit log: the name of a token, the sub of a JWT.
	Subject string
	// Tenant is whose resources the caller works on; empty where there are no tenants. A caller never
	// sees those of another.
	Tenant string
	// UserID is the id of the User that is the caller, which /Me stands for (RFC 7644 section 3.11). It is
	// empty for a provisioning client, which is nobody.
	UserID string
	// ReadOnly keeps the caller from every write.
	ReadOnly bool
}

// An Authenticator tells who sends a request. An error that wraps [scim.ErrUnauthorized] is answered
// with 401, another [scim.Error] as it is, and any other error is logged and answered with 500.
type Authenticator func(r *http.Request) (*Caller, error)

// InsecureAnyone is an [Authenticator] that lets anybody in, to read and to write. It is for tests, and for
// servers that something in front of them guards.
func InsecureAnyone(*http.Request) (*Caller, error) { return &Caller{Subject: "anyone"}, nil }

// Bearer authenticates by a bearer token (RFC 6750). It takes the token from the Authorization header
// only, since URLs end up in logs, and asks verify, to which it may be an opaque string or a JWT. Verify fails
// with an error that wraps [scim.ErrUnauthorized] if the token is not valid.
func Bearer(verify func(ctx context.Context, token string) (*Caller, error)) Authenticator {
	return func(r *http.Request) (*Caller, error) {
		token, err := bearerToken(r.Header)
		if err != nil {
			return nil, err
		}
		c, err := verify(r.Context(), token)
		if err == nil && c == nil {
			return nil, errors.New("verify a token: neither a caller nor an error was given")
		}
		return c, err
	}
}

// bearerToken takes the token out of the header. The scheme is matched in any case (RFC 9110 section 11.1).
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", scim.Errorf(scim.ErrUnauthorized, "a bearer token is needed in the Authorization header")
	case len(values) > 1:
		return "", scim.Errorf(scim.ErrUnauthorized, "there is more than one Authorization header")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return "", scim.Errorf(scim.ErrUnauthorized, "the Authorization header is not Bearer and a token")
	}
	return token, nil
}

// maxToken bounds what verify has to look at. A JWT with many claims is a few KiB.
const maxToken = 16 << 10

// authenticate runs the Authenticator and checks the tenant that the request names, if it names one.
func (h *Handler) authenticate(r *http.Request) (*Caller, error) {
	c, err := h.authenticator(r)
	switch {
	case err != nil:
		return nil, fmt.Errorf("authenticate: %w", err)
	case c == nil:
		return nil, errors.New("authenticate: neither a caller nor an error was given")
	case h.options.Tenant == nil:
		return c, nil
	}
	tenant, err := h.options.Tenant(r)
	if err != nil {
		return nil, fmt.Errorf("find the tenant of a request: %w", err)
	}
	if tenant != c.Tenant {
		// The same answer as to a wrong token: it does not tell which tenants there are.
		return nil, scim.Errorf(scim.ErrUnauthorized, "the token is not one of this tenant")
	}
	return c, nil
}

type callerKey struct{}

// CallerFrom gives the caller of the request that a Store works for; nil outside of one.
func CallerFrom(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}
