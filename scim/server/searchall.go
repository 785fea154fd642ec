package server

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// A typedQuery is the part of a search in several types (RFC 7644 section 3.4.2.1) that one of them answers.
type typedQuery struct {
	typ   *resourceType
	query *Query
}

// A typedPage is a page whose resources are of several types; of tells which.
type typedPage struct {
	Page
	of []typedQuery
}

func (p *typedPage) add(t typedQuery, page *Page) {
	p.Resources = append(p.Resources, page.Resources...)
	for range page.Resources {
		p.of = append(p.of, t)
	}
}

// findAmong answers a search in several types. Without an order they come one after the other.
func (x *exchange) findAmong(s *scim.SearchRequest, types []*resourceType) (*result, error) {
	queries, err := x.queries(s, types)
	if err != nil {
		return nil, err
	}
	q := queries[0].query
	var page *typedPage
	switch {
	case q.ByCursor && q.Order != nil:
		return nil, scim.Errorf(scim.ErrInvalidValue, "resources of several types cannot be both sorted and paged by cursor; use startIndex, or search one type")
	case q.ByCursor:
		page, err = x.pageByCursor(queries)
	case q.Order != nil:
		page, err = x.pageSorted(queries)
	default:
		page, err = x.pageByIndex(queries)
	}
	if err != nil {
		return nil, err
	}
	return x.listResponse(q, &page.Page, func(i int) (*resourceType, *scim.Projection) {
		return page.of[i].typ, page.of[i].query.Projection
	})
}

// queries makes a query for each type. What a type does not have, has no value in its resources; only when that
// is so in all types, the request is wrong.
func (x *exchange) queries(s *scim.SearchRequest, types []*resourceType) ([]typedQuery, error) {
	var list []typedQuery
	var first error
	for _, t := range types {
		q, err := x.query(t, s)
		if errors.Is(err, scim.ErrInvalidFilter) {
			first = cmp.Or(first, err)
			q, err = x.narrowed(t, s)
		}
		switch {
		case err == nil && q != nil:
			list = append(list, typedQuery{t, q})
		case err != nil && !errors.Is(err, scim.ErrInvalidFilter) && !errors.Is(err, scim.ErrInvalidPath) && !errors.Is(err, scim.ErrInvalidValue):
			return nil, err
		case first == nil:
			first = err
		}
	}
	if len(list) == 0 {
		return nil, first
	}
	return list, nil
}

// narrowed makes the query of a type that lacks an attribute which the filter names: a comparison with it is false. It
// gives nil if nothing else is in the filter.
func (x *exchange) narrowed(t *resourceType, s *scim.SearchRequest) (*Query, error) {
	l := x.h.limits
	e, err := filter.Parse(s.Filter, &filter.Options{Strict: x.strict(), MaxLength: l.FilterLength, MaxDepth: l.FilterDepth, MaxTerms: l.FilterTerms})
	if err != nil {
		return nil, scim.ErrInvalidFilter
	}
	n := narrower{typ: t.ResourceType}
	e = n.narrow(e)
	if !n.known {
		return nil, nil
	}
	without := *s
	without.Filter = ""
	q, err := x.query(t, &without)
	if err != nil {
		return nil, err
	}
	q.Filter, err = t.CompileFilter(e, x.read)
	return q, err
}

// A narrower puts what is always false in place of comparisons with attributes that a type does not have.
type narrower struct {
	typ   *scim.ResourceType
	known bool
}

func (n *narrower) narrow(e filter.Expression) filter.Expression {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		return n.keep(e, e.AttributePath)
	case *filter.ValuePath:
		return n.keep(e, e.AttributePath)
	case *filter.NotExpression:
		return &filter.NotExpression{Expression: n.narrow(e.Expression)}
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Operator: e.Operator, Left: n.narrow(e.Left), Right: n.narrow(e.Right)}
	}
	return e
}

func (n *narrower) keep(e filter.Expression, path filter.AttributePath) filter.Expression {
	if n.typ.Attribute(path.String()) == nil {
		return &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: "id"}, Operator: filter.EQ, CompareValue: ""}
	}
	n.known = true
	return e
}

func (x *exchange) pageByIndex(queries []typedQuery) (*typedPage, error) {
	all := &typedPage{}
	skip, left := queries[0].query.StartIndex-1, queries[0].query.Count
	for _, t := range queries {
		q := *t.query
		q.StartIndex, q.Count = skip+1, left
		page, err := x.page(&q)
		if err != nil {
			return nil, err
		}
		all.Total += page.Total
		all.add(t, page)
		skip, left = max(0, skip-page.Total), left-len(page.Resources)
	}
	return all, nil
}

// maxSorted bounds the resources that are held to sort those of several types.
const maxSorted = 10_000

func (x *exchange) pageSorted(queries []typedQuery) (*typedPage, error) {
	start, count := queries[0].query.StartIndex, queries[0].query.Count
	if start-1 > maxSorted-count {
		return nil, scim.Errorf(scim.ErrTooMany, "a sorted search in several types reaches the first %d resources only; search one type", maxSorted)
	}
	type typed struct {
		resource *scim.Resource
		of       typedQuery
	}
	var list []typed
	all := &typedPage{}
	for _, t := range queries {
		q := *t.query
		q.StartIndex, q.Count = 1, start-1+count
		page, err := x.page(&q)
		if err != nil {
			return nil, err
		}
		all.Total += page.Total
		for _, r := range page.Resources {
			list = append(list, typed{r, t})
		}
	}
	order := queries[0].query.Order
	slices.SortStableFunc(list, func(a, b typed) int { return order.Compare(a.resource, b.resource) })
	from := min(start-1, len(list))
	for _, r := range list[from:min(from+count, len(list))] {
		all.add(r.of, &Page{Resources: []*scim.Resource{r.resource}})
	}
	return all, nil
}

// pageByCursor goes through the types; the cursor of one is prefixed with its place among them. Its Total is that of all.
func (x *exchange) pageByCursor(queries []typedQuery) (*typedPage, error) {
	at, inner := 0, ""
	if c := queries[0].query.Cursor; c != "" {
		place, rest, ok := strings.Cut(c, ".")
		n, err := strconv.Atoi(place)
		if !ok || err != nil || n < 0 || n >= len(queries) {
			return nil, scim.Errorf(scim.ErrInvalidCursor, "the cursor is not one of this search")
		}
		at, inner = n, rest
	}
	all := &typedPage{}
	left := queries[0].query.Count
	for i, t := range queries {
		q := *t.query
		q.Cursor, q.Count = "", left
		if i == at {
			q.Cursor = inner
		} else if i < at {
			q.Count = 0
		}
		page, err := x.page(&q)
		if err != nil {
			return nil, err
		}
		all.Total += page.Total
		if i < at || left == 0 {
			if left == 0 && i >= at && all.NextCursor == "" && page.Total > 0 && t.query.Count > 0 {
				all.NextCursor = strconv.Itoa(i) + "."
			}
			continue
		}
		all.add(t, page)
		left -= len(page.Resources)
		if page.NextCursor != "" {
			all.NextCursor = strconv.Itoa(i) + "." + page.NextCursor
			left = 0
		}
	}
	return all, nil
}
