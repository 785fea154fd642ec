package scim

// Apply gives r as the delta makes it, and whether it differs. r is not changed, and shares what is not
// changed with the answer; when nothing differs the answer is r itself. It fails, with an error of the classes
// of RFC 7644 section 3.5.2, without any effect.
func (d *Delta) Apply(r *Resource) (_ *Resource, changed bool, err error) {
	if len(d.ops) == 0 {
		return r, false, nil
	}
	a := applier{typ: d.typ, options: d.options, root: r.Object.shallow()}
	for i := range d.ops {
		if err := a.apply(&d.ops[i]); err != nil {
			return r, false, err
		}
		if a.visits > maxVisits {
			return r, false, Errorf(ErrTooLarge, "this PATCH is too much work for so many values; send fewer operations")
		}
	}
	a.flush(nil)
	if !a.changed {
		return r, false, nil
	}
	if err := a.check(d, r); err != nil || !a.changed {
		return r, false, err
	}
	d.typ.syncSchemas(a.root)
	return &Resource{*a.root}, true, nil
}

// maxVisits bounds how many values one PATCH may look at, each time it does.
const maxVisits = 20_000_000

// An applier holds a copy of a resource in the making. Objects are copied when they are first changed.
type applier struct {
	typ     *ResourceType
	options *Options
	root    *Object
	owned   map[*Object]bool // copies that are ours to change
	lists   []*valueList
	changed bool
	visits  int
}

// check completes the work: what is immutable is as it was, required attributes are still there, and what was changed
// differs in the end.
func (a *applier) check(d *Delta, before *Resource) error {
	differs := false
	for i := range d.ops {
		if im := d.ops[i].attr.immutable(); im != nil {
			old := im.owner(&before.Object).Get(im.Name)
			if old != nil && !im.EqualValues(old, im.owner(a.root).Get(im.Name)) {
				return immutable(im)
			}
		}
	}
	for _, top := range d.Attributes() {
		old, new := before.Get(top.Name), a.root.Get(top.Name)
		differs = differs || len(d.ops) == 1 || !exactAttribute.EqualValues(old, new)
		if !top.requires {
			continue
		}
		if err := top.checkRequired(new); err != nil {
			for i := range d.ops {
				if d.ops[i].op == Remove {
					return Errorf(ErrMutability, "%s is required, so it cannot be removed", top.path)
				}
			}
			return err
		}
	}
	a.changed = differs
	return nil
}

func (a *applier) apply(op *deltaOp) error {
	if op.attr.MultiValued {
		return a.applyList(op)
	}
	a.flush(op.attr)
	if !op.holds(a.root) {
		if op.op == Remove && a.options.tolerate(RemoveNothing, op.attr.path) {
			return nil
		}
		return Errorf(ErrNoTarget, "the value of %s does not match the filter in the path", op.of.path)
	}
	if op.op == Remove {
		a.remove(op.attr)
		return nil
	}
	o := a.holder(op.attr)
	old := o.Get(op.attr.Name)
	v, err := op.attr.assign(old, op.value)
	if err != nil {
		return err
	}
	if !equalValue(old, v) {
		o.Set(op.attr.Name, v)
		a.changed = true
		if op.attr.Name == "value" && op.attr.parent != nil {
			op.attr.parent.forget(o)
		}
	}
	return nil
}

// forget removes what was known of another value: the name of the former manager, and its URL.
func (a *Attribute) forget(o *Object) {
	for _, s := range a.SubAttributes {
		if s.Mutability == ReadOnly || s.Name == "$ref" {
			o.Delete(s.Name)
		}
	}
}

// assign gives what becomes of the old value of a single-valued attribute: the sub-attributes of a
// complex one that are not mentioned stay (RFC 7644 section 3.5.2.3), unless it now means something else.
func (a *Attribute) assign(old, new any) (any, error) {
	if a.Mutability == Immutable && old != nil && !a.EqualValues(old, new) {
		return nil, immutable(a)
	}
	o, ok := old.(*Object)
	n, isObject := new.(*Object)
	if !ok || !isObject {
		return new, nil
	}
	if v := a.Sub("value"); v != nil && n.Has("value") && !v.EqualValues(o.Get("value"), n.Get("value")) {
		return new, nil
	}
	return a.merge(o, n)
}

// merge gives a copy of o with the members of n, or o itself if it has them all.
func (a *Attribute) merge(o, n *Object) (*Object, error) {
	merged := o
	for _, m := range n.members {
		s := a.Sub(m.Name)
		old := merged.Get(m.Name)
		if equalValue(old, m.Value) {
			continue
		}
		if s != nil && s.Mutability == Immutable && old != nil {
			if s.EqualValues(old, m.Value) {
				continue
			}
			return nil, immutable(s)
		}
		if merged == o {
			merged = o.shallow()
		}
		merged.Set(m.Name, m.Value)
	}
	return merged, nil
}

// immutable gives the attribute itself, or that above it, which cannot be changed once it has a value; nil if there is
// none.
func (a *Attribute) immutable() *Attribute {
	if a.parent != nil {
		if im := a.parent.immutable(); im != nil {
			return im
		}
	}
	if a.Mutability == Immutable {
		return a
	}
	return nil
}

func immutable(a *Attribute) error {
	return Errorf(ErrMutability, "%s is immutable and has a value already", a.path)
}

// holder gives the object that an attribute is a member of, as a copy that is ours.
func (a *applier) holder(attr *Attribute) *Object {
	p := attr.parent
	if p == nil {
		return a.root
	}
	o := a.holder(p)
	sub := o.GetObject(p.Name)
	if sub != nil && a.owned[sub] {
		return sub
	}
	if sub == nil {
		sub = &Object{}
	} else {
		sub = sub.shallow()
	}
	if a.owned == nil {
		a.owned = map[*Object]bool{}
	}
	a.owned[sub] = true
	o.Set(p.Name, sub)
	return sub
}

// remove takes an attribute away, and the complex attribute or extension that it leaves empty.
func (a *applier) remove(attr *Attribute) {
	if !attr.owner(a.root).Has(attr.Name) {
		return
	}
	o := a.holder(attr)
	o.Delete(attr.Name)
	a.changed = true
	for p := attr.parent; p != nil && o.Len() == 0; p = p.parent {
		o = a.holder(p)
		o.Delete(p.Name)
	}
}

// flush writes the lists back that were worked on: those below an attribute, or all.
func (a *applier) flush(below *Attribute) {
	kept := a.lists[:0]
	for _, l := range a.lists {
		if below != nil && !l.attr.isBelow(below) {
			kept = append(kept, l)
			continue
		}
		if !l.changed {
			continue
		}
		a.changed = true
		if values := l.compact(); len(values) > 0 {
			a.holder(l.attr).Set(l.attr.Name, values)
		} else {
			a.remove(l.attr)
		}
	}
	a.lists = kept
}

// list gives the values of a multi-valued attribute to work on.
func (a *applier) list(attr *Attribute) *valueList {
	for _, l := range a.lists {
		if l.attr == attr {
			return l
		}
	}
	l := &valueList{attr: attr, values: attr.owner(a.root).GetValues(attr.Name), visits: &a.visits}
	a.lists = append(a.lists, l)
	return l
}
