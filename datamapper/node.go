package datamapper

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// A place is where something stands in a file; both count from 1.
type place struct{ line, column int }

// A node is a value of a rules file, with its place.
type node struct {
	kind   nodeKind
	text   string // of a scalar, as it is written, without quotes
	items  []*node
	fields []field
	place  place
	// locate gives the place of a byte of text.
	locate func(offset int) place
}

// A field is one entry of a mapping.
type field struct{ key, value *node }

type nodeKind uint8

const (
	nothing nodeKind = iota
	scalar
	list
	mapping
	invalid // its mistake is told already
)

func (k nodeKind) String() string {
	return [...]string{"nothing", "a text", "a list", "a mapping", "an alias or tag"}[k]
}

// fingerprint writes what the node says, whatever its order of fields, spelling and comments.
func (n *node) fingerprint(h hash.Hash, leaveOut ...string) {
	fmt.Fprintf(h, "%d %q %d %d\n", n.kind, n.text, len(n.items), len(n.fields))
	for _, item := range n.items {
		item.fingerprint(h)
	}
	fields := slices.Clone(n.fields)
	slices.SortStableFunc(fields, func(a, b field) int { return strings.Compare(a.key.text, b.key.text) })
	for _, f := range fields {
		if !slices.Contains(leaveOut, f.key.text) {
			f.key.fingerprint(h)
			f.value.fingerprint(h)
		}
	}
}

// digest is the fingerprint in hexadecimal.
func (n *node) digest(leaveOut ...string) string {
	h := sha256.New()
	n.fingerprint(h, leaveOut...)
	return fmt.Sprintf("%x", h.Sum(nil))
}
