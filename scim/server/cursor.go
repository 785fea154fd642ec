package server

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/ilumy/usersync/scim"
)

// A cursor says which resource a page begins after, or ends before: by its id, and by the values it was sorted by,
// so that it leads on when that resource is gone. It carries a fingerprint of the query that it belongs to.
type cursorDirection byte

const (
	cursorAfter  cursorDirection = 'a'
	cursorBefore cursorDirection = 'b'
)

// maxCursor bounds a cursor that a client sends.
const maxCursor = 8 << 10

func (q *Query) cursor(direction cursorDirection, r *scim.Resource) (string, error) {
	b := binary.BigEndian.AppendUint32([]byte{byte(direction)}, q.fingerprint())
	mark := scim.NewResource()
	mark.SetID(r.ID())
	if q.Order != nil {
		a, _ := q.Order.Attribute()
		for a.Parent() != nil {
			a = a.Parent()
		}
		mark.Set(a.Name, r.Get(a.Name))
	}
	b, err := mark.AppendJSON(b)
	if err != nil {
		return "", err
	}
	if base64.RawURLEncoding.EncodedLen(len(b)) > maxCursor {
		return "", scim.Errorf(scim.ErrInvalidValue, "the values sorted by are too long to page through by cursor; use startIndex")
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}

// parseCursor reads what cursor made of the same query.
func (q *Query) parseCursor() (cursorDirection, *scim.Resource, error) {
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if len(q.Cursor) > maxCursor || err != nil || len(b) < 5 {
		return 0, nil, scim.Errorf(scim.ErrInvalidCursor, "the cursor is not one of this server")
	}
	direction := cursorDirection(b[0])
	if direction != cursorAfter && direction != cursorBefore {
		return 0, nil, scim.Errorf(scim.ErrInvalidCursor, "the cursor is not one of this server")
	}
	if binary.BigEndian.Uint32(b[1:]) != q.fingerprint() {
		return 0, nil, scim.Errorf(scim.ErrInvalidCursor, "the cursor belongs to another query; keep filter, sortBy and sortOrder the same")
	}
	o, err := scim.DecodeObject(b[5:], nil)
	if err != nil {
		return 0, nil, scim.Errorf(scim.ErrInvalidCursor, "the cursor is not one of this server")
	}
	return direction, &scim.Resource{Object: *o}, nil
}

// fingerprint tells queries apart that a cursor must not be carried between.
func (q *Query) fingerprint() uint32 {
	h := fnv.New32a()
	add := func(s string) { _, _ = h.Write(append([]byte(s), 0)) }
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
