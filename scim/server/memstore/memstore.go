// Package memstore keeps SCIM resources in memory: the reference [server.Store], for tests and for services
// that keep their resources elsewhere.
//
// Look-ups by id, by externalId, by what must be unique and by a member are done by index, and so are those by another
// attribute once somebody has asked for one of its values. The members of a group
// are kept apart from it, so that one more costs the same in a group of any size. Users have the groups they are
// in.
package memstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// Options are what a [Store] does otherwise than by default.
type Options struct {
	// Indexed are paths of attributes to look up by besides externalId and those that are unique, as
	// "emails.value". A type that does not have one is not indexed by it.
	Indexed []string
	// NewID gives the id of a new resource, which must never have been given before. Nil is a random UUID.
	NewID func() string
}

// A Store keeps the resources of one tenant in memory. It is safe for concurrent use.
type Store struct {
	options Options

	mu     sync.RWMutex
	tables map[string]*table
	// memberOf has the groups that have a value as member.
	memberOf map[string]map[*entry]bool
}

// New makes an empty Store.
func New(o *Options) *Store {
	s := &Store{tables: map[string]*table{}, memberOf: map[string]map[*entry]bool{}}
	if o != nil {
		s.options = *o
	}
	if s.options.NewID == nil {
		s.options.NewID = newUUID
	}
	return s
}

// newUUID gives a random UUID (RFC 9562 section 5.4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // it never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// table gives the table of a type, to read; nil if nothing was ever created in it.
func (s *Store) table(t *scim.ResourceType) *table { return s.tables[t.Name()] }

// entry gives what is kept under an id.
func (s *Store) entry(t *scim.ResourceType, id string) (*entry, error) {
	if tab := s.table(t); tab != nil {
		if e := tab.entries[id]; e != nil {
			return e, nil
		}
	}
	return nil, scim.Errorf(scim.ErrNotFound, "there is no %s with this id", t.Name())
}

// Get gives one resource.
func (s *Store) Get(_ context.Context, t *scim.ResourceType, id string, p *scim.Projection) (*scim.Resource, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, err := s.entry(t, id)
	if err != nil {
		return nil, err
	}
	return s.whole(e, p), nil
}

// Create keeps a new resource under a new id.
func (s *Store) Create(_ context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	id, now := s.options.NewID(), time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	tab := s.table(t)
	if tab == nil {
		tab = newTable(t, s.options.Indexed)
		s.tables[t.Name()] = tab
	}
	if err := tab.checkUnique(r, nil); err != nil {
		return nil, err
	}
	e := &entry{table: tab, id: id, created: now}
	if tab.members != nil {
		e.members = newMemberSet(tab.members, r.GetValues(tab.members.Name))
		r.Delete(tab.members.Name)
	}
	if tab.groups {
		r.Delete("groups")
	}
	r.SetID(id)
	tab.insert(e)
	s.store(e, r, now)
	for v := range e.members.all() {
		s.join(v, e)
	}
	return s.whole(e, nil), nil
}

// Replace keeps r in place of the resource with its id.
func (s *Store) Replace(_ context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.entry(t, r.ID())
	if err != nil {
		return nil, err
	}
	if err := e.check(ifVersion); err != nil {
		return nil, err
	}
	if err := e.table.checkUnique(r, e); err != nil {
		return nil, err
	}
	if a := e.table.members; a != nil {
		s.setMembers(e, newMemberSet(a, r.GetValues(a.Name)))
		r.Delete(a.Name)
	}
	if e.table.groups {
		r.Delete("groups")
	}
	s.store(e, r, time.Now())
	return s.whole(e, nil), nil
}

// Delete removes a resource, from its groups too.
func (s *Store) Delete(_ context.Context, t *scim.ResourceType, id, ifVersion string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.entry(t, id)
	if err != nil {
		return err
	}
	if err := e.check(ifVersion); err != nil {
		return err
	}
	if e.members != nil {
		s.setMembers(e, nil)
	}
	now := time.Now()
	for group := range s.memberOf[id] {
		group.members.remove(id)
		s.touch(group, now)
	}
	delete(s.memberOf, id)
	e.table.remove(e)
	return nil
}

// store puts r in the entry as its next version. It must have been checked, and have no members.
func (s *Store) store(e *entry, r *scim.Resource, now time.Time) {
	e.version++
	r.SetMeta(scim.Meta{ResourceType: e.table.typ.Name(), Created: e.created, LastModified: now, Version: e.tag()})
	e.table.reindex(e, r)
	e.resource.Store(r)
	e.whole.Store(nil)
}

// touch makes a new version of an entry whose members changed.
func (s *Store) touch(e *entry, now time.Time) {
	old := e.resource.Load()
	s.store(e, shallow(old), now)
}

var _ server.Patcher = (*Store)(nil)
