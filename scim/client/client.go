package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/scim"
)

const mediaType = "application/scim+json"

// A Client speaks SCIM to one service provider. It is safe for concurrent use.
type Client struct {
	http        *httpx.Client
	base        string
	profile     Profile
	pageSize    int
	maxResponse int
	limits      scim.Options // of what is made of an answer
	headers     headers
	room        sync.Pool // of *[]byte, to encode bodies in

	noPatch  atomic.Bool  // the server answered a PATCH with 405 or 501
	noBulk   atomic.Bool  // the server said that it has bulk, and does not
	bulkMost atomic.Int64 // how many operations it took at last; 0 is what it says

	mu     sync.Mutex
	config *ServiceProviderConfig
}

// New makes a client of the service provider whose resources are below baseURL, as
// "https://example.com/scim/v2". It sends nothing yet.
func New(baseURL string, o *Options) (*Client, error) {
	if o == nil {
		o = &Options{}
	}
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("scim client: the base address must be a URL such as https://example.com/scim/v2")
	}
	if u.User != nil || u.Fragment != "" {
		return nil, errors.New("scim client: the base address must hold neither a user nor a fragment; credentials belong in the options")
	}
	if strings.ContainsFunc(o.Token, unicode.IsControl) {
		return nil, errors.New("scim client: Token has a line break or another control character inside, which no token has; see that nothing else is where it was read from")
	}
	c := &Client{pageSize: 100, maxResponse: httpx.DefaultMaxBody, headers: newHeaders()}
	if o.Profile != nil {
		c.profile = *o.Profile
	}
	if c.profile.PageSize > 0 {
		c.pageSize = c.profile.PageSize
	}
	if o.PageSize > 0 {
		c.pageSize = o.PageSize
	}
	if o.MaxResponse > 0 {
		c.maxResponse = int(o.MaxResponse)
	}
	c.limits.Limits = scim.Limits{Body: c.maxResponse, Values: c.maxResponse / 2}
	rate, burst := o.Rate, o.Burst
	if rate == 0 {
		rate, burst = c.profile.Rate, max(burst, c.profile.Burst)
	}
	c.http, err = httpx.New(&httpx.Options{
		Token: o.Token, TokenSource: o.TokenSource, OAuth: o.OAuth, Header: o.Header, TLS: o.TLS,
		AllowPlainHTTP: o.AllowPlainHTTP, HTTPClient: o.HTTPClient, Rate: rate, Burst: burst, Limiter: o.Limiter,
		Timeout: o.Timeout, Retries: o.Retries, MaxWait: o.MaxWait, MaxBody: int64(c.maxResponse),
	})
	if err != nil {
		return nil, fmt.Errorf("scim client: %w", err)
	}
	c.base = strings.TrimRight((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String(), "/")
	return c, nil
}

// Get reads one resource: endpoint is as "/Users". A resource that is not there is an error that wraps
// [provisioning.ErrNotFound].
func (c *Client) Get(ctx context.Context, endpoint, id string) (*scim.Resource, error) {
	r, _, err := c.get(ctx, endpoint, id)
	return r, err
}

// get gives the version too, which some servers tell in the ETag header only.
func (c *Client) get(ctx context.Context, endpoint, id string) (*scim.Resource, string, error) {
	resp, err := c.send(ctx, &request{method: http.MethodGet, path: []string{endpoint, id}})
	if err != nil {
		return nil, "", err
	}
	r, err := resp.resource()
	if err != nil {
		return nil, "", err
	}
	version := r.GetObject("meta").GetString("version")
	if version == "" {
		version = resp.Header.Get("ETag")
	}
	return r, version, nil
}

// Create makes a resource and gives it as the server made it. It is never sent twice: when the answer
// is lost the error wraps [provisioning.ErrUnavailable], and the resource may be there or not.
func (c *Client) Create(ctx context.Context, endpoint string, r *scim.Resource) (*scim.Resource, error) {
	resp, err := c.send(ctx, creating(endpoint, r))
	if err != nil {
		return nil, err
	}
	return resp.created()
}

func creating(endpoint string, r *scim.Resource) *request {
	return &request{method: http.MethodPost, path: []string{endpoint}, body: &r.Object}
}

// created reads the answer to a creation.
func (r *response) created() (*scim.Resource, error) {
	made := &scim.Resource{}
	if len(r.Body) > 0 {
		var err error
		if made, err = r.resource(); err != nil {
			return nil, err
		}
	}
	if made.ID() == "" {
		// Some servers answer with nothing but the address of what they made.
		if id := lastSegment(r.Header.Get("Location")); id != "" {
			made.SetID(id)
		}
	}
	if made.ID() == "" {
		return nil, fmt.Errorf("%s: the server made the resource but gave neither its id nor a Location: %w", r.what(), errAnswer)
	}
	return made, nil
}

// create makes a resource of which only the id is wanted.
func (c *Client) create(ctx context.Context, endpoint string, r *scim.Resource) (id string, err error) {
	resp, err := c.send(ctx, creating(endpoint, r))
	if err != nil {
		return "", err
	}
	if id, ok := scanID(resp.Body); ok {
		return id, nil
	}
	made, err := resp.created()
	if err != nil {
		return "", err
	}
	return made.ID(), nil
}

// Replace writes a whole resource, with its id. With a version it does so only if the resource still
// has it; otherwise the error wraps [provisioning.ErrConflict].
func (c *Client) Replace(ctx context.Context, endpoint string, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	resp, err := c.send(ctx, replacing(endpoint, r, ifVersion))
	if err != nil {
		return nil, err
	}
	return resp.optional()
}

func replacing(endpoint string, r *scim.Resource, ifVersion string) *request {
	return &request{method: http.MethodPut, path: []string{endpoint, r.ID()}, body: &r.Object, ifVersion: ifVersion}
}

// Patch changes a resource and gives it as it is then; nil when the server does not tell (204). For
// ifVersion see Replace. The operations are sent again when the answer is lost, so they must do the same twice as once.
func (c *Client) Patch(ctx context.Context, endpoint, id string, ops []scim.PatchOperation, ifVersion string) (*scim.Resource, error) {
	resp, err := c.send(ctx, patching(endpoint, id, ops, ifVersion))
	if err != nil {
		return nil, err
	}
	return resp.optional()
}

func patching(endpoint, id string, ops []scim.PatchOperation, ifVersion string) *request {
	return &request{method: http.MethodPatch, path: []string{endpoint, id}, body: patchBody(ops), ifVersion: ifVersion, repeatable: true}
}

// do sends a write whose answer is of no interest, as long as it is one of SCIM and not a page of a proxy.
func (c *Client) do(ctx context.Context, r *request) error {
	resp, err := c.send(ctx, r)
	if err != nil || resp.Status == http.StatusNoContent || len(resp.Body) == 0 || resp.Body[0] == '{' {
		return err
	}
	_, err = resp.resource()
	return err
}

// Delete removes a resource.
func (c *Client) Delete(ctx context.Context, endpoint, id, ifVersion string) error {
	_, err := c.send(ctx, &request{method: http.MethodDelete, path: []string{endpoint, id}, ifVersion: ifVersion})
	return err
}
