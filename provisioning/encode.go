package provisioning

import (
	"encoding/binary"
	"time"
)

// A body is a wanted record, packed: flags; the bounds of its validity, if it has any; the length of its attributes in four
// bytes, if it has references; its attributes; its references. Names and frequent values are numbers of the dictionary, a value that
// the record has had already is the place of that one among its attributes, references are ordinals.

const (
	flagDisabled = 1 << iota
	flagFrom
	flagUntil
	flagRefs
)

// refsPlace is how many bytes the place of the references takes, counted from where the attributes begin.
const refsPlace = 4

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
	dst := append(e.dst[:0], flags)
	for _, t := range [...]time.Time{r.ValidFrom, r.ValidUntil} {
		if !t.IsZero() {
			dst = binary.AppendVarint(dst, t.Unix())
			dst = binary.AppendUvarint(dst, uint64(t.Nanosecond()))
		}
	}
	if flags&flagRefs != 0 {
		dst = append(dst, make([]byte, refsPlace)...)
	}
	e.start, e.n = len(dst), 0
	dst = e.attributes(dst, r.Attributes)
	if flags&flagRefs != 0 {
		binary.LittleEndian.PutUint32(dst[e.start-refsPlace:], uint32(len(dst)-e.start))
		dst = e.refs(dst, r.Refs)
	}
	e.dst = dst
	return dst
}

// attributes packs those whose names have a number already in the order of the numbers, for that costs less than ranging
// over the map and looking each name up, and as a rule these are all.
func (e *encoder) attributes(dst []byte, a Attributes) []byte {
	left := len(a)
	dst = binary.AppendUvarint(dst, uint64(left))
	known := len(e.dict.called)
	if known > 2*left+8 {
		known = 0 // There are so many that hardly any is this record's.
	}
	for number, name := range e.dict.called[:known] {
		if values, ok := a[name]; ok {
			dst = e.attribute(dst, uint32(number), values)
			if left--; left == 0 {
				return dst
			}
		}
	}
	if left == 0 {
		return dst
	}
	for name, values := range a {
		if number := e.dict.name(name); number >= uint32(known) {
			dst = e.attribute(dst, number, values)
		}
	}
	return dst
}

func (e *encoder) attribute(dst []byte, number uint32, values []string) []byte {
	if len(values) == 1 {
		return e.value(binary.AppendUvarint(dst, uint64(number)<<1|nameOne), number, values[0])
	}
	dst = binary.AppendUvarint(dst, uint64(number)<<1|nameMany)
	dst = binary.AppendUvarint(dst, uint64(len(values)))
	for _, v := range values {
		dst = e.value(dst, number, v)
	}
	return dst
}

func (e *encoder) value(dst []byte, number uint32, v string) []byte {
	if id, ok := e.dict.value(number, v); ok {
		return binary.AppendUvarint(dst, uint64(id)<<2|valueKept)
	}
	for i := range e.raws[:e.n] {
		if e.raws[i].value == v {
			return binary.AppendUvarint(dst, uint64(e.raws[i].at)<<2|valueRepeated)
		}
	}
	if e.n < len(e.raws) {
		e.raws[e.n] = rawValue{v, len(dst) - e.start}
		e.n++
	}
	dst = binary.AppendUvarint(dst, uint64(len(v))<<2|valueRaw)
	return append(dst, v...)
}

func (e *encoder) refs(dst []byte, refs Refs) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(refs)))
	e.dict.eachRefs(refs, func(name string, number uint32, known bool, to []Ref) {
		if !known {
			number = e.dict.refName(name)
		}
		dst = binary.AppendUvarint(dst, uint64(number))
		dst = binary.AppendUvarint(dst, uint64(len(to)))
		for _, ref := range to {
			dst = binary.AppendUvarint(dst, uint64(e.ord(ref)))
		}
	})
	return dst
}
