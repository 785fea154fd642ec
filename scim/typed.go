package scim

import "slices"

// get reads strings into fields, and gives their names.
func get(o *Object, fields []field) (names []string) {
	for _, f := range fields {
		*f.p = o.GetString(f.name)
		names = append(names, f.name)
	}
	return names
}

// set writes the fields that have a value.
func set(o *Object, fields []field) {
	for _, f := range fields {
		if *f.p != "" {
			o.Set(f.name, *f.p)
		}
	}
}

// setObject writes fields as a complex attribute, if there is anything to write.
func setObject(o *Object, name string, fields []field) {
	sub := &Object{}
	set(sub, fields)
	if sub.Len() > 0 {
		o.Set(name, sub)
	}
}

func valuesOf(list []any) []Value {
	var values []Value
	for _, e := range list {
		switch e := e.(type) {
		case *Object:
			v := Value{Primary: isPrimary(e)}
			get(e, v.fields())
			values = append(values, v)
		case string:
			values = append(values, Value{Value: e})
		}
	}
	return values
}

func setValues(o *Object, name string, values []Value) {
	var list []any
	for _, v := range values {
		list = append(list, labelled(v.fields(), v.Primary))
	}
	if list != nil {
		o.Set(name, list)
	}
}

func labelled(fields []field, primary bool) *Object {
	o := &Object{}
	set(o, fields)
	if primary {
		o.Set("primary", true)
	}
	return o
}

// others gives the members of r with other names than those known.
func others(r *Resource, known []string) []Member {
	var list []Member
	for _, m := range r.members {
		if !slices.ContainsFunc(known, func(name string) bool { return foldEqual(name, m.Name) }) {
			list = append(list, m)
		}
	}
	return list
}

// finish completes a resource that was made of a typed one.
func finish(r *Resource, other []Member, meta Meta) {
	for _, m := range other {
		r.Set(m.Name, m.Value)
		if _, ok := m.Value.(*Object); ok && hasPrefixFold(m.Name, "urn:") && !r.HasSchema(m.Name) {
			r.SetSchemas(append(r.Schemas(), m.Name)...)
		}
	}
	if meta != (Meta{}) {
		r.SetMeta(meta)
	}
}
