package scim

// Values gives all values that r has of the attribute, in their order: one at most for a single-valued
// one, and for a sub-attribute of a multi-valued one those of all its values.
func (a *Attribute) Values(r *Resource) []any {
	var list []any
	a.each(&r.Object, func(v any) bool {
		list = append(list, v)
		return true
	})
	return list
}

// each calls f with every assigned value that the object at the top has of the attribute, until f says
// false. It reports whether it came to the end.
func (a *Attribute) each(top *Object, f func(any) bool) bool {
	if a.parent == nil {
		return eachValue(top.Get(a.Name), f)
	}
	return a.parent.each(top, func(v any) bool {
		o, ok := v.(*Object)
		return !ok || eachValue(o.Get(a.Name), f)
	})
}

func eachValue(v any, f func(any) bool) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		for _, e := range v {
			if e != nil && !f(e) {
				return false
			}
		}
		return true
	}
	return f(v)
}

// owner gives the object that the attribute, which has no multi-valued one above it, is a member of; nil if
// there is none.
func (a *Attribute) owner(top *Object) *Object {
	if a.parent == nil {
		return top
	}
	return a.parent.owner(top).GetObject(a.parent.Name)
}

// isBelow reports whether a is a sub-attribute of b, at any depth.
func (a *Attribute) isBelow(b *Attribute) bool {
	return a.parent != nil && (a.parent == b || a.parent.isBelow(b))
}

// Unique gives the attributes whose values no two resources may share (RFC 7643 section 2.2), without
// the id, which the service provider chooses.
func (t *ResourceType) Unique() []*Attribute {
	var list []*Attribute
	for _, a := range t.attributes {
		if a.Name != "id" {
			list = a.appendUnique(list)
		}
	}
	return list
}

func (a *Attribute) appendUnique(list []*Attribute) []*Attribute {
	if a.Uniqueness != UniqueNone {
		list = append(list, a)
	}
	for _, s := range a.SubAttributes {
		list = s.appendUnique(list)
	}
	return list
}
