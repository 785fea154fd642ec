package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// inChunk bounds the parameters of one statement.
const inChunk = 500

// addMembers adds members that a group does not have, and gives how many those were.
func (s *Store) addMembers(ctx context.Context, tx *sql.Tx, space, rid int64, t *scim.ResourceType, members []*scim.Object) (added int64, err error) {
	if len(members) == 0 {
		return 0, nil
	}
	value := membersOf(t).Sub("value")
	for part := range slices.Chunk(members, inChunk) {
		args := make([]any, 0, 5*len(part))
		for _, o := range part {
			var body any
			if o.Len() > 1 {
				b, err := o.AppendJSON(nil)
				if err != nil {
					return 0, err
				}
				body = string(b)
			}
			args = append(args, space, rid, o.GetString("value"), value.Key(o.Get("value")), body)
		}
		rows := strings.TrimSuffix(strings.Repeat(list(5)+", ", len(part)), ", ")
		n, err := s.db.exec(ctx, tx, "INSERT INTO scim_members (space, rid, value, name, body) VALUES "+rows+" ON CONFLICT DO NOTHING", args...)
		if err != nil {
			return 0, err
		}
		added += n
	}
	return added, nil
}

// removeMembers removes members, and gives how many there were.
func (s *Store) removeMembers(ctx context.Context, tx *sql.Tx, rid int64, t *scim.ResourceType, values []string) (removed int64, err error) {
	value := membersOf(t).Sub("value")
	for part := range slices.Chunk(values, inChunk) {
		args := []any{rid}
		for _, v := range part {
			args = append(args, value.Key(v))
		}
		n, err := s.db.exec(ctx, tx, "DELETE FROM scim_members WHERE rid = ? AND name IN "+list(len(part)), args...)
		if err != nil {
			return 0, err
		}
		removed += n
	}
	return removed, nil
}

// Patch changes the members of a group, and the rest of it, in one step.
func (s *Store) Patch(ctx context.Context, t *scim.ResourceType, id string, p *server.Patch) (*scim.Resource, error) {
	space, err := s.space(ctx, t)
	if err != nil {
		return nil, s.fail("patch", t, id, err)
	}
	var patched *scim.Resource
	err = s.db.write(ctx, func(tx *sql.Tx) error {
		patched = nil
		stored, err := s.lock(ctx, tx, space, t, id, p.IfVersion)
		if err != nil {
			return err
		}
		changed, err := s.patchMembers(ctx, tx, space, stored.rid, t, p.Membership)
		if err != nil {
			return err
		}
		var rest *parts
		if p.Change != nil {
			before, err := stored.resource(t)
			if err != nil {
				return err
			}
			next, differs, err := p.Change(before)
			if err != nil {
				return err
			}
			if differs {
				if rest, err = split(t, next.Clone()); err != nil {
					return err
				}
			}
		}
		unchanged := !changed && rest == nil
		switch {
		case unchanged:
			stored.version-- // what lock made of it is undone
		case rest != nil:
			stored.modified = now()
			err = s.update(ctx, tx, space, stored, t, rest, false)
		default:
			stored.modified = now()
			_, err = s.db.exec(ctx, tx, "UPDATE scim_resources SET modified = ? WHERE rid = ?", stored.modified, stored.rid)
		}
		if err != nil {
			return err
		}
		list, err := s.completeSome(ctx, tx, t, []row{*stored}, p.Projection, p.Most)
		if err != nil {
			return err
		}
		if patched = list[0]; unchanged {
			return errUnchanged
		}
		return nil
	})
	if err != nil {
		return nil, s.fail("patch", t, id, err)
	}
	return patched, nil
}

// patchMembers does m to the members of a group, and reports whether that changed them.
func (s *Store) patchMembers(ctx context.Context, tx *sql.Tx, space, rid int64, t *scim.ResourceType, m *scim.Membership) (changed bool, err error) {
	if m == nil {
		return false, nil
	}
	if m.Replace {
		return s.setMembers(ctx, tx, space, rid, t, m.Add)
	}
	removed, err := s.removeMembers(ctx, tx, rid, t, m.Remove)
	if err != nil {
		return false, err
	}
	added, err := s.addMembers(ctx, tx, space, rid, t, m.Add)
	return removed+added > 0, err
}

// setMembers puts members in place of those that a group has, and reports whether they differ.
func (s *Store) setMembers(ctx context.Context, tx *sql.Tx, space, rid int64, t *scim.ResourceType, members []*scim.Object) (changed bool, err error) {
	attribute := membersOf(t)
	value := attribute.Sub("value")
	wanted := make(map[string]*scim.Object, len(members))
	for _, o := range members {
		wanted[value.Key(o.Get("value"))] = o
	}
	var gone []string
	err = s.db.query(ctx, tx, func(rows *sql.Rows) error {
		var v, name string
		var body sql.NullString
		if err := rows.Scan(&v, &name, &body); err != nil {
			return err
		}
		has, err := member(v, body)
		if err != nil {
			return err
		}
		if o := wanted[name]; o == nil || !attribute.EqualValues(has, o) {
			gone = append(gone, v)
		}
		return nil
	}, "SELECT value, name, body FROM scim_members WHERE rid = ?", rid)
	if err != nil {
		return false, err
	}
	removed, err := s.removeMembers(ctx, tx, rid, t, gone)
	if err != nil {
		return false, err
	}
	added, err := s.addMembers(ctx, tx, space, rid, t, members)
	return removed+added > 0, err
}

// member makes the value of a row of scim_members.
func member(value string, body sql.NullString) (*scim.Object, error) {
	if !body.Valid {
		return scim.NewObject(scim.Member{Name: "value", Value: value}), nil
	}
	return scim.DecodeObject([]byte(body.String), unlimited)
}

// leaveGroups takes a resource out of the tenant's groups. It locks the groups before their members, as a PATCH of a
// group does, so that neither waits for the other.
func (s *Store) leaveGroups(ctx context.Context, tx *sql.Tx, id string) error {
	const mine = " FROM scim_members WHERE value = ? AND space IN (SELECT space FROM scim_spaces WHERE tenant = ?)"
	var groups []int64
	err := s.db.query(ctx, tx, func(rows *sql.Rows) error {
		var rid int64
		err := rows.Scan(&rid)
		groups = append(groups, rid)
		return err
	}, "SELECT rid"+mine+" ORDER BY rid", id, s.tenant)
	if err != nil || len(groups) == 0 {
		return err
	}
	at := now()
	for _, rid := range groups {
		if _, err := s.db.exec(ctx, tx, "UPDATE scim_resources SET version = version + 1, modified = ? WHERE rid = ?", at, rid); err != nil {
			return err
		}
	}
	_, err = s.db.exec(ctx, tx, "DELETE"+mine, id, s.tenant)
	return err
}

// complete makes the resources of rows, with what of their members and groups p shows.
func (s *Store) complete(ctx context.Context, q querier, t *scim.ResourceType, rows []row, p *scim.Projection) ([]*scim.Resource, error) {
	return s.completeSome(ctx, q, t, rows, p, 0)
}

// completeSome is complete that reads one more member than most, if that is not 0.
func (s *Store) completeSome(ctx context.Context, q querier, t *scim.ResourceType, rows []row, p *scim.Projection, most int) ([]*scim.Resource, error) {
	list := make([]*scim.Resource, len(rows))
	byRow, byID := make(map[any]int, len(rows)), make(map[any]int, len(rows))
	for i := range rows {
		var err error
		if list[i], err = rows[i].resource(t); err != nil {
			return nil, err
		}
		byRow[rows[i].rid], byID[rows[i].id] = i, i
	}
	if membersOf(t) != nil && (p == nil || p.Includes(membersName)) {
		values := make([][]any, len(list))
		limit := ""
		if most > 0 {
			limit = " LIMIT " + strconv.Itoa(most+1)
		}
		err := s.in(ctx, q, byRow, func(rows *sql.Rows) error {
			var rid int64
			var value string
			var body sql.NullString
			if err := rows.Scan(&rid, &value, &body); err != nil {
				return err
			}
			o, err := member(value, body)
			i := byRow[rid]
			values[i] = append(values[i], o)
			return err
		}, "SELECT rid, value, body FROM (SELECT mid, rid, value, body FROM scim_members WHERE rid IN {}"+limit+") m ORDER BY mid")
		if err != nil {
			return nil, err
		}
		attach(list, membersName, values)
	}
	if hasGroups(t) && (p == nil || p.Includes(groupsName)) {
		values := make([][]any, len(list))
		err := s.in(ctx, q, byID, func(rows *sql.Rows) error {
			var user, id, display string
			if err := rows.Scan(&user, &id, &display); err != nil {
				return err
			}
			o := scim.NewObject(scim.Member{Name: "value", Value: id})
			if display != "" {
				o.Set("display", display)
			}
			o.Set("type", "direct")
			i := byID[user]
			values[i] = append(values[i], o)
			return nil
		}, "SELECT m.value, g.id, g.display FROM scim_members m JOIN scim_resources g ON g.rid = m.rid WHERE m.space IN (SELECT space FROM scim_spaces WHERE tenant = ?) AND m.value IN {} ORDER BY g.rid", s.tenant)
		if err != nil {
			return nil, err
		}
		attach(list, groupsName, values)
	}
	return list, nil
}

func attach(list []*scim.Resource, name string, values [][]any) {
	for i, v := range values {
		if len(v) > 0 {
			list[i].Set(name, v)
		}
	}
}

// in runs a query for a set of keys, in parts that a database takes, each in place of {}.
func (s *Store) in(ctx context.Context, q querier, keys map[any]int, scan func(*sql.Rows) error, query string, args ...any) error {
	all := make([]any, 0, len(keys))
	for k := range keys {
		all = append(all, k)
	}
	for part := range slices.Chunk(all, inChunk) {
		err := s.db.query(ctx, q, scan, strings.Replace(query, "{}", list(len(part)), 1), append(slices.Clone(args), part...)...)
		if err != nil {
			return err
		}
	}
	return nil
}
