package provisioning

import (
	"slices"
	"strings"
)

// A dictionary keeps the names of attributes, and the values that come again and again, once.
type dictionary struct {
	names  map[string]uint32
	called []string
	stats  []nameStats
	values []string
	// refs are the numbers of the first names that references have, as a rule of all.
	refs []uint32
}

// nameStats says of one attribute whether its values are worth keeping.
type nameStats struct {
	ids        map[string]uint32
	seen, hits int
	// recent are the numbers plus one of values that came lately, by what tells most of them apart: looking there first costs
	// a fraction of asking the map. It is nil until one came again.
	recent *[64]uint32
	unique bool // they hardly ever come again
}

const (
	dictionaryTry  = 2048 // so many values are tried before an attribute is judged
	dictionaryMost = 8192 // values of one attribute
	dictionaryLong = 256  // bytes of a value
	dictionaryRefs = 8    // names of references
)

func newDictionary() *dictionary { return &dictionary{names: map[string]uint32{}} }

// name gives the number of a name.
func (d *dictionary) name(name string) uint32 {
	n, ok := d.names[name]
	if !ok {
		n = uint32(len(d.called))
		name = strings.Clone(name)
		d.names[name] = n
		d.called = append(d.called, name)
		d.stats = append(d.stats, nameStats{ids: map[string]uint32{}})
	}
	return n
}

// refName is name for one that references have.
func (d *dictionary) refName(name string) uint32 {
	n := d.name(name)
	if len(d.refs) < dictionaryRefs && !slices.Contains(d.refs, n) {
		d.refs = append(d.refs, n)
	}
	return n
}

// eachRefs calls do for every name of refs, with its number if it has one. The first names are looked up, for that costs less than
// ranging over a map of one or two.
func (d *dictionary) eachRefs(refs Refs, do func(name string, number uint32, known bool, to []Ref)) {
	left := len(refs)
	first := d.refs
	for _, number := range first {
		if to, ok := refs[d.called[number]]; ok {
			do(d.called[number], number, true, to)
			left--
		}
	}
	if left == 0 {
		return
	}
	for name, to := range refs {
		if number, ok := d.names[name]; !ok || !slices.Contains(first, number) {
			do(name, number, ok, to)
		}
	}
}

// value gives the number of a value, if it is kept.
func (d *dictionary) value(name uint32, v string) (uint32, bool) {
	s := &d.stats[name]
	if s.unique || len(v) > dictionaryLong {
		return 0, false
	}
	s.seen++
	at := sketch(v) % uint8(len(s.recent))
	if s.recent != nil {
		if id := s.recent[at]; id != 0 && d.values[id-1] == v {
			s.hits++
			return id - 1, true
		}
	}
	id, ok := s.ids[v]
	if ok {
		s.hits++
		if s.recent == nil {
			s.recent = new([64]uint32)
		}
		s.recent[at] = id + 1
		return id, true
	}
	if s.seen >= dictionaryTry && s.hits*2 < s.seen {
		s.unique, s.ids = true, nil
		return 0, false
	}
	if len(s.ids) >= dictionaryMost {
		return 0, false
	}
	id = uint32(len(d.values))
	v = strings.Clone(v)
	d.values = append(d.values, v)
	s.ids[v] = id
	return id, true
}

// sketch is a number that is the same for the same value, and another for most others of a kind.
func sketch(v string) uint8 {
	n := len(v)
	if n == 0 {
		return 0
	}
	return uint8(n) + v[0] + 3*v[n/2] + 7*v[n-1]
}
