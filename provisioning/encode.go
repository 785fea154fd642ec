package provisioning

import (
	"encoding/binary"
	"slices"
	"time"
)

// A body is a wanted record, packed: flags; the bounds of its validity, if it has any; the length of its attributes, if it
// has references; its attributes; its references. Names and frequent values are numbers of the dictionary, a value that
// the record has had already is the place of that one among its attributes, references are ordinals.

const (
	flagDisabled = 1 << iota
	flagFrom
	flagUntil
	flagRefs
)

// The two low bits of a value say how it is written.
const (
	valueRaw      uint64 = 0 // its length, and its bytes follow
	valueKept     uint64 = 1 // its number in the dictionary
	valueRepeated uint64 = 2 // the place of the same one that is written out
)

// The low bit of the number of a name says how many values follow.
const (
	nameOne  uint64 = 0 // one
	nameMany uint64 = 1 // as many as the number after it says
)

// An encoder packs records. It is used again and again, so that it allocates nothing.
type encoder struct {
	dict *dictionary
	// ord gives the ordinal of a reference.
	ord   func(Ref) uint32
	dst   []byte
	start int // of the attributes
	// raws are the first values that are written out, and where.
	raws [16]rawValue
	n    int
}

type rawValue struct {
	value string
	at    int
}

// encode packs r. What it gives is good until it is called again.
func (e *encoder) encode(r *Record) []byte {
	flags := byte(0)
	if r.Disabled {
		flags |= flagDisabled
	}
	if !r.ValidFrom.IsZero() {
		flags |= flagFrom
	}
	if !r.ValidUntil.IsZero() {
		flags |= flagUntil
	}
	if len(r.Refs) > 0 {
		flags |= flagRefs
	}
	e.dst = append(e.dst[:0], flags)
	for _, t := range [...]time.Time{r.ValidFrom, r.ValidUntil} {
		if !t.IsZero() {
			e.dst = binary.AppendVarint(e.dst, t.Unix())
			e.uint(uint64(t.Nanosecond()))
		}
	}
	e.start, e.n = len(e.dst), 0
	e.attributes(r.Attributes)
	if flags&flagRefs != 0 {
		e.refs(r.Refs)
	}
	return e.dst
}

func (e *encoder) uint(v uint64) { e.dst = binary.AppendUvarint(e.dst, v) }

// attributes packs those whose names have a number already in the order of the numbers, for that costs less than ranging
// over the map and looking each name up, and as a rule these are all.
func (e *encoder) attributes(a Attributes) {
	left := len(a)
	e.uint(uint64(left))
	known := len(e.dict.called)
	if known > 2*left+8 {
		known = 0 // There are so many that hardly any is this record's.
	}
	for number := 0; number < known && left > 0; number++ {
		if values, ok := a[e.dict.called[number]]; ok {
			e.attribute(uint32(number), values)
			left--
		}
	}
	if left == 0 {
		return
	}
	for name, values := range a {
		if number := e.dict.name(name); number >= uint32(known) {
			e.attribute(number, values)
		}
	}
}

func (e *encoder) attribute(number uint32, values []string) {
	if len(values) == 1 {
		e.uint(uint64(number)<<1 | nameOne)
		e.value(number, values[0])
		return
	}
	e.uint(uint64(number)<<1 | nameMany)
	e.uint(uint64(len(values)))
	for _, v := range values {
		e.value(number, v)
	}
}

func (e *encoder) value(number uint32, v string) {
	if id, ok := e.dict.value(number, v); ok {
		e.uint(uint64(id)<<2 | valueKept)
		return
	}
	for i := range e.raws[:e.n] {
		if e.raws[i].value == v {
			e.uint(uint64(e.raws[i].at)<<2 | valueRepeated)
			return
		}
	}
	if e.n < len(e.raws) {
		e.raws[e.n] = rawValue{v, len(e.dst) - e.start}
		e.n++
	}
	e.uint(uint64(len(v))<<2 | valueRaw)
	e.dst = append(e.dst, v...)
}

// refs packs references, and puts the length of the attributes before these.
func (e *encoder) refs(refs Refs) {
	var length [binary.MaxVarintLen64]byte
	n := binary.PutUvarint(length[:], uint64(len(e.dst)-e.start))
	e.dst = slices.Insert(e.dst, e.start, length[:n]...)
	e.uint(uint64(len(refs)))
	for name, to := range refs {
		e.uint(uint64(e.dict.name(name)))
		e.uint(uint64(len(to)))
		for _, ref := range to {
			e.uint(uint64(e.ord(ref)))
		}
	}
}
