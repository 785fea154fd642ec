package scim

import "slices"

// applyList applies an operation to the values of a multi-valued attribute.
func (a *applier) applyList(op *deltaOp) error {
	l := a.list(op.attr)
	if op.match == nil && op.sub == nil {
		switch {
		case op.op == Add:
			return a.addValues(l, op.value.([]any))
		case op.op == Replace:
			l.replaceAll(op.value.([]any))
		case op.value != nil:
			l.removeValues(op.value.([]any))
		default:
			l.replaceAll(nil)
		}
		return nil
	}
	selected := a.selected(l, op)
	if len(selected) == 0 {
		return a.miss(l, op)
	}
	primary := -1
	for _, i := range selected {
		if err := op.edit(l, i, a.options.strict()); err != nil {
			return err
		}
		if isPrimary(l.values[i]) {
			primary = i
		}
	}
	if op.op != Remove && op.setsPrimary() {
		l.onlyPrimary(primary)
	}
	return nil
}

// selected gives the places that an operation is about.
func (a *applier) selected(l *valueList, op *deltaOp) []int {
	var places []int
	if op.template != nil && op.template.Len() == 1 && op.template.Has("value") {
		l.withIdentity(op.template, func(i int) bool {
			places = append(places, i)
			return true
		})
		return places
	}
	a.visits += len(l.values)
	for i, v := range l.values {
		if v != nil && (op.match == nil || op.match(v)) {
			places = append(places, i)
		}
	}
	return places
}

// miss does what becomes of an operation that selects nothing.
func (a *applier) miss(l *valueList, op *deltaOp) error {
	path := op.attr.path
	switch {
	case op.op == Remove:
		if op.match == nil || a.options.tolerate(RemoveNothing, path) {
			return nil
		}
	case op.match == nil || op.template != nil && op.mayCreate():
		o := &Object{}
		if op.template != nil {
			o = op.template.Clone()
		}
		if !a.options.tolerate(CreatedOnMiss, path) {
			break
		}
		if op.sub != nil {
			o.Set(op.sub.Name, op.value)
		} else if v, ok := op.value.(*Object); ok {
			for _, m := range v.members {
				o.Set(m.Name, m.Value)
			}
		}
		return a.addValues(l, []any{o})
	}
	return Errorf(ErrNoTarget, "no value of %s matches the filter in the path", path)
}

// mayCreate reports whether the operation is likely to mean a new value rather than one that should have been there: an add, or
// a replace whose filter names no type or one that the schema knows. What replaces a value of an unheard-of type has it
// wrong, and RFC 7644 section 3.5.2.3 says so.
func (op *deltaOp) mayCreate() bool {
	typ := op.attr.Sub("type")
	if op.op == Add || typ == nil || len(typ.CanonicalValues) == 0 {
		return true
	}
	name := op.template.GetString("type")
	return name == "" || slices.ContainsFunc(typ.CanonicalValues, func(c string) bool { return typ.compareStrings(c, name) == 0 })
}

// edit changes the value in one place.
func (op *deltaOp) edit(l *valueList, i int, strict bool) error {
	o, isObject := l.values[i].(*Object)
	if op.sub == nil && op.op != Remove || op.sub != nil && (op.sub.Name == "value" || op.sub.Name == "type") {
		l.edited = true
	}
	switch {
	case op.sub == nil && op.op == Remove:
		l.set(i, nil)
		return nil
	case op.sub == nil && (op.op == Replace || !isObject):
		return op.replaceValue(l, i, strict)
	case op.sub == nil:
		n, err := op.attr.merge(o, op.value.(*Object))
		if err == nil && n != o {
			l.set(i, n)
		}
		return err
	}
	old := o.Get(op.sub.Name)
	if op.op == Remove {
		if old == nil {
			return nil
		}
		if op.sub.Mutability == Immutable {
			return Errorf(ErrMutability, "%s is immutable", op.sub.path)
		}
		o = o.shallow()
		o.Delete(op.sub.Name)
		if o.Len() == 0 || !strict && op.sub.Name == "value" && onlyLabels(o) {
			l.set(i, nil)
			return nil
		}
		l.set(i, o)
		return nil
	}
	v, err := op.sub.assign(old, op.value)
	if err != nil {
		return err
	}
	if list, ok := old.([]any); ok && op.op == Add {
		sub := &valueList{attr: op.sub, values: list, visits: l.visits}
		for _, v := range v.([]any) {
			if sub.same(v) < 0 {
				sub.append(v)
			}
		}
		v = sub.values
	}
	if !equalValue(old, v) {
		o = o.shallow()
		o.Set(op.sub.Name, v)
		l.set(i, o)
	}
	return nil
}

// replaceValue puts the operation's value in one place. What the filter says of the value and the
// operation does not is kept, unless strictly.
func (op *deltaOp) replaceValue(l *valueList, i int, strict bool) error {
	v := op.value
	n, ok := v.(*Object)
	old, _ := l.values[i].(*Object)
	if ok && op.attr.byReference() && n.Has("value") && !op.attr.Sub("value").EqualValues(old.Get("value"), n.Get("value")) {
		return Errorf(ErrMutability, "%s.value is immutable; remove the value and add another", op.attr.path)
	}
	if ok && !strict && op.template != nil {
		n = n.shallow()
		for _, m := range op.template.members {
			if !n.Has(m.Name) {
				n.members = append(n.members, m)
			}
		}
		v = n
	}
	if !equalValue(l.values[i], v) {
		l.set(i, v)
	}
	return nil
}

// onlyLabels reports whether a value has nothing but what describes it.
func onlyLabels(o *Object) bool {
	for _, m := range o.members {
		if m.Name != "type" && m.Name != "primary" && m.Name != "display" && (m.Name != "value" || m.Value != "") {
			return false
		}
	}
	return true
}

// setsPrimary reports whether the operation can make a value primary.
func (op *deltaOp) setsPrimary() bool {
	if op.sub != nil {
		return op.sub.Name == "primary"
	}
	return isPrimary(op.value)
}

func isPrimary(v any) bool {
	o, ok := v.(*Object)
	return ok && o.Get("primary") == true
}

// addValues adds those values that are not there, and completes those that are.
func (a *applier) addValues(l *valueList, values []any) error {
	a.visits += len(values)
	primary := -1
	for _, v := range values {
		i := l.same(v)
		if i < 0 {
			i = l.append(v)
		} else if o, ok := l.values[i].(*Object); ok {
			n, err := l.attr.complete(o, v.(*Object))
			if err != nil {
				return err
			}
			if n != o {
				l.set(i, n)
			}
		}
		if isPrimary(v) {
			primary = i
		}
	}
	if primary >= 0 {
		l.onlyPrimary(primary)
	}
	return nil
}

// complete gives a value with what an added one has besides. Of a reference it takes only what is not known.
func (a *Attribute) complete(o, n *Object) (*Object, error) {
	if a.covers(o, n) {
		return o, nil
	}
	if !a.byReference() {
		return a.merge(o, n)
	}
	merged := o
	for _, m := range n.members {
		if !o.Has(m.Name) {
			if merged == o {
				merged = o.shallow()
			}
			merged.members = append(merged.members, m)
		}
	}
	return merged, nil
}

// onlyPrimary makes all values but one not primary (RFC 7644 section 3.5.2).
func (l *valueList) onlyPrimary(place int) {
	if place < 0 {
		return
	}
	for i, v := range l.values {
		if i != place && isPrimary(v) {
			o := v.(*Object).shallow()
			o.Set("primary", false)
			l.set(i, o)
		}
	}
}

// replaceAll puts values in the place of all.
func (l *valueList) replaceAll(values []any) {
	present := slicesWithoutNil(l.values)
	if len(present) == len(values) && exactAttribute.EqualValues(present, values) {
		return
	}
	*l = valueList{attr: l.attr, values: values, changed: true, visits: l.visits}
}

func slicesWithoutNil(values []any) []any {
	for i, v := range values {
		if v == nil {
			list := append([]any(nil), values[:i]...)
			for _, v := range values[i:] {
				if v != nil {
					list = append(list, v)
				}
			}
			return list
		}
	}
	return values
}

// removeValues removes the values that are listed: by their "value", and their type if it is given too.
func (l *valueList) removeValues(values []any) {
	typ := l.attr.Sub("type")
	for _, v := range values {
		n, _ := v.(*Object)
		l.withIdentity(v, func(i int) bool {
			w, ok := l.values[i].(*Object)
			if ok && typ != nil && !l.attr.byReference() {
				if t := n.Get("type"); t != nil && !typ.EqualValues(t, w.Get("type")) {
					return true
				}
			}
			l.set(i, nil)
			return true
		})
	}
}
