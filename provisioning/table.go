package provisioning

import (
	"encoding/binary"
	"hash/maphash"
)

// A table gives records of one system ordinals, counted from zero, and a row each, in about 50 bytes.
type table struct {
	seed  maphash.Seed
	ids   arena // packed references
	rows  []row
	names []Kind
	more  map[Kind]int // their numbers, but for the first few
	// slots have, at the place of a hash or after it, the hash in the upper half and the ordinal plus one in the lower.
	slots []uint64
	buf   []byte
	// next is the ordinal after the one that was last followed, and astray counts those that were not the next.
	next   uint32
	astray int
	// last is what referred was asked for last, and which ordinal that has.
	last    Ref
	lastOrd uint32
}

// A row is what is known of one record. It is small and all in one, so that looking it up costs one access to memory.
type row struct {
	id     uint32 // the place of the packed reference
	value  uint32
	status status
}

func newTable() *table { return &table{seed: maphash.MakeSeed(), slots: make([]uint64, 64)} }

// A packed is a reference packed for a table, the number of its kind and the ID, with its hash: all that looking it up takes.
type packed struct {
	ref  []byte
	hash uint32
}

// pack packs a reference; what it gives is good until it is called again.
func (t *table) pack(ref Ref) (p packed) {
	p, t.buf = t.packAfter(t.buf[:0], ref)
	return p
}

// packAfter packs a reference after dst, and gives that too.
func (t *table) packAfter(dst []byte, ref Ref) (packed, []byte) {
	n := len(dst)
	dst = packID(binary.AppendUvarint(dst, uint64(t.kind(ref.Kind))), ref.ID)
	return packed{dst[n:], uint32(maphash.Bytes(t.seed, dst[n:]))}, dst
}

// ord gives the ordinal of a record, which it gets when it is first asked for.
func (t *table) ord(ref Ref) uint32 { return t.ordOf(t.pack(ref)) }

func (t *table) ordOf(p packed) uint32 {
	slot, o, ok := t.look(p)
	if ok {
		return o
	}
	o = uint32(len(t.rows))
	t.rows = append(t.rows, row{id: t.ids.put(p.ref)})
	t.slots[slot] = uint64(p.hash)<<32 | uint64(o+1)
	if len(t.rows)*4 > len(t.slots)*3 {
		t.grow()
	}
	return o
}

// follow is ordOf for records that come in the order of their ordinals more often than not, so that looking at the next one
// is worth it.
func (t *table) follow(p packed) uint32 {
	o := t.next
	if o >= uint32(len(t.rows)) || !prefixed(t.packedRef(o), p.ref) {
		o = t.ordOf(p)
		t.astray++
	}
	t.next = o + 1
	return o
}

// referred is ord for what a record refers to, for people who are read one after another often have one manager.
func (t *table) referred(ref Ref) uint32 {
	if ref != t.last || ref == (Ref{}) {
		t.last, t.lastOrd = ref, t.ord(ref)
	}
	return t.lastOrd
}

func (t *table) find(ref Ref) (uint32, bool) {
	_, o, ok := t.look(t.pack(ref))
	return o, ok
}

// look finds what was packed, or the slot for it.
func (t *table) look(p packed) (slot int, o uint32, ok bool) {
	mask := len(t.slots) - 1
	for slot = int(p.hash) & mask; ; slot = (slot + 1) & mask {
		s := t.slots[slot]
		if s == 0 {
			return slot, 0, false
		}
		if uint32(s>>32) != p.hash {
			continue
		}
		if o = uint32(s) - 1; prefixed(t.packedRef(o), p.ref) {
			return slot, o, true
		}
	}
}

// kind gives the number of a kind. Nobody has more than a handful, but a service that makes some up for its members.
func (t *table) kind(k Kind) int {
	for i, name := range t.names[:min(len(t.names), firstKinds)] {
		if name == k {
			return i
		}
	}
	if i, ok := t.more[k]; ok {
		return i
	}
	if t.more == nil {
		t.more = map[Kind]int{}
	}
	i := len(t.names)
	t.names = append(t.names, k)
	if i >= firstKinds {
		t.more[k] = i
	}
	return i
}

// firstKinds is how many kinds are looked at one after another.
const firstKinds = 8

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
	packed := t.packedRef(o)
	kind, n := binary.Uvarint(packed)
	return Ref{Kind: t.names[kind], ID: unpackID(packed[n:])}
}

// called reports whether key(o) is ref.
func (t *table) called(o uint32, ref Ref) bool {
	return prefixed(t.packedRef(o), t.pack(ref).ref)
}

// packedRef gives what begins with the packed reference of a record.
func (t *table) packedRef(o uint32) []byte { return t.ids.at(t.rows[o].id) }

func (t *table) kindOf(o uint32) Kind {
	kind, _ := binary.Uvarint(t.packedRef(o))
	return t.names[kind]
}

// prefixed reports whether b begins with all of p. Packed IDs tell their own length, so they are the same then.
func prefixed(b, p []byte) bool { return len(b) >= len(p) && string(b[:len(p)]) == string(p) }
