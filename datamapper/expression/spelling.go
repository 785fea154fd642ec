package expression

import "strings"

// spellings tells the slots of attributes by their names as records spell them. It is asked for every attribute
// of every record, with names that hardly ever are others: so it is a table that needs no hash of the whole name.
type spellings struct {
	size    int
	buckets [256][]spelling
}

type spelling struct {
	name string
	slot int // -1 when nothing reads the attribute
}

// maxSpellings bounds how many names are remembered.
const maxSpellings = 4096

func bucket(name string) uint8 {
	n := len(name)
	if n == 0 {
		return 0
	}
	return uint8(n)*31 ^ name[0]*7 ^ name[n-1] ^ name[n/2]*3
}

func (s *spellings) get(name string) (int, bool) {
	for i := range s.buckets[bucket(name)] {
		if e := &s.buckets[bucket(name)][i]; e.name == name {
			return e.slot, true
		}
	}
	return -1, false
}

// with gives a table that has one name more.
func (s *spellings) with(name string, slot int) *spellings {
	next := *s
	b := bucket(name)
	next.buckets[b] = append(s.buckets[b][:len(s.buckets[b]):len(s.buckets[b])], spelling{strings.Clone(name), slot})
	next.size++
	return &next
}

// find gives the slot of an attribute as a record spells it, or -1. It is safe for concurrent use.
func (s *Scope) find(name string) int {
	known := s.spelled.Load()
	if i, ok := known.get(name); ok {
		return i
	}
	i, ok := s.slots[strings.ToLower(name)]
	if !ok {
		i = -1
	}
	if known.size < maxSpellings && len(known.buckets[bucket(name)]) < 32 {
		s.spelled.CompareAndSwap(known, known.with(name, i))
	}
	return i
}
