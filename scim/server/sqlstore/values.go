package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// The parts of a resource, as they lie in the tables.
type parts struct {
	body, display string
	values        []value
	unique        []value
	members       []*scim.Object
	hasMembers    bool
}

// A value is a row of scim_values.
type value struct {
	path      string
	elem      int
	preferred int
	sort      string
}

const membersName, groupsName = "members", "groups"

// membersOf gives the attribute whose values lie in scim_members; nil for types without.
func membersOf(t *scim.ResourceType) *scim.Attribute {
	if a := t.Attribute(membersName); a != nil && a.Parent() == nil && a.MultiValued && a.Sub("value") != nil {
		return a
	}
	return nil
}

// hasGroups reports whether resources of the type have the groups they are in.
func hasGroups(t *scim.ResourceType) bool {
	a := t.Attribute(groupsName)
	return a != nil && a.MultiValued && a.Mutability == scim.ReadOnly && a.Sub("value") != nil
}

// split takes a resource apart. It changes r.
func split(t *scim.ResourceType, r *scim.Resource) (*parts, error) {
	p := &parts{display: r.GetString("displayName")}
	if membersOf(t) != nil {
		p.hasMembers = true
		for _, v := range r.GetValues(membersName) {
			if o, ok := v.(*scim.Object); ok {
				p.members = append(p.members, o)
			}
		}
		r.Delete(membersName)
	}
	if hasGroups(t) {
		r.Delete(groupsName)
	}
	r.Delete("meta")
	r.Delete("id")
	for _, a := range t.Unique() {
		for _, v := range a.Values(r) {
			p.unique = append(p.unique, value{path: a.Path(), sort: a.Key(v)})
		}
	}
	for _, a := range t.Attributes() {
		if v := r.Get(a.Name); v != nil {
			p.add(a, v, 0, 1)
		}
	}
	b, err := r.AppendJSON(nil)
	p.body = string(b)
	return p, err
}

// add enters the values of an attribute. A complex value has a row of its own, which says whether anything is in it.
func (p *parts) add(a *scim.Attribute, v any, elem, preferred int) {
	if a.Returned == scim.ReturnedNever {
		return // nothing may be found by a secret
	}
	switch v := v.(type) {
	case []any:
		first := 0
		for i, e := range v {
			if o, ok := e.(*scim.Object); ok && o.Get("primary") == true {
				first = i
				break
			}
		}
		inner := a.Parent() != nil && !a.Parent().IsExtension()
		for i, e := range v {
			at, is := elem, 0
			if !inner {
				at = i
			}
			if i == first {
				is = preferred
			}
			p.add(a, e, at, is)
		}
	case *scim.Object:
		marker := ""
		if present(v) {
			marker = "1"
		}
		p.values = append(p.values, value{a.Path(), elem, preferred, marker})
		for name, e := range v.All() {
			if sub := a.Sub(name); sub != nil && e != nil {
				p.add(sub, e, elem, preferred)
			}
		}
	case nil:
	default:
		p.values = append(p.values, value{a.Path(), elem, preferred, sortKey(a, v)})
	}
}

// present is what pr means (RFC 7644 section 3.4.2.2).
func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		for _, e := range v {
			if present(e) {
				return true
			}
		}
		return false
	case *scim.Object:
		for _, e := range v.All() {
			if present(e) {
				return true
			}
		}
		return false
	}
	return true
}

// sortKey is a value as it is compared: equal and in order as bytes exactly when the attribute says so. Numbers are
// equal, but not in order.
func sortKey(a *scim.Attribute, v any) string {
	if s, ok := v.(string); ok && a.Type == scim.DateTime {
		if t, err := scim.ParseTime(s); err == nil {
			return t.UTC().Format(timeFormat)
		}
		return "~" + s // after all that are dateTimes
	}
	return a.Key(v)
}

// parseTime gives the sort key of a dateTime in a filter.
func parseTime(s string) (string, bool) {
	t, err := scim.ParseTime(s)
	return t.UTC().Format(timeFormat), err == nil && t.Year() >= 0 && t.Year() <= 9999
}

// insert writes the parts of a resource that are not in its row.
func (s *Store) insert(ctx context.Context, tx *sql.Tx, space, rid int64, t *scim.ResourceType, p *parts) error {
	for _, u := range p.unique {
		n, err := s.db.exec(ctx, tx, "INSERT INTO scim_unique (space, path, hash, rid) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", space, u.path, hashKey(u.sort), rid)
		if err != nil {
			return err
		}
		if n == 0 {
			return scim.Errorf(scim.ErrUniqueness, "another %s has this %s", t.Name(), u.path)
		}
	}
	const chunk = 500
	for from := 0; from < len(p.values); from += chunk {
		part := p.values[from:min(from+chunk, len(p.values))]
		args := make([]any, 0, 6*len(part))
		for _, v := range part {
			args = append(args, rid, space, v.path, v.elem, v.preferred, v.sort)
		}
		rows := strings.TrimSuffix(strings.Repeat(list(6)+", ", len(part)), ", ")
		if _, err := s.db.exec(ctx, tx, "INSERT INTO scim_values (rid, space, path, elem, preferred, sort) VALUES "+rows, args...); err != nil {
			return err
		}
	}
	_, err := s.addMembers(ctx, tx, space, rid, t, p.members)
	return err
}

// update writes the parts of a resource in place of those that are stored.
func (s *Store) update(ctx context.Context, tx *sql.Tx, space int64, r *row, t *scim.ResourceType, p *parts, members bool) error {
	r.body = p.body
	if _, err := s.db.exec(ctx, tx, "UPDATE scim_resources SET modified = ?, display = ?, body = ? WHERE rid = ?", r.modified, p.display, p.body, r.rid); err != nil {
		return err
	}
	tables := []string{"scim_values", "scim_unique"}
	if members && p.hasMembers {
		tables = append(tables, "scim_members")
	}
	for _, table := range tables {
		if _, err := s.db.exec(ctx, tx, "DELETE FROM "+table+" WHERE rid = ?", r.rid); err != nil {
			return err
		}
	}
	return s.insert(ctx, tx, space, r.rid, t, p)
}
