package memstore

import (
	"cmp"
	"context"
	"iter"
	"slices"

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
	if q.ByCursor && q.Order == nil {
		return s.listByCursor(ctx, q, candidates)
	}
	page, err := q.SelectContext(ctx, s.resources(candidates, q.Mentions("members") || q.Mentions("groups")))
	if err != nil {
		return nil, err
	}
	return s.complete(q, page), nil
}

// candidates gives the entries among which are all that match, in the order of their creation: by indexes if they
// help. Some may have been deleted, which holes says.
func (s *Store) candidates(q *server.Query) (list []*entry, holes bool) {
	list, holes, missing := s.lookup(q)
	if len(missing) > 0 {
		s.learn(q.Type, missing)
		list, holes, _ = s.lookup(q)
	}
	return list, holes
}

// lookup gives the candidates, and the attributes whose index would have helped.
func (s *Store) lookup(q *server.Query) (list []*entry, holes bool, missing []*scim.Attribute) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	tab := s.table(q.Type)
	if tab == nil {
		return nil, false, nil
	}
	if q.Filter == nil {
		return tab.order, tab.holes > 0, nil
	}
	if id, ok := q.Filter.Eq("id"); ok {
		text, _ := id.(string)
		if e := tab.entries[text]; e != nil {
			return []*entry{e}, false, nil
		}
		return nil, false, nil
	}
	found := false
	for _, a := range tab.equalities(q.Filter.Expression()) {
		v, ok := q.Filter.Eq(a.Path())
		if !ok {
			continue
		}
		x := tab.index(a)
		if x == nil {
			if tab.learns(a) {
				missing = append(missing, a)
			}
			continue
		}
		if some := x.entries[a.Key(v)]; !found || len(some) < len(list) {
			list, found = some, true
		}
	}
	if found {
		return bySeq(list), false, missing
	}
	if tab.members != nil {
		if v, ok := q.Filter.Eq(tab.members.Name + ".value"); ok {
			value, _ := v.(string)
			for e := range s.memberOf[value] {
				if e.table == tab {
					list = append(list, e)
				}
			}
			return bySeq(list), false, nil
		}
	}
	f := finder{tab: tab}
	if some, err := filter.Visit(q.Filter.Expression(), &f); err == nil && some.known {
		return some.among(tab.order), false, f.missing
	}
	return tab.order, tab.holes > 0, append(missing, f.missing...)
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
