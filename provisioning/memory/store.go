package memory

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ilumy/usersync/provisioning"
)

// Options change what a [Store] accepts. The zero value is the default.
type Options struct {
	// Kinds are the kinds it has. Default: User and Group.
	Kinds []provisioning.Kind
	// Unique are the names of attributes whose values must be unique within a kind, whatever their case.
	Unique []string
	// NewID names the nth record that is created. Default: the kind in lower case, a dash and n.
	NewID func(kind provisioning.Kind, n int) provisioning.ID
	// Cut breaks every read before its nth record, for tests; zero never does.
	Cut int
	// Fault, when set, is asked around every write and read of the sink. See [Fault].
	Fault Fault
}

// A Store holds records in memory. It is safe for concurrent use.
type Store struct {
	opts    Options
	mu      sync.RWMutex
	records map[provisioning.Ref]*provisioning.Record
	order   map[provisioning.Kind][]provisioning.ID
	unique  map[uniqueKey]provisioning.ID
	version int
	created int
	epoch   int
	history []provisioning.Ref
}

type uniqueKey struct {
	kind        provisioning.Kind
	name, value string
}

// New makes an empty store.
func New(opts *Options) *Store {
	s := &Store{
		records: map[provisioning.Ref]*provisioning.Record{},
		order:   map[provisioning.Kind][]provisioning.ID{},
		unique:  map[uniqueKey]provisioning.ID{},
	}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Kinds == nil {
		s.opts.Kinds = []provisioning.Kind{provisioning.User, provisioning.Group}
	}
	if s.opts.NewID == nil {
		s.opts.NewID = func(kind provisioning.Kind, n int) provisioning.ID {
			return provisioning.ID(fmt.Sprintf("%s-%d", strings.ToLower(string(kind)), n))
		}
	}
	return s
}

// Put adds records, or replaces those of the same Kind and ID, as the people who keep a directory do. It
// panics when a record has no ID, which is a mistake in the caller's program.
func (s *Store) Put(records ...*provisioning.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if r.ID == "" {
			panic("memory: Put of a record without an ID")
		}
		s.put(r.Clone())
	}
}

// Remove takes records away.
func (s *Store) Remove(refs ...provisioning.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range refs {
		s.remove(ref)
	}
}

// Get gives a copy of a record, and whether it is there.
func (s *Store) Get(ref provisioning.Ref) (*provisioning.Record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r, ok := s.records[ref]
	return r.Clone(), ok
}

// Len counts the records of a kind.
func (s *Store) Len(kind provisioning.Kind) int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.order[kind])
}

// put stores r as it is; the caller holds the lock.
func (s *Store) put(r *provisioning.Record) {
	ref := r.Ref()
	if old, ok := s.records[ref]; ok {
		s.index(old, false)
	} else {
		s.order[ref.Kind] = append(s.order[ref.Kind], ref.ID)
	}
	s.version++
	r.Version = fmt.Sprint(s.version)
	s.records[ref] = r
	s.index(r, true)
	s.history = append(s.history, ref)
}

func (s *Store) remove(ref provisioning.Ref) {
	old, ok := s.records[ref]
	if !ok {
		return
	}
	s.index(old, false)
	delete(s.records, ref)
	ids := s.order[ref.Kind]
	i := slices.Index(ids, ref.ID)
	s.order[ref.Kind] = slices.Delete(slices.Clone(ids), i, i+1)
	s.history = append(s.history, ref)
	// References to a record that is gone go with it, as in every directory, and that changes those who had them.
	for _, r := range s.records {
		for name, refs := range r.Refs {
			if slices.Contains(refs, ref) {
				c := r.Clone()
				c.Refs[name] = slices.DeleteFunc(c.Refs[name], func(x provisioning.Ref) bool { return x == ref })
				s.put(c)
				r = c
			}
		}
	}
}

// index adds the values of r that must be unique, or takes them away.
func (s *Store) index(r *provisioning.Record, add bool) {
	for _, k := range s.keys(r) {
		if add {
			s.unique[k] = r.ID
		} else if s.unique[k] == r.ID {
			delete(s.unique, k)
		}
	}
}

// keys gives the values of r that must be unique.
func (s *Store) keys(r *provisioning.Record) []uniqueKey {
	var keys []uniqueKey
	if r.ExternalID != "" {
		keys = append(keys, uniqueKey{r.Kind, provisioning.ByExternalID, string(r.ExternalID)})
	}
	for _, name := range s.opts.Unique {
		for _, v := range r.Attributes[name] {
			keys = append(keys, uniqueKey{r.Kind, name, strings.ToLower(v)})
		}
	}
	return keys
}

// conflict gives an error when another record has a value that must be unique.
func (s *Store) conflict(r *provisioning.Record) error {
	for _, k := range s.keys(r) {
		if id, ok := s.unique[k]; ok && id != r.ID {
			return fmt.Errorf("%w: %s/%s has the same %s", provisioning.ErrExists, r.Kind, id, k.name)
		}
	}
	return nil
}
