package provisioning

import (
	"encoding/binary"
	"slices"
)

// counterparts joins the ordinals of a Snapshot with records of the sink, in a few bytes each.
type counterparts struct {
	wanted *Snapshot
	// sink has as the value of a row the ordinal of the source's record plus one; zero is none.
	sink *table
	// pairs are by ordinal of the source.
	pairs   []pair
	arena   arena
	details map[uint32]*detail
	buf     []byte
	a, b    []uint32
}

// A pair leads from a record of the source to its counterpart.
type pair struct {
	// target is the ordinal of the sink's record plus one, and whether it is disabled; zero is none.
	target uint32
	// refs is the place of what the sink has in references, where these are managed.
	refs uint32
}

const pairDisabled = 1 << 31

func (p pair) ord() uint32 { return p.target&^pairDisabled - 1 }

func (p pair) disabled() bool { return p.target&pairDisabled != 0 }

// A detail is kept of a counterpart that is not as it shall be.
type detail struct {
	have    *Record
	differs bool // in its attributes or its ExternalID
	adopted bool
}

// A counterpart is a record of the sink that belongs to one of the source.
type counterpart struct {
	target   ID
	disabled bool
	detail
	refs Refs
}

// version is known of what differs; references are changed without it.
func (c *counterpart) version() string {
	if c.have == nil {
		return ""
	}
	return c.have.Version
}

func newCounterparts(w *Snapshot) *counterparts {
	return &counterparts{wanted: w, sink: newTable(), details: map[uint32]*detail{}}
}

// name notes which record of the source one of the sink belongs to, and gives the ordinal of the latter.
func (c *counterparts) name(ref Ref, o uint32) uint32 { return c.namePacked(c.sink.pack(ref), o) }

func (c *counterparts) namePacked(p packed, o uint32) uint32 {
	t := c.sink.ordOf(p)
	c.sink.rows[t].value = o + 1
	return t
}

// ordinalOf gives the ordinal of the record of the source that one of the sink belongs to, if that is known.
func (c *counterparts) ordinalOf(ref Ref) (uint32, bool) {
	t, ok := c.sink.find(ref)
	if !ok || c.sink.rows[t].value == 0 {
		return 0, false
	}
	return c.sink.rows[t].value - 1, true
}

// has reports whether a record of the source has a counterpart.
func (c *counterparts) has(o uint32) bool { return o < uint32(len(c.pairs)) && c.pairs[o].target != 0 }

// targetOf gives the record of the sink that is the counterpart of one of the source, which has one.
func (c *counterparts) targetOf(o uint32) ID { return c.sink.key(c.pairs[o].ord()).ID }

// is reports whether a record of the sink is already the counterpart of one of the source.
func (c *counterparts) is(o, t uint32) bool {
	return o < uint32(len(c.pairs)) && c.pairs[o].target&^pairDisabled == t+1
}

// put joins a record of the source with its counterpart.
func (c *counterparts) put(o, t uint32, h *Record) {
	if n := c.wanted.size(); len(c.pairs) < n {
		c.pairs = append(c.pairs, make([]pair, n-len(c.pairs))...)
	}
	c.pairs[o] = pair{target: t + 1}
	if h.Disabled {
		c.pairs[o].target |= pairDisabled
	}
	if len(h.Refs) > 0 && c.wanted.status(o) == wanted && c.wanted.hasRefs(o) {
		c.pairs[o].refs = c.keepRefs(h.Refs)
	}
}

// keepRefs keeps the references that are managed, as ordinals of the sink, for they may lead to what comes later.
func (c *counterparts) keepRefs(refs Refs) uint32 {
	c.buf = c.buf[:0]
	c.wanted.dict.eachRefs(refs, func(_ string, number uint32, known bool, to []Ref) {
		if !known {
			return
		}
		c.buf = binary.AppendUvarint(c.buf, uint64(number)+1)
		c.buf = binary.AppendUvarint(c.buf, uint64(len(to)))
		for _, ref := range to {
			c.buf = binary.AppendUvarint(c.buf, uint64(c.sink.referred(ref)))
		}
	})
	c.buf = append(c.buf, 0)
	return c.arena.put(c.buf)
}

// get gives the counterpart of a record of the source; nil when there is none.
func (c *counterparts) get(o uint32) *counterpart {
	if !c.has(o) {
		return nil
	}
	pair := c.pairs[o]
	p := &counterpart{target: c.targetOf(o), disabled: pair.disabled()}
	if d := c.details[o]; d != nil {
		p.detail = *d
	}
	if pair.refs != 0 {
		p.refs = Refs{}
		b := body{b: c.arena.at(pair.refs)}
		for number := b.uint(); number != 0; number = b.uint() {
			refs := make([]Ref, b.uint())
			for i := range refs {
				refs[i] = c.sink.key(uint32(b.uint()))
			}
			p.refs[c.wanted.dict.called[number-1]] = refs
		}
	}
	return p
}

// sameRefs reports whether a counterpart has the references that it shall have, without unpacking anything.
func (c *counterparts) sameRefs(o uint32) bool {
	same := true
	c.a = c.wanted.eachRefs(o, c.a, func(name uint32, want []uint32) {
		if !same {
			return
		}
		same = false
		c.b = c.b[:0]
		if place := c.pairs[o].refs; place != 0 {
			b := body{b: c.arena.at(place)}
			for number := b.uint(); number != 0; number = b.uint() {
				for range b.uint() {
					t := b.uint()
					if uint32(number-1) != name {
						continue
					}
					source := c.sink.rows[t].value
					if source == 0 {
						return
					}
					c.b = append(c.b, source-1)
				}
			}
		}
		slices.Sort(c.b)
		same = slices.Equal(want, c.b)
	})
	return same
}
