package provisioning

import "strings"

// A dictionary keeps the names of attributes, and the values that come again and again, once.
type dictionary struct {
	names  map[string]uint32
	called []string
	stats  []nameStats
	values []string
}

// nameStats says of one attribute whether its values are worth keeping.
type nameStats struct {
	ids        map[string]uint32
	seen, hits int
	last       string // the one that came again last, with its number
	lastID     uint32
	unique     bool // they hardly ever come again
}

const (
	dictionaryTry  = 2048 // so many values are tried before an attribute is judged
	dictionaryMost = 8192 // values of one attribute
	dictionaryLong = 256  // bytes of a value
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

// value gives the number of a value, if it is kept.
func (d *dictionary) value(name uint32, v string) (uint32, bool) {
	s := &d.stats[name]
	if s.unique || len(v) > dictionaryLong {
		return 0, false
	}
	s.seen++
	if s.hits > 0 && s.last == v {
		s.hits++
		return s.lastID, true
	}
	id, ok := s.ids[v]
	if ok {
		s.hits++
		s.last, s.lastID = d.values[id], id
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
