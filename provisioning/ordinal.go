package provisioning

import "slices"

// ord gives the ordinal of a record of the source, which it gets when it is first mentioned.
func (s *Snapshot) ord(ref Ref) uint32 {
	o := s.refs.ord(ref)
	for uint32(len(s.status)) <= o {
		s.status = append(s.status, mentioned)
		s.body = append(s.body, 0)
	}
	return s.resolve(o)
}

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

func (s *Snapshot) size() int { return len(s.status) }

func (s *Snapshot) key(o uint32) Ref { return s.refs.key(s.resolve(o)) }

func (s *Snapshot) open(o uint32) body { return body{dict: s.dict, b: s.bodies.at(s.body[o])} }

// record unpacks a wanted record.
func (s *Snapshot) record(o uint32) *Record {
	b := s.open(o)
	r := b.decode(s.key)
	key := s.key(o)
	r.Kind, r.ExternalID = key.Kind, key.ID
	return r
}

func (s *Snapshot) flags(o uint32) byte { return s.bodies.at(s.body[o])[0] }

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
		number, n := uint32(b.uint()), b.uint()
		if number != want {
			for range n {
				b.value()
			}
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
	b.skipAttributes()
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
