package provisioning

import (
	"encoding/hex"
	"hash/maphash"
)

// A table gives records of one system ordinals, counted from zero, in about 30 bytes each.
type table struct {
	seed  maphash.Seed
	ids   arena
	at    []uint32 // the place of each ID
	kinds []uint8  // the kind of each record
	names []Kind
	// slots have, at the place of a hash or after it, the hash in the upper half and the ordinal plus one in the lower.
	slots []uint64
	buf   []byte
}

func newTable() *table { return &table{seed: maphash.MakeSeed(), slots: make([]uint64, 64)} }

// ord gives the ordinal of a record, which it gets when it is first asked for.
func (t *table) ord(ref Ref) uint32 {
	kind, hash := t.prepare(ref)
	slot, o, ok := t.look(kind, hash)
	if ok {
		return o
	}
	o = uint32(len(t.at))
	t.at = append(t.at, t.ids.put(t.buf))
	t.kinds = append(t.kinds, kind)
	t.slots[slot] = uint64(hash)<<32 | uint64(o+1)
	if len(t.at)*4 > len(t.slots)*3 {
		t.grow()
	}
	return o
}

func (t *table) find(ref Ref) (uint32, bool) {
	_, o, ok := t.look(t.prepare(ref))
	return o, ok
}

// prepare leaves the packed ID of a record in t.buf, and gives its hash.
func (t *table) prepare(ref Ref) (kind uint8, hash uint32) {
	kind = t.kind(ref.Kind)
	t.buf = pack(t.buf[:0], ref.ID)
	return kind, uint32(maphash.Bytes(t.seed, t.buf)) + uint32(kind)*0x9e3779b9
}

// look finds the record that was prepared, or the slot for it.
func (t *table) look(kind uint8, hash uint32) (slot int, o uint32, ok bool) {
	mask := len(t.slots) - 1
	for slot = int(hash) & mask; ; slot = (slot + 1) & mask {
		s := t.slots[slot]
		if s == 0 {
			return slot, 0, false
		}
		if uint32(s>>32) != hash {
			continue
		}
		if o = uint32(s) - 1; t.kinds[o] == kind && prefixed(t.ids.at(t.at[o]), t.buf) {
			return slot, o, true
		}
	}
}

// kind gives the number of a kind. Nobody has more than a handful.
func (t *table) kind(k Kind) uint8 {
	for i, name := range t.names {
		if name == k {
			return uint8(i)
		}
	}
	t.names = append(t.names, k)
	return uint8(len(t.names) - 1)
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]uint64, 2*len(old))
	mask := len(t.slots) - 1
	for _, s := range old {
		if s == 0 {
			continue
		}
		slot := int(s>>32) & mask
		for t.slots[slot] != 0 {
			slot = (slot + 1) & mask
		}
		t.slots[slot] = s
	}
}

func (t *table) key(o uint32) Ref {
	return Ref{Kind: t.kindOf(o), ID: unpack(t.ids.at(t.at[o]))}
}

func (t *table) kindOf(o uint32) Kind { return t.names[t.kinds[o]] }

// prefixed reports whether b begins with all of p. Packed IDs tell their own length, so they are the same then.
func prefixed(b, p []byte) bool { return len(b) >= len(p) && string(b[:len(p)]) == string(p) }

// A packed ID is its length and its bytes. One that looks like a UUID in lower or upper case is packedUUID or
// packedUpper and 16 bytes.
const (
	packedUUID  = 0xff
	packedUpper = 0xfe
	packedLong  = 0xfd // the length is in the four bytes after
)

func pack(dst []byte, id ID) []byte {
	if len(id) == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-' {
		if out, ok := packUUID(dst, id); ok {
			return out
		}
	}
	if n := len(id); n >= packedLong {
		dst = append(dst, packedLong, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	} else {
		dst = append(dst, byte(n))
	}
	return append(dst, id...)
}

func packUUID(dst []byte, id ID) ([]byte, bool) {
	lower, upper := false, false
	start := len(dst)
	dst = append(dst, packedUUID)
	var high byte
	n := 0
	for i := range 36 {
		c := id[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c, lower = c-'a'+10, true
		case c >= 'A' && c <= 'F':
			c, upper = c-'A'+10, true
		case c == '-' && (i == 8 || i == 13 || i == 18 || i == 23):
			continue
		default:
			return dst[:start], false
		}
		if n%2 == 0 {
			high = c << 4
		} else {
			dst = append(dst, high|c)
		}
		n++
	}
	if lower && upper {
		return dst[:start], false
	}
	if upper {
		dst[start] = packedUpper
	}
	return dst, true
}

func packedLen(b []byte) int {
	switch b[0] {
	case packedUUID, packedUpper:
		return 17
	case packedLong:
		return 5 + int(b[1])<<24 + int(b[2])<<16 + int(b[3])<<8 + int(b[4])
	}
	return 1 + int(b[0])
}

func unpack(b []byte) ID {
	switch b[0] {
	case packedUUID, packedUpper:
		var out [36]byte
		for i, at := range [5]int{0, 9, 14, 19, 24} {
			from := [6]int{0, 4, 6, 8, 10, 16}
			hex.Encode(out[at:], b[1+from[i]:1+from[i+1]])
			if i > 0 {
				out[at-1] = '-'
			}
		}
		if b[0] == packedUpper {
			for i, c := range out {
				if c >= 'a' {
					out[i] = c - 'a' + 'A'
				}
			}
		}
		return ID(out[:])
	case packedLong:
		return ID(b[5:packedLen(b)])
	}
	return ID(b[1:packedLen(b)])
}
