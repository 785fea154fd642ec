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

// alike is the reason for holding records to which the mapper gave one ExternalID.
const alike = "the mapping gives another record the same ExternalID, which must be one record's"

// A Snapshot is what a sink shall have, as one read of a source gave it: compact, so that a million
// people fit a small machine. Records are known by the ID that the source gave them. It is not safe
// for concurrent use.
type Snapshot struct {
	refs   *table // the value of a row is the place of the record's body
	dict   *dictionary
	packer encoder
	bodies arena
	held   map[uint32]Held
	// foreign are the kinds in which the mapper gives other ExternalIDs than the source's IDs. Their ExternalIDs have rows of
	// their own: owners leads from these to the records, names from the records to these.
	foreign map[Kind]bool
	owners  map[uint32]uint32
	names   map[uint32]uint32
	asides  map[Kind]Kind
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
		foreign:   map[Kind]bool{},
		owners:    map[uint32]uint32{},
		names:     map[uint32]uint32{},
		asides:    map[Kind]Kind{},
		blind:     map[Kind]string{},
		unmanaged: map[Kind]string{},
		read:      map[Kind]*Counts{},
	}
	s.packer = encoder{dict: s.dict, ord: s.refs.referred}
	return s
}

// Add adds a mapped record. Its ID is what references call it, and its ExternalID what the sink does; without an ID they are
// the same. A second one with the same ID or ExternalID holds both.
func (s *Snapshot) Add(r *Record) error {
	if r.Kind == "" || r.ExternalID == "" {
		return fmt.Errorf("add to snapshot: a record needs a Kind and an ExternalID, this one has %q and %q", r.Kind, r.ExternalID)
	}
	id := r.ID
	if id == "" {
		id = r.ExternalID
	}
	o := s.ord(Ref{Kind: r.Kind, ID: id})
	c := s.count(r.Kind)
	if id != r.ExternalID && !s.foreign[r.Kind] {
		s.setForeign(r.Kind)
	}
	if s.status(o) != mentioned {
		s.hold(o, twice, "")
		if s.foreign[r.Kind] {
			s.own(o, r.ExternalID) // It is held under both.
		}
		return nil
	}
	c.Source++
	if s.foreign[r.Kind] && !s.name(o, r.ExternalID) {
		s.call(Ref{Kind: r.Kind, ID: id}, callName(r))
		return nil
	}
	s.set(o, wanted)
	place := s.bodies.put(s.packer.encode(r)) // which may give new records rows
	s.refs.rows[o].value = place
	c.Wanted++
	return nil
}

// setForeign notes that the mapper gives ExternalIDs of its own to a kind. Those that it gave so far are the source's IDs.
func (s *Snapshot) setForeign(kind Kind) {
	s.foreign[kind] = true
	for o := range uint32(s.size()) {
		if s.status(o) == wanted && s.refs.kindOf(o) == kind {
			s.name(o, s.refs.key(o).ID)
		}
	}
}

// own has the row of an ExternalID lead to a record, unless it leads to another.
func (s *Snapshot) own(o uint32, external ID) {
	x := s.refs.ord(s.aside(Ref{Kind: s.refs.kindOf(o), ID: external}))
	if _, ok := s.owners[x]; !ok {
		s.owners[x] = o
	}
}

// name gives a record its ExternalID. Two must not have the same, so both are held then, and it reports false.
func (s *Snapshot) name(o uint32, external ID) bool {
	x := s.refs.ord(s.aside(Ref{Kind: s.refs.kindOf(o), ID: external}))
	s.names[o] = x
	if other, ok := s.owners[x]; ok && other != o {
		s.holdAlike(other, o)
		s.holdAlike(o, other)
		return false
	}
	s.owners[x] = o
	return true
}

// Skip notes that a record of the source is out of scope.
func (s *Snapshot) Skip(ref Ref) {
	o := s.ord(ref)
	c := s.count(ref.Kind)
	if s.status(o) != mentioned {
		s.hold(o, twice, "")
		return
	}
	c.Source++
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
	if ref.ID == "" || s.status(s.ord(ref)) == mentioned {
		s.count(ref.Kind).Source++ // each once
	}
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
		s.count(s.kindOf(o)).Wanted--
	}
	s.set(o, held)
	if _, ok := s.held[o]; !ok {
		key := s.key(o)
		s.held[o] = Held{Link: Link{Kind: key.Kind, Source: key.ID}, Name: name, Reason: reason, Where: where}
	}
}

// holdAlike holds a record to which the mapper gave the ExternalID of another, which is named by its ID in the source.
func (s *Snapshot) holdAlike(o, other uint32) {
	s.hold(o, alike, "")
	h, with := s.held[o], s.refs.key(other)
	if len(h.With) < mostRivals {
		h.With = append(h.With, Link{Kind: with.Kind, Source: with.ID})
		s.held[o] = h
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
