package client

import (
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// resource makes the resource of a record that is to be created.
func (k *kind) resource(r *provisioning.Record) (*scim.Resource, error) {
	res := scim.NewResource(k.typ.Schema().ID)
	if r.ExternalID != "" {
		res.Set("externalId", string(r.ExternalID))
	}
	if k.active {
		res.Set("active", !r.Disabled)
	}
	f, err := k.form(r.Attributes)
	if err != nil {
		return nil, err
	}
	for _, n := range f {
		values, err := k.canonical(n.name, r.Attributes[n.written])
		if err != nil {
			return nil, err
		}
		k.set(res, n.name, values)
	}
	markPrimary(res)
	return res, nil
}

// order sorts names of a record's attributes as they are to be set: the values of one type before those
// of all, which then are there already, and the value of an element before what describes it, which
// goes to the element that has the value then.
func (k *kind) order(names []name, attrs provisioning.Attributes) []name {
	for i, n := range names {
		if n.typed || !n.top.MultiValued {
			continue
		}
		for written := range attrs {
			other, err := k.name(written)
			names[i].bare = names[i].bare || err == nil && other.typed && other.top == n.top
		}
	}
	rank := func(n name) int {
		switch {
		case n.set() && n.typed:
			return 0
		case n.set():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(names, func(a, b name) int { return rank(a) - rank(b) })
	return names
}

// set gives an attribute of a resource its values. Of a multi-valued attribute, what was said about a
// value that stays (its type, whether it is the primary one) is kept.
func (k *kind) set(res *scim.Resource, n name, values []string) {
	holder := &res.Object
	if p := n.top.Parent(); p != nil {
		ext := res.GetObject(p.Name)
		if ext == nil {
			if len(values) == 0 {
				return
			}
			ext = scim.NewObject()
			res.Set(p.Name, ext)
			if !res.HasSchema(p.Name) {
				res.SetSchemas(append(res.Schemas(), p.Name)...)
			}
		}
		holder = ext
	}
	switch {
	case n.top.Type == scim.Complex && n.top.MultiValued:
		var list []any
		if n.typed {
			list = setTyped(holder.GetValues(n.top.Name), n, values)
		} else {
			list = setWhole(holder.GetValues(n.top.Name), n, values)
		}
		if len(list) == 0 {
			holder.Delete(n.top.Name)
			return
		}
		holder.Set(n.top.Name, list)
	case n.top.Type == scim.Complex:
		o := holder.GetObject(n.top.Name).Clone()
		if o == nil {
			o = scim.NewObject()
		}
		setOne(o, n.sub, values)
		if o.Len() == 0 {
			holder.Delete(n.top.Name)
			return
		}
		holder.Set(n.top.Name, o)
	case n.top.MultiValued:
		if len(values) == 0 {
			holder.Delete(n.top.Name)
			return
		}
		holder.Set(n.top.Name, encodeAll(n.top, values))
	default:
		setOne(holder, n.top, values)
	}
}

func setOne(o *scim.Object, a *scim.Attribute, values []string) {
	if len(values) == 0 {
		o.Delete(a.Name)
		return
	}
	o.Set(a.Name, encode(a, values[0]))
}

func encodeAll(a *scim.Attribute, values []string) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = encode(a, v)
	}
	return list
}

// markPrimary names the address that mail goes to, as many services expect: the only one, or the only one for work.
func markPrimary(res *scim.Resource) {
	var best *scim.Object
	list := res.GetValues("emails")
	for _, e := range list {
		o, ok := e.(*scim.Object)
		if !ok || o.Has("primary") {
			return
		}
		if len(list) == 1 || foldEqual(o.GetString("type"), "work") {
			if best != nil {
				return
			}
			best = o
		}
	}
	if best != nil {
		best.Set("primary", true)
	}
}
