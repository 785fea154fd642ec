package scim

// DiffOptions say what the service that a PATCH is for cannot do. Nil and the zero value are a service that keeps
// RFC 7644.
type DiffOptions struct {
	// NoFilters says that it knows no value filters in paths, as GitHub and IAM Identity Center. A list of which values
	// go or change is then sent whole, or what goes is listed if RemoveByValue says so.
	NoFilters bool
	// RemoveByValue removes values of lists by naming them in the value of the operation, as Entra ID does. A service
	// that keeps RFC 7644 to the letter removes ALL values of the list then.
	RemoveByValue bool
	// NoWholeLists never replaces or clears a list as a whole, which IAM Identity Center refuses, and which undoes what
	// others add to the list at the same time.
	NoWholeLists bool
}

// Diff gives the PATCH (RFC 7644 section 3.5.2) that makes of before what after says: the fewest operations and
// values, each with a path, in the order of the schema; none if nothing differs. Both are whole (what before was read
// without would be added again) and spelled as the schema says, as those of [ResourceType.Decode] are, and are not changed. Values are compared as they are spelled, so that a change of
// case is a change, and lists without regard to order.
//
// Of a list, values are added, removed (members[value eq "2819c223"]) and changed (emails[type eq "work"].value), so
// that one member more or less of a large group costs that member; the list is replaced as a whole only where that
// sends less, and never that of references, such as members, unless nothing is left of it. What is not mentioned in
// after is removed, with these exceptions: readOnly attributes are never written, one that is never returned
// (a password) stays if after has none, and so does what a reference says besides its "value" and cannot change.
//
// Errors are of class [ErrMutability] for a change of what is immutable and [ErrInvalidValue] for a required attribute
// that after lacks. What the service cannot do, by o, wraps [errors.ErrUnsupported].
func (t *ResourceType) Diff(before, after *Resource, o *DiffOptions) (*PatchRequest, error) {
	d := differ{typ: t, before: before, request: &PatchRequest{}}
	if o != nil {
		d.DiffOptions = *o
	}
	for _, a := range t.attributes {
		if a.Name == "schemas" {
			continue // they follow from what the resource has
		}
		if err := d.attribute(a, before.Get(a.Name), after.Get(a.Name)); err != nil {
			return nil, err
		}
	}
	return d.request, nil
}

type differ struct {
	DiffOptions
	typ     *ResourceType
	before  *Resource
	request *PatchRequest
}

// attribute compares an attribute that is in no list.
func (d *differ) attribute(a *Attribute, old, new any) error {
	if a.Mutability == ReadOnly {
		return nil
	}
	old, new = assignedValue(old), assignedValue(new)
	list := a.MultiValued && a.Type == Complex
	switch {
	case old == nil && new == nil, !list && !a.ext && a.sameWritable(old, new):
		return nil
	case new == nil && a.Returned == ReturnedNever:
		return nil
	case a.Mutability == Immutable && old != nil:
		if new != nil && a.EqualValues(a.writable(old), a.writable(new)) {
			return nil
		}
		return immutable(a)
	}
	if a.requires {
		if err := a.checkRequired(new); err != nil {
			return err
		}
	}
	switch {
	case a.ext:
		o, _ := old.(*Object)
		n, _ := new.(*Object)
		return d.members(a, o, n)
	case a.MultiValued:
		o, _ := old.([]any)
		n, ok := new.([]any)
		if !ok && new != nil {
			return Errorf(ErrInvalidValue, "%s takes a list of values", a.path)
		}
		return d.list(a, o, n)
	case new == nil:
		d.request.Remove(a.path)
	case a.Type == Complex && old != nil:
		return d.complex(a, old, new)
	default:
		d.put(a.path, old, a.writable(new))
	}
	return nil
}

// put sets what is at a path, unless there is nothing that may be written.
func (d *differ) put(path string, old, new any) {
	switch {
	case new == nil:
	case old == nil:
		d.request.Add(path, new)
	default:
		d.request.Replace(path, new)
	}
}

// members compares the sub-attributes of an object: first what is set, then what goes, so that the object is
// never empty in between.
func (d *differ) members(a *Attribute, o, n *Object) error {
	for _, removed := range []bool{false, true} {
		for _, s := range a.SubAttributes {
			new := n.Get(s.Name)
			if (assignedValue(new) == nil) != removed {
				continue
			}
			if err := d.attribute(s, o.Get(s.Name), new); err != nil {
				return err
			}
		}
	}
	return nil
}

// complex compares a single-valued complex attribute. One that means something else now, as a manager with
// another id, is replaced, since what is known of the old one does not hold.
func (d *differ) complex(a *Attribute, old, new any) error {
	o, ok := old.(*Object)
	n, isObject := new.(*Object)
	if !ok || !isObject {
		return Errorf(ErrInvalidValue, "%s is complex, so its value is an object", a.path)
	}
	v := a.Sub("value")
	if v == nil || !n.Has("value") || v.sameWritable(o.Get("value"), n.Get("value")) {
		return d.members(a, o, n)
	}
	if v.Mutability != ReadOnly && v.EqualValues(o.Get("value"), n.Get("value")) { // another spelling
		for _, s := range a.SubAttributes {
			if s.Mutability == Immutable && o.Get(s.Name) != nil && !s.EqualValues(o.Get(s.Name), n.Get(s.Name)) {
				return immutable(s)
			}
		}
		d.put(a.path, old, a.writable(n))
		for _, s := range a.SubAttributes {
			if s.Mutability != ReadOnly && o.Get(s.Name) != nil && n.Get(s.Name) == nil {
				d.request.Remove(s.path)
			}
		}
		return nil
	}
	d.put(a.path, old, a.writable(n))
	return nil
}

// assignedValue gives nil for a value that is unassigned (RFC 7643 section 2.5).
func assignedValue(v any) any {
	switch w := v.(type) {
	case []any:
		if len(w) == 0 {
			return nil
		}
	case *Object:
		if w.Len() == 0 {
			return nil
		}
	}
	return v
}

// sameWritable reports whether two values are spelled the same in all that a client may write.
func (a *Attribute) sameWritable(x, y any) bool {
	o, ok := x.(*Object)
	p, isObject := y.(*Object)
	if !ok || !isObject {
		return exactAttribute.EqualValues(x, y)
	}
	return a.coversWritable(o, p) && a.coversWritable(p, o)
}

func (a *Attribute) coversWritable(x, y *Object) bool {
	for name, v := range y.All() {
		s := a.Sub(name)
		if s == nil {
			s = exactAttribute
		}
		if v != nil && s.Mutability != ReadOnly && !s.sameWritable(x.Get(name), v) {
			return false
		}
	}
	return true
}

// writable gives a copy of a value with what a client may write; nil if that is nothing.
func (a *Attribute) writable(v any) any { return assignedValue(a.dropReadOnly(cloneValue(v))) }
