package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/ilumy/usersync/provisioning"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// credentials give the token of a request.
type credentials interface {
	token(ctx context.Context) (string, error)
	// renew is told that used was refused, and reports whether there is another token to try.
	renew(ctx context.Context, used string) bool
}

func newCredentials(o *Options) (credentials, error) {
	n := 0
	var creds credentials = none{}
	if o.Token != "" {
		n++
		creds = static(o.Token)
	}
	if o.TokenSource != nil {
		n++
		creds = &asked{source: o.TokenSource}
	}
	if o.OAuth != nil {
		n++
		if o.OAuth.TokenURL == "" || o.OAuth.ClientID == "" {
			return nil, errors.New("httpx: OAuth needs at least TokenURL and ClientID")
		}
		creds = &granted{config: o.OAuth, options: o}
	}
	if n > 1 {
		return nil, errors.New("httpx: give one of Token, TokenSource and OAuth, not several")
	}
	return creds, nil
}

type none struct{}

func (none) token(context.Context) (string, error) { return "", nil }
func (none) renew(context.Context, string) bool    { return false }

type static string

func (s static) token(context.Context) (string, error) { return string(s), nil }
func (static) renew(context.Context, string) bool      { return false }

// asked asks the caller for each token, so that one which was rotated is taken up.
type asked struct {
	source func(context.Context) (string, error)
}

func (a *asked) token(ctx context.Context) (string, error) {
	token, err := a.source(ctx)
	if err != nil {
		return "", fmt.Errorf("getting the bearer token: %w", err)
	}
	if token == "" {
		return "", fmt.Errorf("getting the bearer token: it is empty: %w", provisioning.ErrUnauthorized)
	}
	return token, nil
}

func (a *asked) renew(ctx context.Context, used string) bool {
	token, err := a.source(ctx)
	return err == nil && token != "" && token != used
}

// granted gets tokens by client credentials and keeps each until it expires or is refused.
type granted struct {
	config  *clientcredentials.Config
	options *Options

	once   sync.Once
	client *http.Client

	mu      sync.Mutex
	current *oauth2.Token
}

func (g *granted) token(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current.Valid() {
		return g.current.AccessToken, nil
	}
	token, err := g.config.Token(context.WithValue(ctx, oauth2.HTTPClient, g.sender()))
	if err != nil {
		return "", g.failure(ctx, err)
	}
	g.current = token
	return token.AccessToken, nil
}

func (g *granted) renew(_ context.Context, used string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current != nil && g.current.AccessToken == used {
		g.current = nil
	}
	return true
}

// sender makes the client for the token endpoint: the same transport, no credentials, and retries,
// since asking twice for a token harms nobody.
func (g *granted) sender() *http.Client {
	g.once.Do(func() {
		o := *g.options
		o.OAuth, o.Header, o.Rate, o.Limiter = nil, nil, 0, nil
		c, err := New(&o)
		if err != nil {
			// The same options made the client that asks here.
			g.client = http.DefaultClient
			return
		}
		// A redirect would send the client secret somewhere else.
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		g.client = &http.Client{Transport: tokenTransport{c}, CheckRedirect: stay}
	})
	return g.client
}

// tokenTransport sends a token request by a Client and gives the answer, whatever its status.
type tokenTransport struct{ client *Client }

func (t tokenTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !loopback(r.URL.Hostname()) && r.URL.Scheme == "http" && !t.client.plain {
		return nil, errors.New("the client secret is not sent over http to another machine: use https://, or allow plain HTTP explicitly")
	}
	ctx := context.WithValue(r.Context(), callKey{}, &call{repeatable: true})
	return t.client.retry.StandardClient().Transport.RoundTrip(r.WithContext(ctx))
}

func (g *granted) failure(ctx context.Context, err error) error {
	where := "token endpoint"
	if u, e := parse(g.config.TokenURL); e == nil {
		where = Redacted(u)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("getting a token from %s: %w", where, context.Cause(ctx))
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return fmt.Errorf("getting a token from %s: %w: %w", where, bare(err), provisioning.ErrUnavailable)
	}
	status := refused.Response.StatusCode
	what := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if refused.ErrorCode != "" {
		what += " (" + printable(refused.ErrorCode, 60) + ")"
	}
	if status == http.StatusTooManyRequests || status >= 500 {
		return fmt.Errorf("getting a token from %s: %s: %w", where, what, provisioning.ErrUnavailable)
	}
	return fmt.Errorf("getting a token from %s: %s: check client ID, client secret, scopes and token address: %w", where, what, provisioning.ErrUnauthorized)
}
