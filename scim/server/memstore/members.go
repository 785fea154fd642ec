package memstore

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// A memberSet holds the members of a group in the order in which they were added, each value once. A nil set
// can be read.
type memberSet struct {
	value *scim.Attribute // members.value
	index map[string]int  // by the key of the value
	list  []*scim.Object  // nil where one was removed
}

func newMemberSet(members *scim.Attribute, values []any) *memberSet {
	m := &memberSet{value: members.Sub("value"), index: make(map[string]int, len(values)), list: make([]*scim.Object, 0, len(values))}
	for _, v := range values {
		if o, ok := v.(*scim.Object); ok {
			m.add(o)
		}
	}
	return m
}

// add enters a member, unless one with its value is there.
func (m *memberSet) add(o *scim.Object) (added bool) {
	k := m.value.Key(o.Get("value"))
	if _, ok := m.index[k]; ok {
		return false
	}
	m.index[k] = len(m.list)
	m.list = append(m.list, o)
	return true
}

// remove takes a member out. Its place is closed once half of the places are empty.
func (m *memberSet) remove(value string) (removed bool) {
	k := m.value.Key(value)
	i, ok := m.index[k]
	if !ok {
		return false
	}
	delete(m.index, k)
	m.list[i] = nil
	if len(m.list) > 64 && len(m.index) < len(m.list)/2 {
		list := make([]*scim.Object, 0, len(m.index)+1)
		for _, o := range m.list {
			if o != nil {
				m.index[m.value.Key(o.Get("value"))] = len(list)
				list = append(list, o)
			}
		}
		m.list = list
	}
	return true
}

// all gives the values of the members and the members.
func (m *memberSet) all() iter.Seq2[string, *scim.Object] {
	return func(yield func(string, *scim.Object) bool) {
		if m == nil {
			return
		}
		for _, o := range m.list {
			if o != nil && !yield(o.GetString("value"), o) {
				return
			}
		}
	}
}

// has reports whether o is in the set as it is.
func (m *memberSet) has(o *scim.Object) bool {
	i, ok := m.index[m.value.Key(o.Get("value"))]
	return ok && m.list[i].Equal(o)
}

// Patch changes the members of a group, and the rest of it, in one step.
func (s *Store) Patch(_ context.Context, t *scim.ResourceType, id string, p *server.Patch) (*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.entry(t, id)
	if err != nil {
		return nil, err
	}
	if err := e.check(p.IfVersion); err != nil {
		return nil, err
	}
	next, changed := e.resource.Load(), false
	if p.Change != nil {
		if next, changed, err = p.Change(next); err != nil {
			return nil, err
		}
		if err := e.table.checkUnique(next, e); err != nil {
			return nil, err
		}
	}
	if p.Membership != nil && e.members != nil && s.patchMembers(e, p.Membership) {
		changed = true
	}
	if changed {
		s.store(e, shallow(next), time.Now())
	}
	if e.members != nil && p.Most > 0 && len(e.members.index) > p.Most && includes(p.Projection, e.table.members.Name) {
		return e.some(p.Most + 1), nil
	}
	return s.whole(e, p.Projection), nil
}

// some gives the group of an entry with a number of its members.
func (e *entry) some(n int) *scim.Resource {
	values := make([]any, 0, n)
	for _, o := range e.members.all() {
		if len(values) == n {
			break
		}
		values = append(values, o)
	}
	r := shallow(e.resource.Load())
	r.Set(e.table.members.Name, values)
	return r
}

// patchMembers does m to the members of a group, and reports whether that changed them.
func (s *Store) patchMembers(e *entry, m *scim.Membership) (changed bool) {
	if m.Replace {
		values := make([]any, len(m.Add))
		for i, o := range m.Add {
			values[i] = o
		}
		return s.setMembers(e, newMemberSet(e.table.members, values))
	}
	for _, v := range m.Remove {
		if e.members.remove(v) {
			s.leave(v, e)
			changed = true
		}
	}
	for _, o := range m.Add {
		if e.members.add(o) {
			s.join(o.GetString("value"), e)
			changed = true
		}
	}
	return changed
}

// setMembers puts other members in place of those a group has, and reports whether they differ; nil is none.
func (s *Store) setMembers(e *entry, members *memberSet) (changed bool) {
	old := e.members
	if members != nil && len(old.index) == len(members.index) {
		for _, o := range members.all() {
			changed = changed || !old.has(o)
		}
		if !changed {
			return false
		}
	}
	for v := range old.all() {
		s.leave(v, e)
	}
	for v := range members.all() {
		s.join(v, e)
	}
	e.members = members
	return true
}

func (s *Store) join(value string, group *entry) {
	groups := s.memberOf[value]
	if groups == nil {
		groups = map[*entry]bool{}
		s.memberOf[value] = groups
	}
	groups[group] = true
}

func (s *Store) leave(value string, group *entry) {
	groups := s.memberOf[value]
	if delete(groups, group); len(groups) == 0 {
		delete(s.memberOf, value)
	}
}

// whole gives the resource of an entry with what of its members and groups p shows.
func (s *Store) whole(e *entry, p *scim.Projection) *scim.Resource {
	r := e.resource.Load()
	if e.members != nil && len(e.members.index) > 0 && includes(p, e.table.members.Name) {
		if w := e.whole.Load(); w != nil {
			return w
		}
		values := make([]any, 0, len(e.members.index))
		for _, o := range e.members.all() {
			values = append(values, o)
		}
		r = shallow(r)
		r.Set(e.table.members.Name, values)
		e.whole.Store(r)
		return r
	}
	if e.table.groups && len(s.memberOf[e.id]) > 0 && includes(p, "groups") {
		r = shallow(r)
		r.Set("groups", s.groupsOf(e.id))
	}
	return r
}

// groupsOf gives the groups that have an id as member, in the order of their creation.
func (s *Store) groupsOf(id string) []any {
	groups := make([]*entry, 0, len(s.memberOf[id]))
	for g := range s.memberOf[id] {
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *entry) int { return cmp.Compare(a.seq, b.seq) })
	values := make([]any, len(groups))
	for i, g := range groups {
		o := scim.NewObject(scim.Member{Name: "value", Value: g.id})
		if name := g.resource.Load().GetString("displayName"); name != "" {
			o.Set("display", name)
		}
		o.Set("type", "direct")
		values[i] = o
	}
	return values
}

func includes(p *scim.Projection, name string) bool { return p == nil || p.Includes(name) }
