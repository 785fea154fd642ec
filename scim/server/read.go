package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/ilumy/usersync/scim"
)

// get answers GET /Users/{id} (RFC 7644 section 3.4.1).
func (x *exchange) get() (*result, error) {
	p, _, err := x.projection()
	if err != nil {
		return nil, err
	}
	r, err := x.store.Get(x.ctx, x.target.typ.ResourceType, x.target.id, p)
	if err != nil {
		return nil, err
	}
	res := &result{status: http.StatusOK, typ: x.target.typ, resource: r, projection: p}
	if x.preconditions().notModified(x.r.Method, version(r)) {
		res.status, res.quiet = http.StatusNotModified, true
	}
	return res, nil
}

// projection gives what to show of a resource, and whether the request says it.
func (x *exchange) projection() (p *scim.Projection, asked bool, err error) {
	if x.r.URL.RawQuery == "" {
		return x.target.typ.shown, false, nil
	}
	s, err := params(x.r.URL.RawQuery, x.strict())
	if err != nil {
		return nil, false, err
	}
	p, err = x.project(x.target.typ, s)
	return p, s.Attributes != nil || s.ExcludedAttributes != nil, err
}

func (x *exchange) project(t *resourceType, s *scim.SearchRequest) (*scim.Projection, error) {
	if s.Attributes == nil && s.ExcludedAttributes == nil {
		return t.shown, nil
	}
	return t.Projection(s.Attributes, s.ExcludedAttributes, x.read)
}

// list answers GET /Users.
func (x *exchange) list() (*result, error) {
	s, err := params(x.r.URL.RawQuery, x.strict())
	if err != nil {
		return nil, err
	}
	return x.find(s, []*resourceType{x.target.typ})
}

// search answers POST /Users/.search (RFC 7644 section 3.4.3).
func (x *exchange) search() (*result, error) {
	s, err := x.searchRequest()
	if err != nil {
		return nil, err
	}
	return x.find(s, []*resourceType{x.target.typ})
}

// listAll answers GET / (RFC 7644 section 3.4.2.1).
func (x *exchange) listAll() (*result, error) {
	s, err := params(x.r.URL.RawQuery, x.strict())
	if err != nil {
		return nil, err
	}
	return x.find(s, x.h.types)
}

// searchAll answers POST /.search.
func (x *exchange) searchAll() (*result, error) {
	s, err := x.searchRequest()
	if err != nil {
		return nil, err
	}
	return x.find(s, x.h.types)
}

func (x *exchange) searchRequest() (*scim.SearchRequest, error) {
	b, done, err := x.body(x.h.limits.Body)
	if err != nil {
		return nil, err
	}
	defer done()
	return decodeSearch(b, x.read)
}

// find answers a search in one or more types.
func (x *exchange) find(s *scim.SearchRequest, types []*resourceType) (*result, error) {
	if len(types) == 1 {
		q, err := x.query(types[0], s)
		if err != nil {
			return nil, err
		}
		page, err := x.page(q)
		if err != nil {
			return nil, err
		}
		return x.listResponse(q, page, func(int) (*resourceType, *scim.Projection) { return types[0], q.Projection })
	}
	return x.findAmong(s, types)
}

// query makes a Query of what a request asks for, within the limits.
func (x *exchange) query(t *resourceType, s *scim.SearchRequest) (*Query, error) {
	q := &Query{Type: t.ResourceType, StartIndex: 1, Count: x.h.limits.Page}
	if s.StartIndex != nil {
		q.StartIndex = max(1, *s.StartIndex)
	}
	if s.Count != nil {
		q.Count = min(max(0, *s.Count), x.h.limits.Results)
	}
	if s.Cursor != nil {
		q.ByCursor, q.Cursor = true, *s.Cursor
		if s.Count != nil && *s.Count < 0 {
			return nil, scim.Errorf(scim.ErrInvalidCount, "count is less than 0")
		}
	}
	var err error
	if s.Filter != "" {
		if q.Filter, err = t.ParseFilter(s.Filter, x.read); err != nil {
			return nil, err
		}
	}
	if s.SortBy != "" {
		if q.Order, err = t.Order(s.SortBy, s.SortOrder, x.read); err != nil {
			return nil, err
		}
	}
	q.Projection, err = x.project(t, s)
	return q, err
}

// page has the Store answer a query, by its look-up if it has one that helps.
func (x *exchange) page(q *Query) (*Page, error) {
	if f, ok := x.store.(Finder); ok {
		for _, a := range looked(q.Type) {
			v, ok := q.Filter.Eq(a.Path())
			if !ok {
				continue
			}
			found, err := f.Find(x.ctx, q.Type, a, v)
			if errors.Is(err, errors.ErrUnsupported) {
				continue
			}
			if err != nil {
				return nil, err
			}
			return q.Select(slices.Values(found))
		}
	}
	return x.store.List(x.ctx, q)
}

// looked are the attributes that a Finder is asked for.
func looked(t *scim.ResourceType) []*scim.Attribute {
	list := []*scim.Attribute{t.Attribute("id"), t.Attribute("externalId")}
	return append(list, t.Unique()...)
}

// listResponse makes the answer (RFC 7644 section 3.4.2). The type of each resource is told by of.
func (x *exchange) listResponse(q *Query, page *Page, of func(i int) (*resourceType, *scim.Projection)) (*result, error) {
	b := make([]byte, 0, 256+1024*len(page.Resources))
	b = append(b, `{"schemas":["`+scim.ListResponseSchema+`"],"totalResults":`...)
	b = strconv.AppendInt(b, int64(page.Total), 10)
	if q.ByCursor {
		b = appendCursor(b, "nextCursor", page.NextCursor)
		b = appendCursor(b, "previousCursor", page.PreviousCursor)
	} else {
		b = append(b, `,"startIndex":`...)
		b = strconv.AppendInt(b, int64(q.StartIndex), 10)
	}
	b = append(b, `,"itemsPerPage":`...)
	b = strconv.AppendInt(b, int64(len(page.Resources)), 10)
	b = append(b, `,"Resources":[`...)
	var err error
	for i, r := range page.Resources {
		if i > 0 {
			b = append(b, ',')
		}
		t, p := of(i)
		if b, err = p.AppendJSON(b, x.link(t, r), t.location(x.baseURL(), r.ID())); err != nil {
			return nil, err
		}
	}
	return &result{status: http.StatusOK, body: append(b, "]}"...)}, nil
}

// appendCursor appends a cursor if there is one. Cursors are unreserved characters (RFC 9865 section 2).
func appendCursor(b []byte, name, cursor string) []byte {
	if cursor == "" {
		return b
	}
	b = append(b, `,"`+name+`":`...)
	return strconv.AppendQuote(b, cursor)
}

// current gives a resource whole, as the Store has it.
func (x *exchange) current(ctx context.Context, t *resourceType, id string) (*scim.Resource, error) {
	return x.store.Get(ctx, t.ResourceType, id, nil)
}
