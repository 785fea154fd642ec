package server

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"github.com/ilumy/usersync/scim"
)

// Select answers the query from all resources of its type, or from some among which are all that match: it
// filters, sorts, counts and pages. The sequence is the Store's own order. Pages by cursor are sorted by
// id where the query has no order, so that what is created or deleted between two pages moves nothing.
func (q *Query) Select(resources iter.Seq[*scim.Resource]) (*Page, error) {
	return q.SelectContext(context.Background(), resources)
}

// SelectContext is Select that gives up when the context ends.
func (q *Query) SelectContext(ctx context.Context, resources iter.Seq[*scim.Resource]) (*Page, error) {
	if q.Order == nil && !q.ByCursor {
		return q.window(ctx, resources)
	}
	var list []*scim.Resource
	seen := 0
	for r := range resources {
		if seen++; seen%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if q.Filter.Match(r) {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, q.compare)
	return q.cut(list)
}

// cut takes the page that is asked for out of a sorted list.
func (q *Query) cut(list []*scim.Resource) (_ *Page, err error) {
	from := min(q.StartIndex-1, len(list))
	if q.ByCursor {
		if from, err = q.place(list); err != nil {
			return nil, err
		}
	}
	to := min(from+q.Count, len(list))
	page := &Page{Total: len(list), Resources: list[from:to]}
	if !q.ByCursor || q.Count == 0 {
		return page, nil
	}
	if to < len(list) {
		if page.NextCursor, err = q.mark(markAfter, list[to-1]); err != nil {
			return nil, err
		}
	}
	if from > 0 && from < len(list) {
		page.PreviousCursor, err = q.mark(markBefore, list[from])
	}
	return page, err
}

// A mark begins with what it is a mark of: the resource that a page begins after, or ends before. The rest is the id and
// the values that were sorted by, so that it leads on when that resource is gone.
const (
	markAfter  = 'a'
	markBefore = 'b'
)

func (q *Query) mark(kind byte, r *scim.Resource) (string, error) {
	m := scim.NewResource()
	m.SetID(r.ID())
	if q.Order != nil {
		a, _ := q.Order.Attribute()
		for a.Parent() != nil {
			a = a.Parent()
		}
		m.Set(a.Name, r.Get(a.Name))
	}
	b, err := m.AppendJSON([]byte{kind})
	if err != nil {
		return "", err
	}
	return q.NewCursor(string(b))
}

// checkEvery is how many resources are looked at between two looks at the context.
const checkEvery = 1024

// window pages through resources in their order, and holds no more than one page.
func (q *Query) window(ctx context.Context, resources iter.Seq[*scim.Resource]) (*Page, error) {
	page := &Page{}
	seen := 0
	for r := range resources {
		if seen++; seen%checkEvery == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !q.Filter.Match(r) {
			continue
		}
		page.Total++
		if page.Total >= q.StartIndex && len(page.Resources) < q.Count {
			page.Resources = append(page.Resources, r)
		}
	}
	return page, nil
}

// compare is the query's total order.
func (q *Query) compare(a, b *scim.Resource) int {
	if q.Order != nil {
		if c := q.Order.Compare(a, b); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.ID(), b.ID())
}

// place gives the index in a sorted list at which the page of q.Cursor begins.
func (q *Query) place(list []*scim.Resource) (int, error) {
	if q.Cursor == "" {
		return 0, nil
	}
	mark, err := q.Mark()
	if err != nil {
		return 0, err
	}
	if mark == "" || mark[0] != markAfter && mark[0] != markBefore {
		return 0, InvalidCursor()
	}
	o, err := scim.DecodeObject([]byte(mark[1:]), nil)
	if err != nil {
		return 0, InvalidCursor()
	}
	i, found := slices.BinarySearchFunc(list, &scim.Resource{Object: *o}, q.compare)
	if mark[0] == markBefore {
		return max(0, i-q.Count), nil
	}
	if found {
		i++
	}
	return i, nil
}
