package ldapsource

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// absent says of records that they are gone: deleted, or no longer in scope. Of what is still there elsewhere it
// gives the name, and notes all that lies below it, for that moved with it.
func (d *deltas) absent(ctx context.Context, ids []provisioning.ID, yield func(provisioning.Delta, error) bool) (left []string, err error) {
	kinds := map[provisioning.ID][]int{}
	var containers []string
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Attributes: []string{d.rules.ID, "objectClass", "isDeleted", "hasSubordinates"},
		Controls: d.controls()}
	if d.active() {
		req.Controls = append(req.Controls, showDeleted(d.conn.root)...)
	}
	err = d.byID(ctx, d.parts, req, ids, func(e *entry.Entry) error {
		id, err := d.rules.id(e)
		if err != nil {
			return nil
		}
		list := d.possible(e)
		kinds[id] = list
		if strings.EqualFold(e.First("isDeleted"), "TRUE") {
			return nil
		}
		if len(list) > 0 {
			left = append(left, e.DN)
		}
		m := d.marks[id]
		if d.active() && m&renamed != 0 && len(list) == 0 || strings.EqualFold(e.First("hasSubordinates"), "TRUE") && m&(renamed|unclear) != 0 {
			containers = append(containers, e.DN)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	group := d.rules.kindNumber(provisioning.Group)
	for _, id := range ids {
		list, there := kinds[id]
		if !there {
			list = d.rules.numbers()
		}
		if d.options.needsGraph() && slices.Contains(list, group) {
			return nil, expired("an entry is gone that may have been a group with others in it")
		}
		for _, k := range list {
			if !yield(provisioning.Delta{Ref: provisioning.Ref{Kind: d.rules.order[k], ID: id}}, nil) {
				return nil, errLeft
			}
		}
	}
	return left, d.below(ctx, containers)
}

// possible gives the kinds that an entry may have been of. In Active Directory an entry keeps its class.
func (d *deltas) possible(e *entry.Entry) []int {
	var list []int
	for k, f := range d.rules.kinds {
		if !d.active() || f.Possible("objectClass", e.Get("objectClass"), structural) {
			list = append(list, k)
		}
	}
	return list
}

// structural are the classes of which an entry of Active Directory is all its life, or never.
func structural(class string) bool {
	return slices.Contains([]string{"user", "person", "organizationalperson", "inetorgperson", "group", "computer", "contact",
		"organizationalunit", "container"}, strings.ToLower(class))
}

// below notes all entries below some names.
func (d *deltas) below(ctx context.Context, names []string) error {
	for _, name := range names {
		req := wire.Request{Scope: ldap.ScopeWholeSubtree, Filter: presentFilter, Attributes: []string{d.rules.ID}, Controls: d.controls()}
		form, _ := dn.Fold(name)
		err := d.eachBelow(ctx, []string{name}, req, func(e *entry.Entry) error {
			if f, err := dn.Fold(e.DN); err != nil || f == form {
				return nil
			}
			if id, err := d.rules.id(e); err == nil && d.marks[id] == 0 {
				d.note(id, renamed)
			}
			return nil
		})
		if err != nil && !isResult(err, ldap.LDAPResultNoSuchObject) {
			return err
		}
	}
	return nil
}

// referrers notes the entries that refer to some names. A reference to an entry that left the scope, or came into it,
// leads to nothing, or to something, without a change of the entry that has it, and it is given by the new name. Groups
// are left alone when nobody can have come or gone.
func (d *deltas) referrers(ctx context.Context, names []string, groups bool) error {
	var attributes []string
	for _, ref := range d.rules.References {
		if ref.Long && !groups {
			continue
		}
		asked := slices.ContainsFunc(d.shapes, func(s *shape) bool { return s.refs[ref.Name] && slices.Contains(ref.Of, s.kind) })
		if asked && !slices.Contains(attributes, ref.Attribute) {
			attributes = append(attributes, ref.Attribute)
		}
	}
	if len(attributes) == 0 {
		return nil
	}
	for some := range slices.Chunk(names, atOnce) {
		any := anyOf()
		for _, name := range some {
			for _, attribute := range attributes {
				any.AppendChild(equals(attribute, name))
			}
		}
		req := wire.Request{Scope: ldap.ScopeWholeSubtree, Filter: any, Attributes: []string{d.rules.ID}, Controls: d.controls()}
		err := d.each(ctx, req, func(e *entry.Entry) error {
			if id, err := d.rules.id(e); err == nil {
				d.note(id, changed)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restricted reports whether there are people and groups in the directory that are not in scope.
func (d *deltas) restricted() bool {
	o := &d.options
	whole := !slices.ContainsFunc(d.bases, func(base string) bool {
		return !slices.ContainsFunc(d.parts, func(part string) bool { return holds(base, part) })
	})
	return !whole || len(o.Filters)+len(o.Include)+len(o.Exclude)+len(o.MemberOf) > 0
}

// withHolders notes the groups whose members change when a group within them does. Of a group that the scope depends on
// no delta can tell who left it, and so, when it changed itself, everything has to be read.
func (d *deltas) withHolders(ctx context.Context, ids []provisioning.ID, decide bool) error {
	k := d.rules.kindNumber(provisioning.Group)
	if d.view.graph == nil || k < 0 || len(ids) == 0 {
		return nil
	}
	groups := map[table.Key]bool{}
	err := d.byID(ctx, d.bases, d.request(k, []string{d.rules.ID}), ids, func(e *entry.Entry) error {
		if d.view.fold(e) {
			groups[d.view.index.key(d.view.form)] = true
		}
		return nil
	})
	if err != nil || len(groups) == 0 {
		return err
	}
	for _, name := range d.options.MemberOf {
		form, _ := dn.Fold(name)
		root := d.view.index.key([]byte(form))
		inside := d.view.graph.within(nil, root)
		inside.Put(root, nil)
		defer inside.Close()
		for key := range groups {
			if decide && inside.Has(key) {
				return expired("who is in %s changed, and so did the scope", name)
			}
		}
	}
	if !d.options.Nested {
		return nil
	}
	d.view.graph.above(groups)
	for key := range groups {
		if ref, ok := d.view.index.ref(key); ok && ref.Kind == provisioning.Group {
			d.note(ref.ID, changed)
		}
	}
	return nil
}
