package provisioning

import "slices"

// ord gives the ordinal of a record of the source, which it gets when it is first mentioned.
func (s *Snapshot) ord(ref Ref) uint32 { return s.resolve(s.refs.ord(ref)) }

// follow is ord for a record that may well be the next one.
func (s *Snapshot) follow(ref Ref) uint32 { return s.resolve(s.refs.follow(ref)) }

func (s *Snapshot) status(o uint32) status { return s.refs.rows[o].status }

func (s *Snapshot) set(o uint32, now status) { s.refs.rows[o].status = now }

func (s *Snapshot) find(ref Ref) (uint32, bool) {
	o, ok := s.refs.find(ref)
	return s.resolve(o), ok
}

// resolve follows the ExternalID that the mapper gave a record.
func (s *Snapshot) resolve(o uint32) uint32 {
	if len(s.forward) > 0 {
		if to, ok := s.forward[o]; ok {
			return to
		}
	}
	return o
}

func (s *Snapshot) size() int { return len(s.refs.rows) }

func (s *Snapshot) key(o uint32) Ref { return s.refs.key(s.resolve(o)) }

// called reports whether ref is what a record is called by, without unpacking that.
func (s *Snapshot) called(o uint32, ref Ref) bool { return s.refs.called(s.resolve(o), ref) }

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
			buf = append(buf, s.resolve(uint32(b.uint())))
		}
		slices.Sort(buf)
		buf = slices.Compact(buf)
		do(name, buf)
	}
	return buf
}
