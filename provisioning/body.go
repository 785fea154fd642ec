package provisioning

import (
	"encoding/binary"
	"time"
)

// A body reads what an encoder packed, from its beginning to its end.
type body struct {
	dict *dictionary
	b    []byte // from the attributes on, once head was called
	at   int
	refs int // where the references begin
}

// uint gives the next number.
func (b *body) uint() (v int) {
	if v := b.b[b.at]; v < oneByte {
		b.at++
		return int(v)
	}
	v, b.at = number(b.b, b.at)
	return v
}

// head gives the flags and the bounds of validity.
func (b *body) head() (flags byte, from, until time.Time) {
	flags = b.b[0]
	b.at = 1
	if flags&flagFrom != 0 {
		from = b.time()
	}
	if flags&flagUntil != 0 {
		until = b.time()
	}
	if flags&flagRefs != 0 {
		b.refs = int(binary.LittleEndian.Uint32(b.b[b.at:]))
		b.at += refsPlace
	}
	b.b, b.at = b.b[b.at:], 0
	return flags, from, until
}

func (b *body) time() time.Time {
	seconds, n := binary.Varint(b.b[b.at:])
	b.at += n
	return time.Unix(seconds, int64(b.uint())).UTC()
}

// attribute gives the number of the next name, and how many values follow.
func (b *body) attribute() (number uint32, n int) {
	v := b.uint()
	if uint64(v)&1 == nameMany {
		return uint32(v >> 1), b.uint()
	}
	return uint32(v >> 1), 1
}

// value gives the next value: as a string that is kept, or as bytes.
func (b *body) value() (kept string, raw []byte) {
	v := b.uint()
	switch uint64(v) & 3 {
	case valueKept:
		return b.dict.values[v>>2], nil
	case valueRepeated:
		return "", b.repeated(v >> 2)
	}
	raw = b.b[b.at : b.at+v>>2]
	b.at += v >> 2
	return "", raw
}

// repeated gives the value that is written out at a place.
func (b *body) repeated(at int) []byte {
	back := b.at
	b.at = at
	_, raw := b.value()
	b.at = back
	return raw
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
	n := b.uint()
	switch uint64(n) & 3 {
	case valueKept:
		return b.dict.values[n>>2] == v
	case valueRepeated:
		return string(b.repeated(n>>2)) == v
	}
	raw := b.b[b.at : b.at+n>>2]
	b.at += n >> 2
	return string(raw) == v
}

// decode unpacks the whole record, without its name. The record of an ordinal comes from key.
func (b *body) decode(key func(uint32) Ref) *Record {
	flags, from, until := b.head()
	names := b.uint()
	r := &Record{Disabled: flags&flagDisabled != 0, ValidFrom: from, ValidUntil: until, Attributes: make(Attributes, names)}
	single := make([]string, names) // one allocation for all attributes of one value
	for range names {
		number, n := b.attribute()
		values := single[:1:1]
		if n == 1 {
			single = single[1:]
		} else {
			values = make([]string, n)
		}
		for i := range values {
			values[i] = b.string()
		}
		r.Attributes[b.dict.called[number]] = values
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

// same reports whether attributes have the values of the record, as sets. Names for which leave is true are passed over. A
// million people are compared here, so what nearly all attributes have, a short number and one value, takes the short way.
func (b *body) same(have Attributes, leave map[string]bool) bool {
	b.head()
	for range b.uint() {
		if name := uint64(b.b[b.at]); name < oneByte && name&1 == nameOne {
			called := b.dict.called[name>>1]
			if values := have[called]; len(values) == 1 && (len(leave) == 0 || !leave[called]) {
				b.at++
				if !b.is(values[0]) {
					return false
				}
				continue
			}
		}
		if !b.sameAttribute(have, leave) {
			return false
		}
	}
	return true
}

// sameAttribute compares the next attribute, first in the order of its values, which is that of both sides as a rule.
func (b *body) sameAttribute(attributes Attributes, leave map[string]bool) bool {
	number, n := b.attribute()
	name := b.dict.called[number]
	if leave[name] {
		b.skip(n)
		return true
	}
	have := attributes[name]
	at := b.at
	if n == len(have) {
		same := 0
		for same < n && b.is(have[same]) {
			same++
		}
		if same == n {
			return true
		}
	}
	b.at = at
	want := make([]string, n)
	for i := range want {
		want[i] = b.string()
	}
	return sameSet(want, have)
}

// skip passes over n values.
func (b *body) skip(n int) {
	for range n {
		b.value()
	}
}

// oneByte is the first number that takes more than a byte.
const oneByte = 0x80

// number gives the number at a place of what is packed, and the place after it.
func number(packed []byte, at int) (v, next int) {
	long, n := binary.Uvarint(packed[at:])
	return int(long), at + n
}
