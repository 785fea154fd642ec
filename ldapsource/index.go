package ldapsource

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/provisioning"
)

// A hasher makes keys of 128 bits under seeds that nobody knows, so that two names with the same key neither happen
// nor can be made.
type hasher [2]maphash.Seed

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

func (h *hasher) key(b []byte) table.Key {
	return table.Key{maphash.Bytes(h[0], b), maphash.Bytes(h[1], b)}
}

func (h *hasher) keyOf(s string) table.Key {
	return table.Key{maphash.String(h[0], s), maphash.String(h[1], s)}
}

// An index leads from distinguished names, and from values like those of memberUid, to the records in scope. Of a
// name it keeps only the key, of an ID that is a UUID its bytes: 33 bytes a record, beyond some number in a file.
type index struct {
	hasher
	kinds []provisioning.Kind
	// keeps tells what is of use: the way from names, and from IDs.
	keeps  keeps
	names  *table.Table // to targets
	ids    *table.Table // by kind and ID, to whether it was seen twice
	texts  *table.Log   // IDs that are no UUIDs
	misses *table.Table // names that were asked about one by one
	buf    []byte
}

// keeps says what an index is asked.
type keeps uint8

const (
	keepsNames keeps = 1 << iota
	keepsIDs
)

// A target is a record: the bytes of its UUID, or the place and the size of its ID in texts, and the kind.
type target [17]byte

// Flags beside the number of the kind.
const (
	textual   = 0x40
	ambiguous = 0x80
	kindMask  = 0x3f
)

func newIndex(kinds []provisioning.Kind, keeps keeps, o table.Options) *index {
	return &index{hasher: newHasher(), kinds: kinds, keeps: keeps, names: table.New(len(target{}), o), ids: table.New(1, o),
		texts: table.NewLog(o), misses: table.New(0, o)}
}

func (x *index) close() {
	x.names.Close()
	x.ids.Close()
	x.texts.Close()
	x.misses.Close()
}

// err gives an error of the files, after which nothing that was found, or not found, counts.
func (x *index) err() error {
	return errors.Join(x.names.Err(), x.ids.Err(), x.texts.Err(), x.misses.Err())
}

// add takes in a record with the form of its name. From a server it may come again, when a read was broken off.
func (x *index) add(form []byte, kind int, id provisioning.ID) {
	if x.keeps&keepsIDs != 0 {
		k := x.idKey(kind, id)
		again := [1]byte{}
		if x.ids.Has(k) {
			again[0] = 1
		}
		x.ids.Put(k, again[:])
	}
	if x.keeps&keepsNames != 0 {
		x.claim(x.key(form), kind, id)
	}
}

// addValue takes in a record by the value of an attribute.
func (x *index) addValue(attribute, value string, kind int, id provisioning.ID) {
	x.claim(x.valueKey(attribute, value), kind, id)
}

// claim lets a key lead to a record. One that another record has leads nowhere.
func (x *index) claim(k table.Key, kind int, id provisioning.ID) {
	var t target
	if x.names.Get(k, t[:]) {
		if t[16]&ambiguous != 0 || int(t[16]&kindMask) == kind && string(x.appendID(nil, &t)) == string(id) {
			return
		}
		t[16] |= ambiguous
	} else {
		t = x.target(kind, id)
	}
	x.names.Put(k, t[:])
}

func (x *index) target(kind int, id provisioning.ID) (t target) {
	t[16] = uint8(kind)
	if g, ok := adtype.Canonical(string(id)); ok {
		copy(t[:], g[:])
		return t
	}
	t[16] |= textual
	binary.LittleEndian.PutUint64(t[:], uint64(x.texts.Append([]byte(id))))
	binary.LittleEndian.PutUint32(t[8:], uint32(len(id)))
	return t
}

// appendID appends the ID of a target.
func (x *index) appendID(b []byte, t *target) []byte {
	if t[16]&textual == 0 {
		return adtype.GUID(t[:16]).Append(b)
	}
	n := len(b)
	b = append(b, make([]byte, binary.LittleEndian.Uint32(t[8:]))...)
	x.texts.Read(b[n:], int64(binary.LittleEndian.Uint64(t[:])))
	return b
}

// idKey is the key of an ID of a kind.
func (x *index) idKey(kind int, id provisioning.ID) table.Key {
	if g, ok := adtype.Canonical(string(id)); ok {
		return x.guidKey(kind, g)
	}
	x.buf = append(append(x.buf[:0], byte(kind)|textual), id...)
	return x.key(x.buf)
}

func (x *index) guidKey(kind int, g adtype.GUID) table.Key {
	x.buf = append(append(x.buf[:0], byte(kind)), g[:]...)
	return x.key(x.buf)
}

// valueKey is the key of a value of an attribute, whatever its case. No form of a name begins like it.
func (x *index) valueKey(attribute, value string) table.Key {
	x.buf = append(append(append(append(x.buf[:0], 3), strings.ToLower(attribute)...), 0), strings.ToLower(value)...)
	return x.key(x.buf)
}

// miss remembers that a name was asked about, and reports whether it was not before.
func (x *index) miss(k table.Key) bool {
	if x.misses.Has(k) {
		return false
	}
	x.misses.Put(k, nil)
	return true
}

// findGUID appends an ID that is a UUID, and tells the kind of its record.
func (x *index) findGUID(g adtype.GUID, id []byte) (provisioning.Kind, []byte, bool) {
	for kind := range x.kinds {
		if x.ids.Has(x.guidKey(kind, g)) {
			return x.kinds[kind], g.Append(id), true
		}
	}
	return "", id, false
}

// find appends the ID of the record with the key of a name, and tells its kind. A name that two records claim leads to neither.
func (x *index) find(k table.Key, id []byte) (provisioning.Kind, []byte, bool) {
	var t target
	if !x.names.Get(k, t[:]) || t[16]&ambiguous != 0 {
		return "", id, false
	}
	return x.kinds[t[16]&kindMask], x.appendID(id, &t), true
}

// ref gives the record with the key of a name.
func (x *index) ref(k table.Key) (provisioning.Ref, bool) {
	kind, id, ok := x.find(k, nil)
	return provisioning.Ref{Kind: kind, ID: provisioning.ID(id)}, ok
}

// twice reports whether the ID, or the name, of a record belongs to another one too.
func (x *index) twice(form []byte, kind int, id provisioning.ID) (byID, byName bool) {
	var again [1]byte
	var t target
	x.ids.Get(x.idKey(kind, id), again[:])
	x.names.Get(x.key(form), t[:])
	return again[0] != 0, t[16]&ambiguous != 0
}
