package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// A Client sends requests. It is safe for concurrent use.
type Client struct {
	retry   *retryablehttp.Client
	creds   credentials
	gate    *gate
	header  http.Header // of every request; its values are shared between them, so nobody changes them
	plain   bool
	retries int
	maxWait time.Duration
	maxBody int64
}

// A Request is what is sent.
type Request struct {
	Method string
	URL    string
	// Header is sent besides that of the client. It may be shared between requests, since nobody changes it.
	Header http.Header
	Body   []byte
	// Repeatable says that sending a POST or PATCH twice does the same as once. Other methods are repeatable by
	// their nature (RFC 9110 section 9.2.2).
	Repeatable bool
}

// A Response is a successful answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Repeated says that the request was sent more than once, so that an earlier copy of it may have
	// been carried out too.
	Repeated bool
}

// call is what the retry policy has to know of one request.
type call struct {
	repeatable bool
	sent       int
	failures   int
	throttled  int
}

type callKey struct{}

// maxRenewals is how often a request is sent again with another token, since tokens may be replaced while
// many requests are under way.
const maxRenewals = 2

// Do sends a request and reads the answer. An answer other than 2xx or 304 is a [*StatusError].
//
// A request that may be repeated is sent again when the connection breaks, and on 429, 502, 503 and
// 504 (and 500). Any other is sent again only when it certainly was not carried out: when no
// connection came about, and on 429. A 401 leads to another attempt if there is another token.
func (c *Client) Do(ctx context.Context, r *Request) (*Response, error) {
	state := &call{repeatable: r.Repeatable || repeatable(r.Method)}
	ctx = context.WithValue(ctx, callKey{}, state)
	for attempt := 0; ; attempt++ {
		req, err := c.request(ctx, r)
		if err != nil {
			return nil, err
		}
		token, err := c.creds.token(ctx)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Method, Redacted(req.URL), err)
		}
		if token != "" {
			req.Header["Authorization"] = []string{"Bearer " + token}
		}
		resp, err := c.do(ctx, req)
		var status *StatusError
		if errors.As(err, &status) && attempt < maxRenewals && status.Status == http.StatusUnauthorized && c.creds.renew(ctx, token) {
			continue
		}
		if status != nil {
			status.Repeated = state.sent > 1
		}
		if resp != nil {
			resp.Repeated = state.sent > 1
		}
		return resp, err
	}
}

// request makes what is sent, but for the token.
func (c *Client) request(ctx context.Context, r *Request) (*retryablehttp.Request, error) {
	var body any
	if r.Body != nil {
		body = r.Body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, r.Method, r.URL, body)
	if err != nil || req.URL.Host == "" {
		return nil, fmt.Errorf("%s: the address is not a URL with a host", r.Method)
	}
	if err := c.allowed(req.URL); err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, Redacted(req.URL), err)
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

func (c *Client) do(ctx context.Context, req *retryablehttp.Request) (*Response, error) {
	method, target := req.Method, req.URL
	var content []byte
	read := false
	req.SetResponseHandler(func(resp *http.Response) (err error) {
		content, err = c.read(resp)
		read = true
		return err
	})
	if err := c.gate.wait(ctx); err != nil {
		return nil, c.failure(ctx, method, Redacted(target), err)
	}
	resp, err := c.retry.Do(req)
	if resp != nil && !read {
		content, _ = c.read(resp)
	}
	if err != nil {
		return nil, c.failure(ctx, method, Redacted(target), err)
	}
	if resp == nil {
		return nil, c.failure(ctx, method, Redacted(target), errors.New("no answer"))
	}
	if resp.StatusCode/100 != 2 && resp.StatusCode != http.StatusNotModified {
		after, _ := retryAfter(resp.Header)
		return nil, &StatusError{Method: method, URL: Redacted(target), Status: resp.StatusCode, RetryAfter: after, Header: resp.Header, Body: content}
	}
	return &Response{Status: resp.StatusCode, Header: resp.Header, Body: content}, nil
}

// ErrTooLarge says that an answer has more bytes than are read. The same question gets the same answer.
var ErrTooLarge = errors.New("answer too large")

func (c *Client) read(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	var buf bytes.Buffer
	if n := resp.ContentLength; n > 0 && n <= c.maxBody {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := io.Copy(&buf, io.LimitReader(resp.Body, c.maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if n > c.maxBody {
		return nil, fmt.Errorf("%w: more than %d bytes; ask for smaller pages or raise the limit", ErrTooLarge, c.maxBody)
	}
	return buf.Bytes(), nil
}

// allowed refuses to send secrets where everybody on the way can read them.
func (c *Client) allowed(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("scheme %q: the address must begin with https:// (or http://)", u.Scheme)
	case c.plain || c.creds == none{} || loopback(u.Hostname()):
		return nil
	}
	return errors.New("credentials are not sent over http to another machine: use https://, or allow plain HTTP explicitly")
}
