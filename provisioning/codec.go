package provisioning

import (
	"encoding/binary"
	"time"
)

// A body is a wanted record, packed: flags; the bounds of its validity, if it has any; its attributes; its references.
// Names and frequent values are numbers of the dictionary, a value that the record has had already is the number of
// that one, references are ordinals.
type body struct {
	dict *dictionary
	b    []byte
	raws [16][]byte // the first values that are written out
	n    int
}

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
	valueRepeated uint64 = 2 // its number among the record's own that are written out
)

// encodeBody packs r after dst. The ordinals of its references come from ord.
func encodeBody(dst []byte, d *dictionary, r *Record, ord func(Ref) uint32) []byte {
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
	dst = append(dst, flags)
	for _, t := range []time.Time{r.ValidFrom, r.ValidUntil} {
		if !t.IsZero() {
			dst = binary.AppendVarint(dst, t.Unix())
			dst = binary.AppendUvarint(dst, uint64(t.Nanosecond()))
		}
	}
	var raws [16]string
	n := 0
	dst = binary.AppendUvarint(dst, uint64(len(r.Attributes)))
	for name, values := range r.Attributes {
		number := d.name(name)
		dst = binary.AppendUvarint(dst, uint64(number))
		dst = binary.AppendUvarint(dst, uint64(len(values)))
	values:
		for _, v := range values {
			for i := range n {
				if raws[i] == v {
					dst = binary.AppendUvarint(dst, uint64(i)<<2|valueRepeated)
					continue values
				}
			}
			if id, ok := d.value(number, v); ok {
				dst = binary.AppendUvarint(dst, uint64(id)<<2|valueKept)
				continue
			}
			if n < len(raws) {
				raws[n] = v
				n++
			}
			dst = binary.AppendUvarint(dst, uint64(len(v))<<2+valueRaw)
			dst = append(dst, v...)
		}
	}
	if flags&flagRefs == 0 {
		return dst
	}
	dst = binary.AppendUvarint(dst, uint64(len(r.Refs)))
	for name, refs := range r.Refs {
		dst = binary.AppendUvarint(dst, uint64(d.name(name)))
		dst = binary.AppendUvarint(dst, uint64(len(refs)))
		for _, ref := range refs {
			dst = binary.AppendUvarint(dst, uint64(ord(ref)))
		}
	}
	return dst
}

func (b *body) uint() int {
	v, n := binary.Uvarint(b.b)
	b.b = b.b[n:]
	return int(v)
}

// head gives the flags and the bounds of validity.
func (b *body) head() (flags byte, from, until time.Time) {
	flags = b.b[0]
	b.b = b.b[1:]
	if flags&flagFrom != 0 {
		from = b.time()
	}
	if flags&flagUntil != 0 {
		until = b.time()
	}
	return flags, from, until
}

func (b *body) time() time.Time {
	seconds, n := binary.Varint(b.b)
	b.b = b.b[n:]
	return time.Unix(seconds, int64(b.uint())).UTC()
}

// value gives the next value: as a string that is kept, or as bytes.
func (b *body) value() (kept string, raw []byte) {
	v := b.uint()
	switch uint64(v) & 3 {
	case valueKept:
		return b.dict.values[v>>2], nil
	case valueRepeated:
		return "", b.raws[v>>2]
	}
	raw = b.b[:v>>2]
	b.b = b.b[v>>2:]
	if b.n < len(b.raws) {
		b.raws[b.n] = raw
		b.n++
	}
	return "", raw
}

func (b *body) string() string {
	kept, raw := b.value()
	if raw != nil {
		return string(raw)
	}
	return kept
}

// is reports whether the next value is v.
func (b *body) is(v string) bool {
	kept, raw := b.value()
	if raw != nil {
		return string(raw) == v
	}
	return kept == v
}

// decode unpacks the whole record, without its name. The record of an ordinal comes from key.
func (b *body) decode(key func(uint32) Ref) *Record {
	flags, from, until := b.head()
	r := &Record{Disabled: flags&flagDisabled != 0, ValidFrom: from, ValidUntil: until, Attributes: Attributes{}}
	for range b.uint() {
		name := b.dict.called[b.uint()]
		values := make([]string, b.uint())
		for i := range values {
			values[i] = b.string()
		}
		r.Attributes[name] = values
	}
	if flags&flagRefs == 0 {
		return r
	}
	r.Refs = Refs{}
	for range b.uint() {
		name := b.dict.called[b.uint()]
		refs := make([]Ref, b.uint())
		for i := range refs {
			refs[i] = key(uint32(b.uint()))
		}
		r.Refs[name] = refs
	}
	return r
}

// same reports whether attributes have the values of the record, as sets. Names for which leave is true are passed over.
func (b *body) same(have Attributes, leave map[string]bool) bool {
	b.head()
	for range b.uint() {
		name := b.dict.called[b.uint()]
		n := b.uint()
		values := have[name]
		if leave[name] {
			for range n {
				b.value()
			}
			continue
		}
		if n == 1 && len(values) == 1 {
			if !b.is(values[0]) {
				return false
			}
			continue
		}
		want := make([]string, n)
		for i := range want {
			want[i] = b.string()
		}
		if !sameSet(want, values) {
			return false
		}
	}
	return true
}

// skipAttributes goes on to the references.
func (b *body) skipAttributes() {
	for range b.uint() {
		b.uint()
		for range b.uint() {
			b.value()
		}
	}
}
