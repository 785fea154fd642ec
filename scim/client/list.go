package client

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/scim"
)

// A Query says which resources List gives, and what of them.
type Query struct {
	// Filter is a filter of RFC 7644 section 3.4.2.2; empty is all.
	Filter string
	// Attributes and ExcludedAttributes say what is returned (section 3.9).
	Attributes, ExcludedAttributes []string
	// PageSize is how many resources are asked for at once; 0 is that of the client.
	PageSize int
}

// List gives every resource that matches, each once. A sequence that ends without an error is
// complete; one that cannot be proved so ends with [ErrIncomplete]. The caller may stop at any time.
func (c *Client) List(ctx context.Context, endpoint string, q *Query) iter.Seq2[*scim.Resource, error] {
	if q == nil {
		q = &Query{}
	}
	return func(yield func(*scim.Resource, error) bool) {
		l := &listing{client: c, endpoint: endpoint, query: q, size: q.PageSize, yield: yield, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
		if l.size <= 0 {
			l.size = c.pageSize
		}
		l.size = max(l.size, 2) // pages by index share one resource with the one before
		cursor, err := l.byCursor(ctx)
		if err == nil {
			if cursor {
				err = l.cursors(ctx)
			} else {
				err = l.indexes(ctx)
			}
		}
		if err != nil && !l.stopped {
			yield(nil, err)
		}
	}
}

// listing is one run of List.
type listing struct {
	client   *Client
	endpoint string
	query    *Query
	size     int
	yield    func(*scim.Resource, error) bool
	stopped  bool
	seeds    [2]maphash.Seed
	given    []places // by the passes before this one
}

// places holds at which place of a list resources came. Resources are known by a hash of 128 bits of their
// id, so that a million of them take little room; that two ids share one does not happen.
type places map[[2]uint64]int32

func (l *listing) key(id string) [2]uint64 {
	return [2]uint64{maphash.String(l.seeds[0], id), maphash.String(l.seeds[1], id)}
}

// page is one ListResponse (RFC 7644 section 3.4.2).
type page struct {
	total     int
	hasTotal  bool
	resources []*scim.Resource
	next      string
}

func (l *listing) byCursor(ctx context.Context) (bool, error) {
	switch l.client.profile.Paging {
	case PagingCursor:
		return true, nil
	case PagingIndex:
		return false, nil
	}
	config, err := l.client.ServiceProviderConfig(ctx)
	if err != nil {
		return false, err
	}
	if config.MaxPageSize > 0 {
		l.size = min(l.size, config.MaxPageSize)
	}
	return config.Cursor, nil
}

// give hands over what is new in a pass, without what was given before it. It reports whether to go on.
func (l *listing) give(fresh []*scim.Resource) bool {
	for _, r := range fresh {
		if id := r.ID(); id != "" && len(l.given) > 0 {
			key := l.key(id)
			if slices.ContainsFunc(l.given, func(p places) bool { _, ok := p[key]; return ok }) {
				continue
			}
		}
		if !l.yield(r, nil) {
			l.stopped = true
			return false
		}
	}
	return true
}

func (l *listing) fetch(ctx context.Context, more url.Values) (*page, error) {
	v := url.Values{}
	if l.query.Filter != "" {
		v.Set("filter", l.query.Filter)
	}
	if len(l.query.Attributes) > 0 {
		v.Set("attributes", strings.Join(l.query.Attributes, ","))
	}
	if len(l.query.ExcludedAttributes) > 0 {
		v.Set("excludedAttributes", strings.Join(l.query.ExcludedAttributes, ","))
	}
	v.Set("count", strconv.Itoa(l.size))
	for name, values := range more {
		v[name] = values
	}
	resp, err := l.client.send(ctx, &request{method: http.MethodGet, path: []string{l.endpoint}, query: v})
	if errors.Is(err, httpx.ErrTooLarge) && l.size > 1 && more.Get("cursor") == "" {
		// Groups may be large. A page that does not fit is asked for in halves; with a cursor that
		// goes only for the first, since a cursor is bound to its count (RFC 9865 section 2.3).
		l.size /= 2
		return l.fetch(ctx, more)
	}
	if err != nil {
		return nil, err
	}
	o, err := resp.object()
	if err != nil {
		return nil, err
	}
	if !o.Has("Resources") && !o.Has("totalResults") {
		return nil, fmt.Errorf("%s: the answer is JSON but no SCIM list, since it has neither totalResults nor Resources; check the base address: %w", resp.what(), ErrNotSCIM)
	}
	p := &page{total: number(o.Get("totalResults")), hasTotal: o.Get("totalResults") != nil, next: o.GetString("nextCursor")}
	list := o.GetValues("Resources")
	if list == nil && o.Get("Resources") != nil {
		return nil, fmt.Errorf("%s: Resources is not a list: %w", resp.what(), ErrNotSCIM)
	}
	p.resources = make([]*scim.Resource, len(list))
	for i, v := range list {
		r, ok := v.(*scim.Object)
		if !ok {
			return nil, fmt.Errorf("%s: item %d of Resources is no object: %w", resp.what(), i, ErrNotSCIM)
		}
		p.resources[i] = &scim.Resource{Object: *r}
	}
	return p, nil
}
