package expression

import "strings"

// spellings tells the slots of attributes by their names as records spell them. It is asked for every attribute
// of every record, with names that hardly ever are others: so it is a table that needs no hash of the whole name.
type spellings struct {
	size    int
	buckets [256][]spelling
}

type spelling struct {
	name  string
	slot  int  // -1 when nothing reads the attribute
	exact bool // spelled as in the expressions
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

// get finds a name; nil when it is not remembered.
func (s *spellings) get(name string) *spelling {
	bucket := s.buckets[bucket(name)]
	for i := range bucket {
		if bucket[i].name == name {
			return &bucket[i]
		}
	}
	return nil
}

// with gives a table that has one name more.
func (s *spellings) with(add spelling) *spellings {
	next := *s
	b := bucket(add.name)
	next.buckets[b] = append(s.buckets[b][:len(s.buckets[b]):len(s.buckets[b])], add)
	next.size++
	return &next
}

// find tells about an attribute as a record spells it. It is safe for concurrent use.
func (s *Scope) find(name string) spelling {
	known := s.spelled.Load()
	if found := known.get(name); found != nil {
		return *found
	}
	found := spelling{name: strings.Clone(name), slot: -1}
	if i, ok := s.slots[strings.ToLower(name)]; ok {
		found.slot, found.exact = i, s.names[i] == name
	}
	if known.size < maxSpellings && len(known.buckets[bucket(name)]) < 32 {
		s.spelled.CompareAndSwap(known, known.with(found))
	}
	return found
}
