package ldapsource

import (
	"hash/maphash"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/provisioning"
)

// An index leads from distinguished names to the records in scope. It takes some 80 bytes a record: of a name it keeps
// only 128 bits of hash under a key that nobody knows, of an ID that is a UUID its bytes.
type index struct {
	seeds  [2]maphash.Seed
	kinds  []provisioning.Kind
	byDN   map[nameKey]target
	byID   map[target]bool // whether the ID was seen twice
	texts  []string        // IDs that are no UUIDs
	byTxt  map[string]uint32
	misses map[nameKey]struct{} // names that were asked about one by one
}

type nameKey [2]uint64

// target is a record: the bytes of its UUID, or the place of its ID in texts.
type target struct {
	id   adtype.GUID
	kind uint8
}

// Flags beside the number of the kind.
const (
	textual   = 0x40
	ambiguous = 0x80
	kindMask  = 0x3f
)

func newIndex(kinds []provisioning.Kind) *index {
	return &index{
		seeds:  [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		kinds:  kinds,
		byDN:   map[nameKey]target{},
		byID:   map[target]bool{},
		byTxt:  map[string]uint32{},
		misses: map[nameKey]struct{}{},
	}
}

func (x *index) key(form []byte) nameKey {
	return nameKey{maphash.Bytes(x.seeds[0], form), maphash.Bytes(x.seeds[1], form)}
}

// add takes in a record with the form of its name. From a server it may come again, when a read was broken off.
func (x *index) add(form []byte, kind int, id provisioning.ID) {
	t := x.target(kind, id)
	_, seen := x.byID[t]
	x.byID[t] = seen
	k := x.key(form)
	if before, seen := x.byDN[k]; seen && before != t {
		t.kind |= ambiguous
	}
	x.byDN[k] = t
}

func (x *index) target(kind int, id provisioning.ID) target {
	if g, ok := adtype.Canonical(string(id)); ok {
		return target{g, uint8(kind)}
	}
	n, ok := x.byTxt[string(id)]
	if !ok {
		n = uint32(len(x.texts))
		x.texts = append(x.texts, string(id))
		x.byTxt[string(id)] = n
	}
	t := target{kind: uint8(kind) | textual}
	t.id[0], t.id[1], t.id[2], t.id[3] = byte(n), byte(n>>8), byte(n>>16), byte(n>>24)
	return t
}

// miss remembers that a name was asked about, and reports whether it was not before.
func (x *index) miss(form []byte) bool {
	n := len(x.misses)
	x.misses[x.key(form)] = struct{}{}
	return len(x.misses) > n
}

// findID gives the record with an ID that is a UUID.
func (x *index) findID(g adtype.GUID) (provisioning.Ref, bool) {
	for kind := range x.kinds {
		if _, ok := x.byID[target{g, uint8(kind)}]; ok {
			return provisioning.Ref{Kind: x.kinds[kind], ID: provisioning.ID(g.String())}, true
		}
	}
	return provisioning.Ref{}, false
}

// find gives the record with the form of a name.
func (x *index) find(form []byte) (provisioning.Ref, bool) { return x.ref(x.key(form)) }

// ref gives the record with the key of a name. A name that two records claim leads to neither.
func (x *index) ref(key nameKey) (provisioning.Ref, bool) {
	t, ok := x.byDN[key]
	if !ok || t.kind&ambiguous != 0 {
		return provisioning.Ref{}, false
	}
	ref := provisioning.Ref{Kind: x.kinds[t.kind&kindMask]}
	if t.kind&textual != 0 {
		ref.ID = provisioning.ID(x.texts[int(t.id[0])|int(t.id[1])<<8|int(t.id[2])<<16|int(t.id[3])<<24])
	} else {
		ref.ID = provisioning.ID(t.id.String())
	}
	return ref, true
}

// twice reports whether the ID, or the name, of a record belongs to another one too.
func (x *index) twice(form []byte, kind int, id provisioning.ID) (byID, byName bool) {
	return x.byID[x.target(kind, id)], x.byDN[x.key(form)].kind&ambiguous != 0
}
