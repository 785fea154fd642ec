package provisioning

import (
	"fmt"
	"iter"
	"time"
)

// A status is what a Snapshot knows of a record of the source.
type status uint8

const (
	mentioned status = iota // only referred to
	wanted                  // the sink shall have it
	skipped                 // out of scope
	absent                  // the source says that it is gone
	held                    // nothing is known for sure, so nothing is done
)

// A Snapshot is what a sink shall have, as one read of a source gave it: compact, so that a million
// people fit a small machine. Records are known by the ID that the source gave them. It is not safe
// for concurrent use.
type Snapshot struct {
	index   map[Ref]uint32
	keys    []Ref
	status  []status
	records map[uint32]*Record
	held    map[uint32]Held
	// blind are the kinds of which a record did not tell its ID, with the reason.
	blind map[Kind]string
	read  map[Kind]*Counts
	// unmanaged are the kinds that are left alone, with the reason.
	unmanaged map[Kind]string
	// foreign are the kinds in which the mapper gave another ExternalID than the source's ID.
	foreign map[Kind]bool
	due     ByRef[time.Time]
}

// NewSnapshot makes an empty snapshot.
func NewSnapshot() *Snapshot {
	return &Snapshot{
		index:     map[Ref]uint32{},
		records:   map[uint32]*Record{},
		held:      map[uint32]Held{},
		blind:     map[Kind]string{},
		read:      map[Kind]*Counts{},
		unmanaged: map[Kind]string{},
		foreign:   map[Kind]bool{},
	}
}

// Add adds a mapped record under its ExternalID; its ID, if that is another, is what references call it.
// A second one with the same ID holds both. The snapshot owns the record then.
func (s *Snapshot) Add(r *Record) error {
	if r.Kind == "" || r.ExternalID == "" {
		return fmt.Errorf("add to snapshot: a record needs a Kind and an ExternalID, this one has %q and %q", r.Kind, r.ExternalID)
	}
	o := s.name(r)
	c := s.count(r.Kind)
	c.Source++
	if s.status[o] != mentioned {
		s.hold(o, "the source gives two records with this ID; an ID must be one record's", "")
		return nil
	}
	s.status[o] = wanted
	s.records[o] = r
	c.Wanted++
	return nil
}

// name gives the ordinal of a mapped record, under both its names.
func (s *Snapshot) name(r *Record) uint32 {
	external := Ref{Kind: r.Kind, ID: r.ExternalID}
	if r.ID == "" || r.ID == r.ExternalID {
		return s.ord(external)
	}
	s.foreign[r.Kind] = true
	o := s.ord(Ref{Kind: r.Kind, ID: r.ID})
	if other, ok := s.index[external]; ok && other != o {
		if s.status[o] == mentioned {
			s.index[Ref{Kind: r.Kind, ID: r.ID}] = other
		}
		return other
	}
	s.index[external] = o
	s.keys[o] = external
	return o
}

// Skip notes that a record of the source is out of scope.
func (s *Snapshot) Skip(ref Ref) {
	o := s.ord(ref)
	c := s.count(ref.Kind)
	c.Source++
	if s.status[o] != mentioned {
		s.hold(o, "the source gives two records with this ID; an ID must be one record's", "")
		return
	}
	s.status[o] = skipped
	c.Skipped++
}

// Gone notes that the source says of a record that it is gone.
func (s *Snapshot) Gone(ref Ref) {
	if o := s.ord(ref); s.status[o] == mentioned {
		s.status[o] = absent
	}
}

// Hold notes a record about which nothing is known for sure, so that nothing becomes of it. With an empty ID no
// record of its kind can be proved gone.
func (s *Snapshot) Hold(ref Ref, reason, where string) {
	s.count(ref.Kind).Source++
	if ref.ID == "" {
		if where != "" {
			reason = where + ": " + reason
		}
		s.blind[ref.Kind] = reason
		return
	}
	s.hold(s.ord(ref), reason, where)
}

func (s *Snapshot) hold(o uint32, reason, where string) {
	name := ""
	if s.status[o] == wanted {
		name = callName(s.records[o])
		s.count(s.keys[o].Kind).Wanted--
		delete(s.records, o)
	}
	s.status[o] = held
	if _, ok := s.held[o]; !ok {
		key := s.keys[o]
		s.held[o] = Held{Link: Link{Kind: key.Kind, Source: key.ID}, Name: name, Reason: reason, Where: where}
	}
}

// call gives a name to a record that is held.
func (s *Snapshot) call(ref Ref, name string) {
	o := s.ord(ref)
	if h, ok := s.held[o]; ok && h.Name == "" {
		h.Name = name
		s.held[o] = h
	}
}

// Complete notes that a kind was read to its end.
func (s *Snapshot) Complete(kind Kind) { s.count(kind).Complete = true }

// Len counts the wanted records of a kind.
func (s *Snapshot) Len(kind Kind) int { return s.count(kind).Wanted }

// Get gives a copy of a wanted record, by its ID in the source.
func (s *Snapshot) Get(ref Ref) (*Record, bool) {
	o, ok := s.index[ref]
	if !ok || s.status[o] != wanted {
		return nil, false
	}
	return s.record(o), true
}

// Records gives copies of the wanted records of a kind, in the order in which they were added.
func (s *Snapshot) Records(kind Kind) iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for o := range s.keys {
			if s.status[o] == wanted && s.keys[o].Kind == kind && !yield(s.record(uint32(o))) {
				return
			}
		}
	}
}

// noteDue remembers the next moment at which a record changes by itself.
func (s *Snapshot) noteDue(ref Ref, at time.Time) { s.due.Set(ref, at) }

func (s *Snapshot) count(k Kind) *Counts {
	c := s.read[k]
	if c == nil {
		c = &Counts{}
		s.read[k] = c
	}
	return c
}

// ord gives the ordinal of a record of the source, which it gets when it is first mentioned.
func (s *Snapshot) ord(ref Ref) uint32 {
	o, ok := s.index[ref]
	if !ok {
		o = uint32(len(s.keys))
		s.index[ref] = o
		s.keys = append(s.keys, ref)
		s.status = append(s.status, mentioned)
	}
	return o
}

func (s *Snapshot) find(ref Ref) (uint32, bool) {
	o, ok := s.index[ref]
	return o, ok
}

func (s *Snapshot) size() int { return len(s.keys) }

func (s *Snapshot) key(o uint32) Ref { return s.keys[o] }

// record gives a copy of a wanted record.
func (s *Snapshot) record(o uint32) *Record { return s.records[o].Clone() }

// hasRefs reports whether references of a wanted record are managed.
func (s *Snapshot) hasRefs(o uint32) bool { return len(s.records[o].Refs) > 0 }

// same reports whether have is as the wanted record in its attributes and its ExternalID, if it has one. Names for
// which leave is true are not compared.
func (s *Snapshot) same(o uint32, have *Record, leave map[string]bool) bool {
	w := s.records[o]
	if have.ExternalID != "" && have.ExternalID != w.ExternalID {
		return false
	}
	for name, values := range w.Attributes {
		if !leave[name] && !sameSet(values, have.Attributes[name]) {
			return false
		}
	}
	return true
}

func (s *Snapshot) isDisabled(o uint32) bool { return s.records[o].Disabled }

// values gives the values of one attribute of a wanted record.
func (s *Snapshot) values(o uint32, name string) []string { return s.records[o].Attributes[name] }
