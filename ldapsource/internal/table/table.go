// Package table keeps much in little memory: maps of keys to small values, and logs of bytes. Beyond a size they go on
// in a temporary file that only its owner may read, and that has no name where the operating system allows it.
package table

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// A Key is a hash of 128 bits. Its bits must be evenly spread.
type Key [2]uint64

// Options say how much memory a [Table] or a [Log] takes.
type Options struct {
	// Dir is the folder of the temporary file: that of the operating system when empty. Where none can be made,
	// memory is taken instead.
	Dir string
	// Rows is how many rows of a table are kept in memory: [DefaultRows] when zero.
	Rows int
}

// DefaultRows take 2 MiB of keys, and as many values.
const DefaultRows = slots * 7 / 8

const slots = 128 << 10

// A Table maps keys to values of one size, which may be zero. It is for one goroutine. Errors of the file are kept:
// after one, Get and Put do nothing, and Err tells.
type Table struct {
	width int
	o     Options
	keys  []Key // a zero key is a free slot
	vals  []byte
	n     int
	pages *pages // nil as long as all is in memory
	noDir bool
	err   error
}

// New makes a table for values of so many bytes.
func New(width int, o Options) *Table {
	if o.Rows <= 0 {
		o.Rows = DefaultRows
	}
	return &Table{width: width, o: o}
}

// Get reports whether the key is there, and copies its value.
func (t *Table) Get(k Key, value []byte) bool {
	k = k.proper()
	if i, ok := t.slot(k); ok {
		copy(value, t.value(i))
		return true
	}
	if t.pages == nil || t.err != nil {
		return false
	}
	ok, err := t.pages.get(k, value)
	t.fail(err)
	return ok
}

// Has reports whether the key is there.
func (t *Table) Has(k Key) bool { return t.Get(k, nil) }

// Put adds a key, or gives it another value.
func (t *Table) Put(k Key, value []byte) {
	if t.err != nil {
		return
	}
	k = k.proper()
	i, ok := t.slot(k)
	if !ok {
		if t.n == t.o.Rows && !t.noDir {
			t.flush()
		}
		if t.n+1 > len(t.keys)*7/8 {
			t.grow()
		}
		i, _ = t.slot(k)
		t.keys[i] = k
		t.n++
	}
	copy(t.value(i), value)
}

// Err gives the first error of the file.
func (t *Table) Err() error { return t.err }

// Close removes the file.
func (t *Table) Close() {
	if t.pages != nil {
		t.pages.file.close()
	}
	*t = Table{width: t.width, o: t.o}
}

func (t *Table) fail(err error) {
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("a table of what was read, in a temporary file: %w; see that the folder has room", err)
	}
}

// proper keeps the zero key for free slots.
func (k Key) proper() Key {
	if k == (Key{}) {
		k[1] = 1
	}
	return k
}

// slot gives the place of a key in memory, or where it belongs.
func (t *Table) slot(k Key) (int, bool) {
	if len(t.keys) == 0 {
		return 0, false
	}
	mask := len(t.keys) - 1
	for i := int(k[1]) & mask; ; i = (i + 1) & mask {
		switch t.keys[i] {
		case k:
			return i, true
		case Key{}:
			return i, false
		}
	}
}

func (t *Table) value(i int) []byte { return t.vals[i*t.width : (i+1)*t.width] }

// grow doubles the room in memory.
func (t *Table) grow() {
	old := *t
	n := max(64, 2*len(t.keys))
	t.keys, t.vals = make([]Key, n), make([]byte, n*t.width)
	for i, k := range old.keys {
		if k != (Key{}) {
			j, _ := t.slot(k)
			t.keys[j] = k
			copy(t.value(j), old.value(i))
		}
	}
}

// flush puts what is in memory into the file.
func (t *Table) flush() {
	rows := make([]int32, 0, t.n)
	for i, k := range t.keys {
		if k != (Key{}) {
			rows = append(rows, int32(i))
		}
	}
	need := t.n
	if t.pages != nil {
		need += t.pages.rows
	}
	if t.pages == nil || need > t.pages.room() {
		bigger, err := newPages(t.width, need, t.o.Dir)
		if err != nil && t.pages == nil {
			t.noDir = true // nothing is lost: it goes on in memory
			return
		}
		if err == nil && t.pages != nil {
			err = t.pages.moveTo(bigger)
			t.pages.file.close()
		}
		if err != nil {
			t.fail(err)
			return
		}
		t.pages = bigger
	}
	slices.SortFunc(rows, func(a, b int32) int { return t.pages.order(t.keys[a], t.keys[b]) })
	for _, i := range rows {
		if t.fail(t.pages.put(t.keys[i], t.value(int(i)))); t.err != nil {
			return
		}
	}
	t.fail(t.pages.write())
	clear(t.keys)
	t.n = 0
}

func putKey(b []byte, k Key) {
	binary.LittleEndian.PutUint64(b, k[0])
	binary.LittleEndian.PutUint64(b[8:], k[1])
}

func getKey(b []byte) Key {
	return Key{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])}
}
