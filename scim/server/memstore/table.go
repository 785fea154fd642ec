package memstore

import (
	"strconv"
	"sync/atomic"
	"time"

	"github.com/ilumy/usersync/scim"
)

// A table has the resources of one type.
type table struct {
	typ     *scim.ResourceType
	entries map[string]*entry
	// order has the entries in the order of their creation. It is only appended to, and those that are deleted
	// stay in it with no resource until it is made anew; so whoever has it can read it without a lock.
	order []*entry
	holes int
	seq   uint64

	unique  []index
	lookups []index
	// learned is how many of the look-ups were made because somebody asked for them.
	learned int
	// members is the attribute that is kept apart; nil for types without.
	members *scim.Attribute
	// groups says that resources have the groups they are in.
	groups bool
}

// An entry is one resource. What is under a lock is not changed without it; the resources are read without.
type entry struct {
	table   *table
	id      string
	seq     uint64
	place   int // in order
	version uint64
	created time.Time
	// resource is what is stored, without members and groups. It is replaced, never changed.
	resource atomic.Pointer[scim.Resource]
	// whole is the resource with its members, once somebody has asked for it.
	whole   atomic.Pointer[scim.Resource]
	members *memberSet
}

func newTable(t *scim.ResourceType, indexed []string) *table {
	tab := &table{typ: t, entries: map[string]*entry{}}
	if a := t.Attribute("members"); a != nil && a.Parent() == nil && a.MultiValued && a.Sub("value") != nil {
		tab.members = a
	}
	if a := t.Attribute("groups"); a != nil && a.MultiValued && a.Mutability == scim.ReadOnly && a.Sub("value") != nil {
		tab.groups = true
	}
	for _, a := range t.Unique() {
		tab.unique = append(tab.unique, newIndex(a, 0))
	}
	for _, path := range append([]string{"externalId"}, indexed...) {
		a := t.Attribute(path)
		if a == nil || a.Type == scim.Complex || a.Parent() != nil && a.Parent() == tab.members || tab.index(a) != nil {
			continue
		}
		tab.lookups = append(tab.lookups, newIndex(a, 0))
	}
	return tab
}

// checkUnique looks for another entry than e that has a value of r which must be unique.
func (tab *table) checkUnique(r *scim.Resource, e *entry) error {
	for _, x := range tab.unique {
		for _, v := range x.attribute.Values(r) {
			for _, other := range x.entries[x.attribute.Key(v)] {
				if other != e {
					return scim.Errorf(scim.ErrUniqueness, "another %s has this %s", tab.typ.Name(), x.attribute.Path())
				}
			}
		}
	}
	return nil
}

// insert enters a new entry.
func (tab *table) insert(e *entry) {
	tab.seq++
	e.seq = tab.seq
	tab.entries[e.id] = e
	e.place = len(tab.order)
	tab.order = append(tab.order, e)
}

// remove takes an entry out.
func (tab *table) remove(e *entry) {
	tab.reindex(e, nil)
	e.resource.Store(nil)
	e.whole.Store(nil)
	delete(tab.entries, e.id)
	if tab.holes++; tab.holes > 64 && tab.holes > len(tab.order)/2 {
		order := make([]*entry, 0, len(tab.entries))
		for _, e := range tab.order {
			if e.resource.Load() != nil {
				e.place = len(order)
				order = append(order, e)
			}
		}
		tab.order, tab.holes = order, 0
	}
}

// tag is the version as an entity tag.
func (e *entry) tag() string { return `W/"` + strconv.FormatUint(e.version, 10) + `"` }

// check compares the version with that which the client has.
func (e *entry) check(ifVersion string) error {
	if ifVersion != "" && ifVersion != e.tag() {
		return scim.Errorf(scim.ErrVersion, "the resource has version %s now", e.tag())
	}
	return nil
}

// shallow gives a copy of r that can be given other members, but shares their values.
func shallow(r *scim.Resource) *scim.Resource {
	members := make([]scim.Member, 0, r.Len()+2)
	for name, v := range r.All() {
		members = append(members, scim.Member{Name: name, Value: v})
	}
	return &scim.Resource{Object: *scim.NewObject(members...)}
}
