package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// List gives a page of resources, in the order of their creation unless the query has one. The database filters, sorts and
// pages; only what it cannot say exactly, as the comparison of numbers by size, is done here, with what
// the rest of the filter leaves.
func (s *Store) List(ctx context.Context, q *server.Query) (*server.Page, error) {
	page, err := s.list(ctx, q)
	if err != nil {
		return nil, s.fail("list", q.Type, "", err)
	}
	return page, nil
}

func (s *Store) list(ctx context.Context, q *server.Query) (*server.Page, error) {
	space, err := s.space(ctx, q.Type)
	if err != nil {
		return nil, err
	}
	where, exact := s.where(q.Type, space, q.Filter.Expression())
	where = both(condition{"r.space = ?", []any{space}}, "AND", where)
	order, sortable := newOrder(q)
	if !exact || !sortable {
		return s.listHere(ctx, q, where)
	}
	page := &server.Page{}
	if q.ByCursor {
		if page.Total, err = s.count(ctx, where); err != nil {
			return nil, err
		}
		return page, s.pageByCursor(ctx, q, page, where, order)
	}
	var rows []row
	if q.Count > 0 {
		if rows, err = s.rows(ctx, order, where, q.Count, q.StartIndex-1); err != nil {
			return nil, err
		}
	}
	// A page that is not full is the last, and tells the total by itself.
	if page.Total = q.StartIndex - 1 + len(rows); len(rows) == q.Count || len(rows) == 0 && q.StartIndex > 1 {
		if page.Total, err = s.count(ctx, where); err != nil {
			return nil, err
		}
	}
	page.Resources, err = s.complete(ctx, s.db.db, q.Type, rows, q.Projection)
	return page, err
}

// listHere answers a query from all resources that the condition leaves.
func (s *Store) listHere(ctx context.Context, q *server.Query, where condition) (*server.Page, error) {
	rows, err := s.rows(ctx, order{}, where, -1, 0)
	if err != nil {
		return nil, err
	}
	// Members are a lot to read, so only when they are looked at.
	var without []string
	for _, name := range []string{membersName, groupsName} {
		if !q.Mentions(name) && q.Type.Attribute(name) != nil {
			without = append(without, name)
		}
	}
	bare, err := q.Type.Projection(nil, without, nil)
	if err != nil {
		return nil, err
	}
	if len(without) == 0 {
		bare = nil
	}
	list, err := s.complete(ctx, s.db.db, q.Type, rows, bare)
	if err != nil {
		return nil, err
	}
	page, err := q.SelectContext(ctx, slices.Values(list))
	if err != nil || len(without) == 0 {
		return page, err
	}
	byID := make(map[string]row, len(rows))
	for _, r := range rows {
		byID[r.id] = r
	}
	rows = rows[:0]
	for _, r := range page.Resources {
		rows = append(rows, byID[r.ID()])
	}
	page.Resources, err = s.complete(ctx, s.db.db, q.Type, rows, q.Projection)
	return page, err
}

func (s *Store) count(ctx context.Context, where condition) (n int, err error) {
	err = s.db.db.QueryRowContext(ctx, s.db.bind("SELECT COUNT(*) FROM scim_resources r WHERE "+where.sql), where.args...).Scan(&n)
	return n, err
}

// An order is SQL that sorts, by the preferred value of an attribute and then by age. The zero order is by age.
type order struct {
	path       string
	descending bool
	// column is what is sorted by, where that is a column of the resource.
	column string
	// backward sorts the youngest first of those that have the same value.
	backward bool
}

// reversed is the order from the other end.
func (o order) reversed() order {
	o.descending, o.backward = !o.descending, !o.backward
	return o
}

// newOrder gives the order of a query, and whether the database can sort so.
func newOrder(q *server.Query) (o order, ok bool) {
	if q.Order == nil {
		return order{}, true
	}
	a, descending := q.Order.Attribute()
	o = order{path: a.Path(), descending: descending}
	switch o.path {
	case "id":
		o.column = "r.id"
	case "meta.created":
		o.column = "r.created"
	case "meta.lastModified":
		o.column = "r.modified"
	default:
		if name := top(a).Name; name == "meta" || name == groupsName || name == membersName {
			return order{}, false
		}
		o.column = "o.sort"
	}
	return o, a.Type != scim.Integer && a.Type != scim.Decimal && a.Type != scim.Complex
}

// join gives the row of the value that is sorted by, if the order needs one.
func (o order) join() condition {
	if o.column != "o.sort" {
		return condition{}
	}
	return condition{" LEFT JOIN scim_values o ON o.rid = r.rid AND o.path = ? AND o.preferred = 1", []any{o.path}}
}

// by is the ORDER BY: what has no value comes last, and first in descending order.
func (o order) by() string {
	age := "r.rid"
	if o.backward {
		age = "r.rid DESC"
	}
	switch {
	case o.column == "":
		return age
	case o.descending:
		return "CASE WHEN " + o.column + " IS NULL THEN 0 ELSE 1 END, " + o.column + " DESC, " + age
	}
	return "CASE WHEN " + o.column + " IS NULL THEN 1 ELSE 0 END, " + o.column + ", " + age
}

// rows gives the rows that satisfy a condition, in order; a negative limit is none.
func (s *Store) rows(ctx context.Context, o order, where condition, limit, offset int) ([]row, error) {
	join, sort := o.join(), "NULL"
	if o.column != "" {
		sort = o.column
	}
	query := "SELECT " + columns + ", " + sort + " FROM scim_resources r" + join.sql + " WHERE " + where.sql + " ORDER BY " + o.by()
	args := append(join.args, where.args...)
	if limit >= 0 {
		query += " LIMIT ? OFFSET ?"
		args = append(args, limit, offset)
	}
	var list []row
	err := s.db.query(ctx, s.db.db, func(rows *sql.Rows) error {
		var r row
		err := rows.Scan(&r.rid, &r.id, &r.version, &r.created, &r.modified, &r.body, &r.sort)
		list = append(list, r)
		return err
	}, query, args...)
	return list, err
}
