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

// twice is the reason for holding a record that came twice.
const twice = "the source gives two records with this ID; an ID must be one record's"

// A Snapshot is what a sink shall have, as one read of a source gave it: compact, so that a million
// people fit a small machine. Records are known by the ID that the source gave them. It is not safe
// for concurrent use.
type Snapshot struct {
	refs   *table // the value of a row is the place of the record's body
	dict   *dictionary
	packer encoder
	bodies arena
	held   map[uint32]Held
	// forward leads from a record of the source to the one with the ExternalID that the mapper gave it.
	forward map[uint32]uint32
	// foreign are the kinds in which it gave another than the source's ID.
	foreign map[Kind]bool
	// blind are the kinds of which a record did not tell its ID, with the reason.
	blind map[Kind]string
	// unmanaged are the kinds that are left alone, with the reason.
	unmanaged map[Kind]string
	read      map[Kind]*Counts
	counted   Kind // the last one that was counted, with its counts
	counting  *Counts
	due       ByRef[time.Time]
}

// NewSnapshot makes an empty snapshot.
func NewSnapshot() *Snapshot {
	s := &Snapshot{
		refs:      newTable(),
		dict:      newDictionary(),
		held:      map[uint32]Held{},
		forward:   map[uint32]uint32{},
		foreign:   map[Kind]bool{},
		blind:     map[Kind]string{},
		unmanaged: map[Kind]string{},
		read:      map[Kind]*Counts{},
	}
	s.packer = encoder{dict: s.dict, ord: s.ord}
	return s
}

// Add adds a mapped record under its ExternalID; its ID, if that is another, is what references call it.
// A second one with the same ExternalID holds both.
func (s *Snapshot) Add(r *Record) error {
	if r.Kind == "" || r.ExternalID == "" {
		return fmt.Errorf("add to snapshot: a record needs a Kind and an ExternalID, this one has %q and %q", r.Kind, r.ExternalID)
	}
	o := s.name(r)
	c := s.count(r.Kind)
	c.Source++
	if s.status(o) != mentioned {
		s.hold(o, twice, "")
		return nil
	}
	s.set(o, wanted)
	place := s.bodies.put(s.packer.encode(r)) // which may give new records rows
	s.refs.rows[o].value = place
	c.Wanted++
	return nil
}

// name gives the ordinal of a mapped record, under both its names.
func (s *Snapshot) name(r *Record) uint32 {
	o := s.ord(Ref{Kind: r.Kind, ID: r.ExternalID})
	if r.ID == "" || r.ID == r.ExternalID {
		return o
	}
	s.foreign[r.Kind] = true
	if source := s.ord(Ref{Kind: r.Kind, ID: r.ID}); source != o {
		if s.status(source) != mentioned {
			s.hold(source, twice, "")
		} else {
			s.forward[source] = o
		}
	}
	return o
}

// Skip notes that a record of the source is out of scope.
func (s *Snapshot) Skip(ref Ref) {
	o := s.ord(ref)
	c := s.count(ref.Kind)
	c.Source++
	if s.status(o) != mentioned {
		s.hold(o, twice, "")
		return
	}
	s.set(o, skipped)
	c.Skipped++
}

// Gone notes that the source says of a record that it is gone.
func (s *Snapshot) Gone(ref Ref) {
	if o := s.ord(ref); s.status(o) == mentioned {
		s.set(o, absent)
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
	if s.status(o) == wanted {
		name = callName(s.record(o))
		s.count(s.refs.kindOf(o)).Wanted--
	}
	s.set(o, held)
	if _, ok := s.held[o]; !ok {
		key := s.key(o)
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

// Get gives a wanted record, by its ID in the source.
func (s *Snapshot) Get(ref Ref) (*Record, bool) {
	o, ok := s.find(ref)
	if !ok || s.status(o) != wanted {
		return nil, false
	}
	return s.record(o), true
}

// Records gives the wanted records of a kind, in the order in which they were first mentioned.
func (s *Snapshot) Records(kind Kind) iter.Seq[*Record] {
	return func(yield func(*Record) bool) {
		for o := range uint32(s.size()) {
			if s.status(o) == wanted && s.refs.kindOf(o) == kind && !yield(s.record(o)) {
				return
			}
		}
	}
}

// noteDue remembers the next moment at which a record changes by itself.
func (s *Snapshot) noteDue(ref Ref, at time.Time) { s.due.Set(ref, at) }

func (s *Snapshot) count(k Kind) *Counts {
	if s.counting != nil && s.counted == k {
		return s.counting
	}
	c := s.read[k]
	if c == nil {
		c = &Counts{}
		s.read[k] = c
	}
	s.counted, s.counting = k, c
	return c
}
