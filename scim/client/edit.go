package client

import (
	"fmt"
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// edit is a change of one resource, understood.
type edit struct {
	k       *kind
	id      string
	version string // what the plan was made from; "" does not matter
	state   *bool  // active
	ext     string // externalId, if it changes
	names   []name
	values  map[string][]string // by canonical path
	manager *string             // id; "" clears
	add     []provisioning.Ref  // members
	remove  []provisioning.Ref
}

// edit works out what a change does.
func (d *Directory) edit(c *provisioning.Change) (*edit, error) {
	k, err := d.kind(c.Kind)
	if err != nil {
		return nil, err
	}
	e := &edit{k: k, id: string(c.Target), values: map[string][]string{}}
	before := c.Before
	if before == nil {
		before = &provisioning.Record{Disabled: c.After != nil && !c.After.Disabled}
	} else {
		e.version = before.Version
	}
	if a := c.After; a != nil {
		if k.active && a.Disabled != before.Disabled {
			active := !a.Disabled
			e.state = &active
		}
		if a.ExternalID != "" && a.ExternalID != before.ExternalID {
			e.ext = string(a.ExternalID)
		}
		for _, written := range c.Changed() {
			n, err := k.name(written)
			if err != nil {
				return nil, err
			}
			values, err := k.canonical(n, a.Attributes[written])
			if err != nil {
				return nil, err
			}
			e.names = append(e.names, n)
			e.values[n.path] = values
		}
		e.names = k.order(e.names, a.Attributes)
	}
	for _, written := range c.RefNames() {
		ref, err := k.refName(written)
		if err != nil {
			return nil, err
		}
		add, remove := targets(c.Add[written]), targets(c.Remove[written])
		if ref == "members" {
			e.add, e.remove = append(e.add, add...), append(e.remove, remove...)
		} else if len(add) > 0 {
			id := string(add[len(add)-1].ID)
			e.manager = &id
		} else if len(remove) > 0 {
			none := ""
			e.manager = &none
		}
	}
	return e, nil
}

func targets(links []provisioning.Link) []provisioning.Ref {
	refs := make([]provisioning.Ref, len(links))
	for i, l := range links {
		refs[i] = provisioning.Ref{Kind: l.Kind, ID: l.Target}
	}
	return refs
}

// attributes reports whether there is anything to change besides members.
func (e *edit) attributes() bool {
	return e.state != nil || e.ext != "" || len(e.names) > 0 || e.manager != nil
}

// what names what is changed.
func (e *edit) what() string {
	var list []string
	if e.ext != "" {
		list = append(list, "externalId")
	}
	for _, n := range e.names {
		list = append(list, n.path)
	}
	if e.manager != nil {
		list = append(list, "manager")
	}
	return fmt.Sprint(list)
}

// reads reports whether the operations depend on what is there now.
func (e *edit) reads() bool {
	return slices.ContainsFunc(e.names, func(n name) bool { return n.top.Type == scim.Complex && n.top.MultiValued })
}

// operations are the PATCH that makes the resource as it shall be.
func (e *edit) operations(now *scim.Resource) []scim.PatchOperation {
	var ops []scim.PatchOperation
	put := func(path string, v any, clear bool) {
		if clear {
			ops = append(ops, scim.PatchOperation{Op: scim.Remove, Path: path})
		} else {
			ops = append(ops, scim.PatchOperation{Op: scim.Replace, Path: path, Value: v})
		}
	}
	if e.state != nil {
		put("active", *e.state, false)
	}
	if e.ext != "" {
		put("externalId", e.ext, false)
	}
	var wholes []*scim.Attribute
	var made *scim.Resource
	for _, n := range e.names {
		values := e.values[n.path]
		switch {
		case n.top.Type == scim.Complex && n.top.MultiValued:
			if made == nil {
				made = now.Clone()
			}
			e.k.set(made, n, values)
			if !slices.Contains(wholes, n.top) {
				wholes = append(wholes, n.top)
			}
		case n.top.MultiValued:
			put(n.path, encodeAll(n.leaf(), values), len(values) == 0)
		case len(values) == 0:
			put(n.path, nil, true)
		default:
			put(n.path, encode(n.leaf(), values[0]), false)
		}
	}
	for _, a := range wholes {
		list, old := holderOf(made, a).GetValues(a.Name), holderOf(now, a).GetValues(a.Name)
		if len(list) > 0 || len(old) > 0 {
			put(a.Path(), list, len(list) == 0)
		}
	}
	if e.manager != nil {
		put(e.k.manager.Path(), scim.NewObject(scim.Member{Name: "value", Value: *e.manager}), *e.manager == "")
	}
	return ops
}

// holderOf gives the object that has an attribute: the resource, or its extension.
func holderOf(r *scim.Resource, a *scim.Attribute) *scim.Object {
	if p := a.Parent(); p != nil {
		return r.GetObject(p.Name)
	}
	return &r.Object
}

// apply changes a resource, and reports whether it differs now.
func (e *edit) apply(r *scim.Resource) bool {
	before := r.Clone()
	if e.state != nil {
		r.Set("active", *e.state)
	}
	if e.ext != "" {
		r.Set("externalId", e.ext)
	}
	for _, n := range e.names {
		e.k.set(r, n, e.values[n.path])
	}
	if e.manager != nil {
		n := name{top: e.k.manager, sub: e.k.manager.Sub("value")}
		var values []string
		if *e.manager != "" {
			values = []string{*e.manager}
		}
		if ext := r.GetObject(e.k.manager.Parent().Name); ext != nil {
			ext.Delete(e.k.manager.Name)
		}
		e.k.set(r, n, values)
	}
	return !r.Object.Equal(&before.Object)
}
