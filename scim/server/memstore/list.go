package memstore

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
	"github.com/ilumy/usersync/scim/server"
)

// List gives a page of resources, in the order of their creation unless the query has one.
func (s *Store) List(ctx context.Context, q *server.Query) (*server.Page, error) {
	candidates, holes := s.candidates(q)
	if q.Filter == nil && q.Order == nil && !q.ByCursor && !holes {
		from := min(q.StartIndex-1, len(candidates))
		to := min(from+q.Count, len(candidates))
		page := &server.Page{Total: len(candidates), Resources: make([]*scim.Resource, 0, to-from)}
		for r := range s.resources(candidates[from:to], false) {
			page.Resources = append(page.Resources, r)
		}
		return s.complete(q, page), nil
	}
	page, err := q.SelectContext(ctx, s.resources(candidates, mentions(q)))
	if err != nil {
		return nil, err
	}
	return s.complete(q, page), nil
}

// candidates gives the entries among which are all that match, in the order of their creation: by an index if
// one helps. Some may have been deleted, which holes says.
func (s *Store) candidates(q *server.Query) (list []*entry, holes bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	tab := s.table(q.Type)
	if tab == nil {
		return nil, false
	}
	if q.Filter == nil {
		return tab.order, tab.holes > 0
	}
	if id, ok := q.Filter.Eq("id"); ok {
		text, _ := id.(string)
		if e := tab.entries[text]; e != nil {
			return []*entry{e}, false
		}
		return nil, false
	}
	for _, x := range tab.unique {
		if v, ok := q.Filter.Eq(x.attribute.Path()); ok {
			return x.entries[x.attribute.Key(v)], false
		}
	}
	for _, x := range tab.lookups {
		if v, ok := q.Filter.Eq(x.attribute.Path()); ok {
			return bySeq(x.entries[x.attribute.Key(v)]), false
		}
	}
	if tab.members != nil {
		if v, ok := q.Filter.Eq(tab.members.Name + ".value"); ok {
			value, _ := v.(string)
			for e := range s.memberOf[value] {
				if e.table == tab {
					list = append(list, e)
				}
			}
			return bySeq(list), false
		}
	}
	return tab.order, tab.holes > 0
}

// bySeq gives entries in the order of their creation.
func bySeq(list []*entry) []*entry {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
	return list
}

// resources gives the resources of entries that are still there, with their members and groups if the query looks at
// them.
func (s *Store) resources(entries []*entry, whole bool) iter.Seq[*scim.Resource] {
	return func(yield func(*scim.Resource) bool) {
		for _, e := range entries {
			r := e.resource.Load()
			if r != nil && whole {
				r = s.lockedWhole(e, nil)
			}
			if r != nil && !yield(r) {
				return
			}
		}
	}
}

// lockedWhole is whole for an entry that may have been deleted meanwhile.
func (s *Store) lockedWhole(e *entry, p *scim.Projection) *scim.Resource {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if e.resource.Load() == nil {
		return nil
	}
	return s.whole(e, p)
}

// complete adds the members and groups that are to be shown to the resources of a page.
func (s *Store) complete(q *server.Query, page *server.Page) *server.Page {
	s.mu.RLock()
	defer s.mu.RUnlock()
	tab := s.table(q.Type)
	if tab == nil || tab.members == nil && !tab.groups {
		return page
	}
	for i, r := range page.Resources {
		// One that was deleted meanwhile stays as the query saw it.
		if e := tab.entries[r.ID()]; e != nil {
			page.Resources[i] = s.whole(e, q.Projection)
		}
	}
	return page
}

// mentions reports whether the query looks at members or groups, which are not in the stored resource.
func mentions(q *server.Query) bool {
	if q.Order != nil {
		if a, _ := q.Order.Attribute(); derived(a.Path()) {
			return true
		}
	}
	return q.Filter != nil && mentioned(q.Filter.Expression())
}

func mentioned(e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		return derived(e.AttributePath.AttributeName)
	case *filter.ValuePath:
		return derived(e.AttributePath.AttributeName)
	case *filter.LogicalExpression:
		return mentioned(e.Left) || mentioned(e.Right)
	case *filter.NotExpression:
		return mentioned(e.Expression)
	}
	return false
}

func derived(path string) bool {
	name, _, _ := strings.Cut(path, ".")
	return strings.EqualFold(name, "members") || strings.EqualFold(name, "groups")
}
