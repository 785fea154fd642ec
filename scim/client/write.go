package client

import (
	"maps"
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
	names := make([]name, 0, len(r.Attributes))
	values := make(map[string][]string, len(r.Attributes))
	sorted := slices.AppendSeq(make([]string, 0, len(r.Attributes)), maps.Keys(r.Attributes))
	slices.Sort(sorted)
	for _, written := range sorted {
		if k.active && isOneOf(written, "active") {
			continue
		}
		n, err := k.name(written)
		if err != nil {
			return nil, err
		}
		if values[n.path], err = k.canonical(n, r.Attributes[written]); err != nil {
			return nil, err
		}
		names = append(names, n)
	}
	for _, n := range k.order(names, r.Attributes) {
		k.set(res, n, values[n.path])
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

// setWhole makes the values of a multi-valued attribute exactly those given.
func setWhole(old []any, n name, values []string) []any {
	var kept, gone []any
	missing := slices.Clone(values)
	for _, e := range old {
		v := valueOf(e, n.sub)
		if !slices.Contains(values, v) {
			gone = append(gone, e)
			continue
		}
		missing = slices.DeleteFunc(missing, func(m string) bool { return m == v })
		kept = append(kept, e) // one value may be there twice, with two types
	}
	if len(gone) == 1 && len(missing) == 1 {
		// One value takes the place of another, and keeps its type.
		return append(kept, changed(gone[0], n.sub, missing[0]))
	}
	for _, v := range missing {
		o := scim.NewObject(scim.Member{Name: n.sub.Name, Value: encode(n.sub, v)})
		if t := n.top.Sub("type"); t != nil && !n.bare && len(values) == 1 && slices.Contains(t.CanonicalValues, "work") {
			o.Set("type", "work")
		}
		kept = append(kept, o)
	}
	return kept
}

// setTyped makes the values of one type, or a part of them, those given, and leaves the other types alone.
func setTyped(old []any, n name, values []string) []any {
	var list []any
	missing := slices.Clone(values)
	var spare []any // of the type, with a value that is not wanted
	var plain []any // without type
	for _, e := range old {
		o, ok := e.(*scim.Object)
		switch {
		case ok && n.set() && o.GetString("type") == "" && slices.Contains(missing, valueOf(e, n.sub)):
			plain = append(plain, e)
		case !ok || canonicalType(n.top, o.GetString("type")) != n.typ:
			list = append(list, e)
		case !n.set():
			// A part: the first value of the type gets it, others lose it.
			c := o.Clone()
			setOne(c, n.sub, missing)
			given := len(missing) > 0
			missing = nil
			if given || holds(c) {
				list = append(list, c)
			}
		default:
			if i := slices.Index(missing, valueOf(e, n.sub)); i >= 0 {
				missing = slices.Delete(missing, i, i+1)
				list = append(list, e)
			} else {
				spare = append(spare, e)
			}
		}
	}
	for _, e := range plain {
		// What is wanted of this type is there without one, and gets it.
		i := slices.Index(missing, valueOf(e, n.sub))
		if i < 0 {
			list = append(list, e)
			continue
		}
		missing = slices.Delete(missing, i, i+1)
		c := e.(*scim.Object).Clone()
		c.Set("type", n.typ)
		list = append(list, c)
	}
	for _, v := range missing {
		if len(spare) > 0 {
			list = append(list, changed(spare[0], n.sub, v))
			spare = spare[1:]
			continue
		}
		list = append(list, scim.NewObject(
			scim.Member{Name: n.sub.Name, Value: encode(n.sub, v)},
			scim.Member{Name: "type", Value: n.typ},
		))
	}
	return list
}

// changed gives an element with another value. What else it says is not ours.
func changed(e any, value *scim.Attribute, v string) any {
	o, ok := e.(*scim.Object)
	if !ok {
		return encode(value, v)
	}
	c := o.Clone()
	c.Set(value.Name, encode(value, v))
	return c
}

// holds reports whether an element says anything besides what it is.
func holds(o *scim.Object) bool {
	for member, v := range o.All() {
		if v != nil && !isOneOf(member, "type", "primary", "display") {
			return true
		}
	}
	return false
}

func valueOf(e any, value *scim.Attribute) string {
	if o, ok := e.(*scim.Object); ok {
		e = o.Get(value.Name)
	}
	k := kind{}
	return k.decode(value, "", e)
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
