package client

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/ilumy/usersync/scim"
)

const (
	// maxPasses is how often a list is begun again because it could not be proved complete.
	maxPasses = 3
	// maxStale is how many pages in a row may bring nothing new.
	maxStale = 10
)

// indexes reads by index (RFC 7644 section 3.4.2.4). An index is a place in a list that may change
// between two pages: when somebody is removed, all that follow move up, and the next page
// would leave one out. So each page must begin with a resource that is known already: all that was there
// before it has then been read. Where it does not, the reading steps back.
//
// That holds for servers whose order is fixed. Where it is not, the list is read again, by id if the
// server sorts; and if that does not help, the list is not complete.
func (l *listing) indexes(ctx context.Context) error {
	why := ""
	for n := range maxPasses {
		p := &pass{listing: l, place: places{}, total: -1}
		if n > 0 {
			if config, err := l.client.ServiceProviderConfig(ctx); err == nil && config.Sort {
				p.sort = "id"
			}
		}
		var err error
		if why, err = p.read(ctx); err != nil || l.stopped || why == "" {
			return err
		}
		l.given = append(l.given, p.place)
	}
	return fmt.Errorf("GET %s%s: %s, in each of %d attempts: %w", l.client.base, l.endpoint, why, maxPasses, ErrIncomplete)
}

// pass reads a list once.
type pass struct {
	*listing
	sort string
	// place is the place at which a resource was read in this pass.
	place places
	n     int  // resources read, those without id too
	total int  // as the last page states it
	least int  // the smallest total that was stated
	still bool // nothing but a list that stays the same can be read
	moved bool // the total changed
}

// read reads the list. It says why it cannot be taken for complete, or nothing if it can.
func (p *pass) read(ctx context.Context) (why string, err error) {
	at, back, stale := 1, 1, 0
	anchored := false // whether the page must begin with what is known
	for {
		page, err := p.page(ctx, at)
		if err != nil {
			return "", err
		}
		if len(page.resources) == 0 && at <= page.total {
			return fmt.Sprintf("the list ended after %d of %d resources", p.n, page.total), nil
		}
		if at > 1 && anchored && p.lost(page) {
			at = max(1, min(at, page.total+1)-back)
			back *= 2
			continue
		}
		fresh, ordered := p.enter(page)
		if !p.give(fresh) {
			return "", nil
		}
		if !ordered {
			return "the order of the list changed while it was read", nil
		}
		end := at + len(page.resources) - 1
		if end >= p.total {
			return p.finish(ctx)
		}
		if stale++; len(fresh) > 0 {
			stale = 0
		}
		if stale > maxStale {
			return "further pages bring nothing new: the server seems to ignore startIndex", nil
		}
		back, anchored = p.size, true
		if next := at + lastWithID(page); next > at {
			at = next
		} else {
			// There is no room to begin with what is known: nobody may come or go meanwhile.
			at, anchored, p.still = end+1, false, true
		}
	}
}

func (p *pass) page(ctx context.Context, at int) (*page, error) {
	v := url.Values{"startIndex": {strconv.Itoa(at)}}
	if p.sort != "" {
		v.Set("sortBy", p.sort)
	}
	page, err := p.fetch(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("after %d resources: %w", p.n, err)
	}
	if !page.hasTotal {
		return nil, fmt.Errorf("GET %s%s: the server does not state totalResults, so nobody can tell whether this is all: %w", p.client.base, p.endpoint, ErrIncomplete)
	}
	p.moved = p.moved || p.total >= 0 && page.total != p.total
	if p.total < 0 || page.total < p.least {
		p.least = page.total
	}
	p.total = page.total
	return page, nil
}

// lastWithID gives the index of the last resource that can be known again.
func lastWithID(page *page) int {
	for i := len(page.resources) - 1; i > 0; i-- {
		if page.resources[i].ID() != "" {
			return i
		}
	}
	return 0
}

// lost reports whether a page after the first does not begin with what is known.
func (p *pass) lost(page *page) bool {
	if len(page.resources) == 0 {
		return true
	}
	_, known := p.place[p.key(page.resources[0].ID())]
	return !known
}

// enter notes what a page brings: what of it is new, and whether what is known comes in the order in which
// it came before.
func (p *pass) enter(page *page) (fresh []*scim.Resource, ordered bool) {
	last, ordered := int32(-1), true
	fresh = make([]*scim.Resource, 0, len(page.resources))
	for _, r := range page.resources {
		id := r.ID()
		if id == "" {
			p.n++
			fresh = append(fresh, r)
			continue
		}
		key := p.key(id)
		place, known := p.place[key]
		if !known {
			p.place[key] = int32(p.n)
			p.n++
			fresh = append(fresh, r)
			continue
		}
		ordered = ordered && place >= last
		last = place
	}
	return fresh, ordered
}

// finish checks the numbers at the end of the list.
func (p *pass) finish(ctx context.Context) (why string, err error) {
	if p.still && p.moved {
		return "the list changed while it was read, and the server gives pages of one resource, by which that cannot be followed", nil
	}
	if p.n < p.least {
		return fmt.Sprintf("only %d of %d resources came", p.n, p.least), nil
	}
	if p.query.Filter != "" && p.n < p.size || p.n == 0 {
		return "", nil
	}
	// Servers are known whose totalResults is the size of the page, or a limit of theirs. What lies
	// behind the end tells.
	v := url.Values{"startIndex": {strconv.Itoa(p.total + 1)}}
	if p.sort != "" {
		v.Set("sortBy", p.sort)
	}
	page, err := p.fetch(ctx, v)
	if status := statusOf(err); status >= 400 && status < 500 {
		return "", nil // it refuses a place behind the end
	}
	if err != nil {
		return "", fmt.Errorf("after %d resources: %w", p.n, err)
	}
	if p.unknown(page) && page.total <= p.total {
		return fmt.Sprintf("there are more resources than the totalResults of %d", p.total), nil
	}
	return "", nil
}

func (p *pass) unknown(page *page) bool {
	for _, r := range page.resources {
		if _, known := p.place[p.key(r.ID())]; !known {
			return true
		}
	}
	return false
}
