package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// maxPasses is how often a list is begun again because it changed while it was read.
const maxPasses = 4

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
		l := &listing{client: c, endpoint: endpoint, query: q, size: q.PageSize, seen: map[string]bool{}, yield: yield}
		if l.size <= 0 {
			l.size = c.pageSize
		}
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
	seen     map[string]bool
	yield    func(*scim.Resource, error) bool
	stopped  bool
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

// give hands a page over, without what was given before. It reports whether to go on.
func (l *listing) give(p *page) bool {
	for _, r := range p.resources {
		id := r.ID()
		if id != "" && l.seen[id] {
			continue
		}
		if id != "" {
			l.seen[id] = true
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
	if err != nil {
		return nil, err
	}
	o, err := resp.object()
	if err != nil {
		return nil, err
	}
	if !o.Has("Resources") && !o.Has("totalResults") {
		return nil, fmt.Errorf("%s: the answer is JSON but no SCIM list, since it has neither totalResults nor Resources; check the base address: %w", resp.what, ErrNotSCIM)
	}
	p := &page{total: number(o.Get("totalResults")), hasTotal: o.Get("totalResults") != nil, next: o.GetString("nextCursor")}
	list := o.GetValues("Resources")
	if list == nil && o.Get("Resources") != nil {
		return nil, fmt.Errorf("%s: Resources is not a list: %w", resp.what, ErrNotSCIM)
	}
	p.resources = make([]*scim.Resource, len(list))
	for i, v := range list {
		r, ok := v.(*scim.Object)
		if !ok {
			return nil, fmt.Errorf("%s: item %d of Resources is no object: %w", resp.what, i, ErrNotSCIM)
		}
		p.resources[i] = &scim.Resource{Object: *r}
	}
	return p, nil
}

// cursors reads by cursor (RFC 9865): the server ends the list by giving no cursor any more.
func (l *listing) cursors(ctx context.Context) error {
	given := map[string]bool{}
	cursor, read, empty, total := "", 0, 0, -1
	for {
		p, err := l.fetch(ctx, url.Values{"cursor": {cursor}})
		if err != nil {
			return fmt.Errorf("after %d resources: %w", read, err)
		}
		if cursor == "" && p.next == "" && p.hasTotal && p.total > len(p.resources) {
			// The server ignored the cursor and has more: it pages by index only.
			return l.indexes(ctx)
		}
		read += len(p.resources)
		if !l.give(p) {
			return nil
		}
		if cursor == "" && p.hasTotal {
			total = p.total
		}
		switch {
		case p.next == "" && p.hasTotal && p.total == total && len(l.seen) < total:
			return fmt.Errorf("GET %s%s: the cursors ended after %d of %d resources: %w", l.client.base, l.endpoint, len(l.seen), total, ErrIncomplete)
		case p.next == "":
			return nil
		case given[p.next]:
			return fmt.Errorf("the server gave one cursor twice after %d resources, which would go on for ever: %w", read, ErrIncomplete)
		case len(p.resources) > 0:
			empty = 0
		default:
			if empty++; empty > 100 {
				return fmt.Errorf("the server gave a hundred empty pages after %d resources: %w", read, ErrIncomplete)
			}
		}
		given[p.next] = true
		cursor = p.next
	}
}

// indexes reads by index (RFC 7644 section 3.4.2.4). An index is a place in a list that may change between
// two pages, so each page begins with the last resource of the one before it: if that is not
// there, something moved, and the list is read again.
func (l *listing) indexes(ctx context.Context) error {
	var why string
	total, same := -1, true
	for range maxPasses {
		var n int
		var err error
		n, why, err = l.pass(ctx)
		if err != nil || l.stopped || why == "" {
			return err
		}
		same = same && (total < 0 || n == total)
		total = n
		if same && total >= 0 && len(l.seen) == total && total > 0 && why != wrongTotal {
			// The server has no fixed order, but between the passes every one of the resources was seen.
			return nil
		}
	}
	return fmt.Errorf("GET %s%s: %s, in each of %d attempts: %w", l.client.base, l.endpoint, why, maxPasses, ErrIncomplete)
}

const wrongTotal = "the server states a totalResults that is only the size of the page"

// pass reads the list once. It says why the list cannot be taken for complete, or nothing if it can.
func (l *listing) pass(ctx context.Context) (total int, why string, err error) {
	ids := map[string]bool{}
	last, next, overlap := "", 1, false
	total = -1
	for n := 0; ; {
		at := next
		if overlap {
			at--
		}
		p, err := l.fetch(ctx, url.Values{"startIndex": {strconv.Itoa(at)}})
		if err != nil {
			return total, "", fmt.Errorf("after %d resources: %w", n, err)
		}
		if !p.hasTotal {
			return total, "", fmt.Errorf("GET %s%s: the server does not state totalResults, so nobody can tell whether this is all: %w", l.client.base, l.endpoint, ErrIncomplete)
		}
		if total >= 0 && p.total != total {
			return p.total, fmt.Sprintf("totalResults changed from %d to %d while the list was read", total, p.total), nil
		}
		total = p.total
		fresh := p.resources
		if overlap && len(fresh) > 0 {
			if fresh[0].ID() != last {
				return total, "the order of the list changed while it was read, or the server ignores startIndex", nil
			}
			fresh = fresh[1:]
		}
		for _, r := range fresh {
			if id := r.ID(); id != "" && ids[id] {
				return total, "one resource came twice", nil
			} else if id != "" {
				ids[id] = true
			}
		}
		n += len(fresh)
		if !l.give(p) {
			return total, "", nil
		}
		switch {
		case n > total:
			return total, fmt.Sprintf("%d resources came but totalResults is %d", n, total), nil
		case n == total && at == 1 && n > 0 && (n == l.size || l.query.Filter == ""):
			// One page that claims to be all: servers are known that count the page, which may be
			// smaller than what was asked for.
			probe, err := l.fetch(ctx, url.Values{"startIndex": {strconv.Itoa(n + 1)}})
			if err != nil {
				return total, "", err
			}
			if len(probe.resources) > 0 && !ids[probe.resources[0].ID()] {
				return total, wrongTotal, nil
			}
			return total, "", nil
		case n == total:
			return total, "", nil
		case len(fresh) == 0:
			return total, fmt.Sprintf("the list ended after %d of %d resources", n, total), nil
		}
		last = fresh[len(fresh)-1].ID()
		next = n + 1
		// Pages of one, and resources without id, leave no room to overlap.
		overlap = last != "" && len(p.resources) > 1
	}
}
