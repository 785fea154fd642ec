package memstore

import (
	"slices"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// An index finds entries by the values of an attribute.
type index struct {
	attribute *scim.Attribute
	entries   map[string][]*entry
	// single says that a resource has one string of it at most, at the top.
	single bool
}

func newIndex(a *scim.Attribute, size int) index {
	text := a.Type == scim.String || a.Type == scim.Reference
	return index{attribute: a, entries: make(map[string][]*entry, size), single: text && !a.MultiValued && a.Parent() == nil}
}

// index gives the index of an attribute; nil if there is none.
func (tab *table) index(a *scim.Attribute) *index {
	for _, list := range [][]index{tab.unique, tab.lookups} {
		for i := range list {
			if list[i].attribute == a {
				return &list[i]
			}
		}
	}
	return nil
}

// reindex enters the values of r for those that e has now; nil has none.
func (tab *table) reindex(e *entry, r *scim.Resource) {
	old := e.resource.Load()
	for _, x := range tab.unique {
		x.move(e, old, r)
	}
	for _, x := range tab.lookups {
		x.move(e, old, r)
	}
}

func (x index) move(e *entry, old, r *scim.Resource) {
	if x.single {
		// Most attributes that are looked up by are of this kind, and most writes do not change them.
		before, had := x.value(old)
		after, has := x.value(r)
		if had && has && before == after {
			return
		}
		if had {
			x.remove(x.attribute.Key(before), e)
		}
		if has {
			x.add(x.attribute.Key(after), e)
		}
		return
	}
	before, after := x.keys(old), x.keys(r)
	if slices.Equal(before, after) {
		return
	}
	for _, k := range before {
		x.remove(k, e)
	}
	for _, k := range after {
		x.add(k, e)
	}
}

// value gives the value that a resource has of an attribute which is single and at the top.
func (x index) value(r *scim.Resource) (s string, ok bool) {
	if r != nil {
		s, ok = r.Get(x.attribute.Name).(string)
	}
	return s, ok
}

// add enters an entry under a key. Who reads a shorter slice of the same array does not see what is appended.
func (x index) add(k string, e *entry) { x.entries[k] = append(x.entries[k], e) }

// remove takes an entry out. A slice that somebody may be reading is not changed.
func (x index) remove(k string, e *entry) {
	list := x.entries[k]
	if len(list) <= 1 {
		delete(x.entries, k)
		return
	}
	x.entries[k] = slices.DeleteFunc(slices.Clone(list), func(o *entry) bool { return o == e })
}

// keys gives the different keys that a resource has in the index.
func (x index) keys(r *scim.Resource) []string {
	if r == nil {
		return nil
	}
	values := x.attribute.Values(r)
	keys := make([]string, 0, len(values))
	for _, v := range values {
		if k := x.attribute.Key(v); !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	return keys
}

const (
	// learnFrom is how many resources there must be for an index to be worth its while.
	learnFrom = 256
	// maxLearned bounds the indexes that clients can have made.
	maxLearned = 8
)

// learns reports whether an index of an attribute would be made. Values of which there are few kinds are not worth it.
func (tab *table) learns(a *scim.Attribute) bool {
	return len(tab.entries) >= learnFrom && tab.learned < maxLearned && len(a.CanonicalValues) == 0 &&
		(a.Type == scim.String || a.Type == scim.Reference) && a.Returned != scim.ReturnedNever
}

// learn makes indexes of attributes that somebody has looked for a value of.
func (s *Store) learn(t *scim.ResourceType, attributes []*scim.Attribute) {
	s.mu.Lock()
	defer s.mu.Unlock()
	tab := s.table(t)
	for _, a := range attributes {
		if tab.index(a) != nil || !tab.learns(a) {
			continue
		}
		x := newIndex(a, len(tab.entries))
		for _, e := range tab.order {
			if r := e.resource.Load(); r != nil {
				x.move(e, nil, r)
			}
		}
		tab.lookups = append(slices.Clone(tab.lookups), x)
		tab.learned++
	}
}

// equalities gives the attributes that a filter compares with eq, among those that a table keeps values of.
func (tab *table) equalities(e filter.Expression) []*scim.Attribute {
	var list []*scim.Attribute
	add := func(a *scim.Attribute) {
		if a != nil && a.Type == scim.Complex {
			a = a.Sub("value")
		}
		if a == nil || slices.Contains(list, a) {
			return
		}
		top := a
		for top.Parent() != nil {
			top = top.Parent()
		}
		if top != tab.members && top.Name != "meta" && (top.Name != "groups" || !tab.groups) {
			list = append(list, a)
		}
	}
	var walk func(e filter.Expression, within *scim.Attribute)
	walk = func(e filter.Expression, within *scim.Attribute) {
		switch e := e.(type) {
		case *filter.AttributeExpression:
			switch {
			case e.Operator != filter.EQ || e.CompareValue == nil:
			case within != nil:
				add(within.Sub(e.AttributePath.AttributeName))
			default:
				add(tab.typ.Attribute(e.AttributePath.String()))
			}
		case *filter.ValuePath:
			if a := tab.typ.Attribute(e.AttributePath.String()); a != nil {
				walk(e.ValueFilter, a)
			}
		case *filter.LogicalExpression:
			walk(e.Left, within)
			walk(e.Right, within)
		case *filter.NotExpression:
			walk(e.Expression, within)
		}
	}
	walk(e, nil)
	return list
}
