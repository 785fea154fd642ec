package provisioning

import "slices"

// ord gives the ordinal of a record of the source by its ID there, which it gets when it is first mentioned.
func (s *Snapshot) ord(ref Ref) uint32 { return s.refs.ord(ref) }

// external gives the ordinal of a record by its ExternalID, which a record of the sink carries. The next one may well be that of
// the next row.
func (s *Snapshot) external(ref Ref) uint32 {
	return s.externalPacked(ref.Kind, s.refs.pack(s.externalRef(ref)))
}

// externalRef gives what the row of an ExternalID is called by.
func (s *Snapshot) externalRef(ref Ref) Ref {
	if len(s.foreign) == 0 || !s.foreign[ref.Kind] {
		return ref
	}
	return s.aside(ref)
}

func (s *Snapshot) externalPacked(kind Kind, p packed) uint32 {
	x := s.refs.follow(p)
	if len(s.foreign) == 0 || !s.foreign[kind] {
		return x
	}
	if o, ok := s.owners[x]; ok {
		return o
	}
	return x
}

func (s *Snapshot) status(o uint32) status { return s.refs.rows[o].status }

func (s *Snapshot) set(o uint32, now status) { s.refs.rows[o].status = now }

func (s *Snapshot) find(ref Ref) (uint32, bool) { return s.refs.find(ref) }

// findExternal is find by the ExternalID.
func (s *Snapshot) findExternal(ref Ref) (uint32, bool) {
	x, ok := s.refs.find(s.externalRef(ref))
	if !s.foreign[ref.Kind] {
		return x, ok
	}
	if o, is := s.owners[x]; ok && is {
		return o, true
	}
	return x, ok
}

func (s *Snapshot) size() int { return len(s.refs.rows) }

// key gives what a record is called by in a plan: its ExternalID where that is known, else the source's ID.
func (s *Snapshot) key(o uint32) Ref {
	if x, ok := s.names[o]; ok {
		o = x
	}
	ref := s.refs.key(o)
	ref.Kind = plainKind(ref.Kind)
	return ref
}

// called reports whether an ExternalID is that of a wanted record, without unpacking anything.
func (s *Snapshot) called(o uint32, ref Ref) bool {
	if x, ok := s.names[o]; ok {
		return s.refs.called(x, s.aside(ref))
	}
	return s.refs.called(o, ref)
}

func (s *Snapshot) kindOf(o uint32) Kind { return plainKind(s.refs.kindOf(o)) }

// besides marks the kind of a row that stands for an ExternalID, in a kind whose mapper gives others than the source's IDs, so
// that one's ExternalID is never taken for another's ID.
const besides = "\x00"

// aside gives what the row of an ExternalID is called by.
func (s *Snapshot) aside(ref Ref) Ref {
	kind, ok := s.asides[ref.Kind]
	if !ok {
		kind = ref.Kind + besides
		s.asides[ref.Kind] = kind
	}
	return Ref{Kind: kind, ID: ref.ID}
}

func plainKind(k Kind) Kind {
	if n := len(k) - len(besides); n >= 0 && k[n:] == besides {
		return k[:n]
	}
	return k
}

func (s *Snapshot) open(o uint32) body {
	return body{dict: s.dict, b: s.bodies.at(s.refs.rows[o].value)}
}

// record unpacks a wanted record.
func (s *Snapshot) record(o uint32) *Record {
	b := s.open(o)
	r := b.decode(s.key)
	key := s.key(o)
	r.Kind, r.ExternalID = key.Kind, key.ID
	return r
}

func (s *Snapshot) flags(o uint32) byte { return s.bodies.at(s.refs.rows[o].value)[0] }

// hasRefs reports whether references of a wanted record are managed.
func (s *Snapshot) hasRefs(o uint32) bool { return s.flags(o)&flagRefs != 0 }

func (s *Snapshot) isDisabled(o uint32) bool { return s.flags(o)&flagDisabled != 0 }

// same reports whether have is as the wanted record in its attributes and its ExternalID, if it has one. Names for
// which leave is true are not compared.
func (s *Snapshot) same(o uint32, have *Record, leave map[string]bool) bool {
	b := s.open(o)
	return b.same(have.Attributes, leave)
}

// values gives the values of one attribute of a wanted record.
func (s *Snapshot) values(o uint32, name string) []string {
	want, ok := s.dict.names[name]
	if !ok {
		return nil
	}
	b := s.open(o)
	b.head()
	for range b.uint() {
		number, n := b.attribute()
		if number != want {
			b.skip(n)
			continue
		}
		values := make([]string, n)
		for i := range values {
			values[i] = b.string()
		}
		return values
	}
	return nil
}

// eachRefs calls do with the ordinals under each name of references of a wanted record, sorted and each once. The
// slice is used again.
func (s *Snapshot) eachRefs(o uint32, buf []uint32, do func(name uint32, ords []uint32)) []uint32 {
	b := s.open(o)
	if flags, _, _ := b.head(); flags&flagRefs == 0 {
		return buf
	}
	b.at = b.refs
	for range b.uint() {
		name := uint32(b.uint())
		buf = buf[:0]
		for range b.uint() {
			buf = append(buf, uint32(b.uint()))
		}
		slices.Sort(buf)
		buf = slices.Compact(buf)
		do(name, buf)
	}
	return buf
}
