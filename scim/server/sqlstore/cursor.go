package sqlstore

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/ilumy/usersync/scim/server"
)

// A place is where a page is: after a row, or before it, by what it was sorted by.
type place struct {
	RID    int64   `json:"r"`
	Key    *string `json:"k,omitempty"`
	Before bool    `json:"b,omitempty"`
}

func placeOf(r row, before bool) place {
	p := place{RID: r.rid, Before: before}
	if r.sort.Valid {
		p.Key = &r.sort.String
	}
	return p
}

// beyond is the condition of coming after a place in the order, or before it.
func (o order) beyond(p place) condition {
	if p.Before {
		o = o.reversed()
	}
	same := condition{"r.rid > ?", []any{p.RID}}
	if o.backward {
		same.sql = "r.rid < ?"
	}
	// What has no value comes last, and first in descending order.
	switch {
	case o.column == "":
		return same
	case p.Key == nil && o.descending:
		return both(both(condition{sql: o.column + " IS NULL"}, "AND", same), "OR", condition{sql: o.column + " IS NOT NULL"})
	case p.Key == nil:
		return both(condition{sql: o.column + " IS NULL"}, "AND", same)
	}
	op := " > ?"
	if o.descending {
		op = " < ?"
	}
	c := both(condition{o.column + op, []any{*p.Key}}, "OR", both(condition{o.column + " = ?", []any{*p.Key}}, "AND", same))
	if !o.descending {
		c = both(c, "OR", condition{sql: o.column + " IS NULL"})
	}
	return c
}

// pageByCursor fills in the resources of a page, and the cursors to those beside it.
func (s *Store) pageByCursor(ctx context.Context, q *server.Query, page *server.Page, where condition, o order) error {
	mark, err := q.Mark()
	if err != nil {
		return err
	}
	var at place
	if mark != "" {
		if err := json.Unmarshal([]byte(mark), &at); err != nil {
			return server.InvalidCursor()
		}
		where = both(where, "AND", o.beyond(at))
	}
	if q.Count == 0 {
		return nil
	}
	if at.Before {
		o = o.reversed()
	}
	rows, err := s.rows(ctx, o, where, q.Count+1, 0)
	if err != nil {
		return err
	}
	more := len(rows) > q.Count
	rows = rows[:min(len(rows), q.Count)]
	// On the side that the page was come from there is at least what the cursor was made of, unless it was deleted.
	earlier, later := mark != "", more
	if at.Before {
		slices.Reverse(rows)
		earlier, later = more, true
	}
	if len(rows) > 0 && later {
		if page.NextCursor, err = s.cursor(q, placeOf(rows[len(rows)-1], false)); err != nil {
			return err
		}
	}
	if len(rows) > 0 && earlier {
		if page.PreviousCursor, err = s.cursor(q, placeOf(rows[0], true)); err != nil {
			return err
		}
	}
	page.Resources, err = s.complete(ctx, s.db.db, q.Type, rows, q.Projection)
	return err
}

func (s *Store) cursor(q *server.Query, p place) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	return q.NewCursor(string(b))
}
