package server

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// maxCursor bounds a cursor, which is part of a URL.
const maxCursor = 6 << 10

// NewCursor makes a cursor for the next page of the query. The mark is the Store's own: it says where that page begins, in
// a way that does not depend on what has been deleted meanwhile. The cursor can be read by whoever has it.
func (q *Query) NewCursor(mark string) (string, error) {
	b := binary.BigEndian.AppendUint32(nil, q.fingerprint(mark))
	b = append(b, mark...)
	if base64.RawURLEncoding.EncodedLen(len(b)) > maxCursor {
		return "", scim.Errorf(scim.ErrInvalidValue, "the values sorted by are too long to page through by cursor; use startIndex")
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// Mark gives the mark in q.Cursor; empty for the first page. A cursor of another query is refused with
// [scim.ErrInvalidCursor].
func (q *Query) Mark() (string, error) {
	if q.Cursor == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(q.Cursor)
	if len(q.Cursor) > maxCursor || err != nil || len(b) < 5 {
		return "", InvalidCursor()
	}
	if binary.BigEndian.Uint32(b) != q.fingerprint(string(b[4:])) {
		return "", scim.Errorf(scim.ErrInvalidCursor, "the cursor belongs to another query; keep filter, sortBy and sortOrder the same")
	}
	return string(b[4:]), nil
}

// fingerprint tells queries apart that a cursor must not be carried between, and cursors that were cut or mended.
func (q *Query) fingerprint(mark string) uint32 {
	h := fnv.New32a()
	add := func(s string) { _, _ = h.Write(append([]byte(s), 0)) }
	add(mark)
	add(q.Type.Name())
	if e := q.Filter.Expression(); e != nil {
		add(fmt.Sprint(e))
	}
	if q.Order != nil {
		a, descending := q.Order.Attribute()
		add(a.Path())
		if descending {
			add("descending")
		}
	}
	return h.Sum32()
}

// Mentions reports whether the query looks at an attribute at the top, or at a part of it, so that a Store which keeps
// it apart must put it in before the query is answered.
func (q *Query) Mentions(name string) bool {
	if q.Order != nil {
		if a, _ := q.Order.Attribute(); under(a.Path(), name) {
			return true
		}
	}
	return mentioned(q.Filter.Expression(), name)
}

func mentioned(e filter.Expression, name string) bool {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		return under(e.AttributePath.AttributeName, name)
	case *filter.ValuePath:
		return under(e.AttributePath.AttributeName, name)
	case *filter.LogicalExpression:
		return mentioned(e.Left, name) || mentioned(e.Right, name)
	case *filter.NotExpression:
		return mentioned(e.Expression, name)
	}
	return false
}

func under(path, name string) bool {
	top, _, _ := strings.Cut(path, ".")
	return strings.EqualFold(top, name)
}

// InvalidCursor is the error of a cursor that was never given.
func InvalidCursor() error {
	return scim.Errorf(scim.ErrInvalidCursor, "the cursor is not one of this server")
}
