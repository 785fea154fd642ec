package scim

import (
	"slices"

	"github.com/ilumy/usersync/scim/filter"
)

// pair finds, for complex values, which of the new ones is which of the old ones.
func (l *listDiff) pair() error {
	a := l.attr
	l.possible = true
	old, new := slices.Clone(l.old), slices.Clone(l.new)
	if a.byReference() {
		if done, err := l.references(); done || err != nil {
			return err
		}
	}
	key := func(o *Object, names ...string) string {
		k := ""
		for _, name := range names {
			v := o.Get(name)
			if v == nil {
				if name == "value" {
					return ""
				}
				continue
			}
			k += "\x00" + name + "\x00" + a.Sub(name).Key(v)
		}
		return k
	}
	steps := []func(o *Object) string{
		func(o *Object) string { return "\x00" + exactAttribute.Key(a.writable(o)) },
	}
	value, typ := a.Sub("value") != nil, a.Sub("type") != nil
	if value && typ {
		steps = append(steps, func(o *Object) string { return key(o, "value", "type") })
	}
	if value {
		steps = append(steps, func(o *Object) string { return key(o, "value") })
	}
	if typ && !a.byReference() {
		steps = append(steps, func(o *Object) string { return key(o, "type") })
	}
	for i, step := range steps {
		pairs, ok := match(old, new, step, i == 0)
		if !ok {
			l.possible = false
			return nil
		}
		for _, p := range pairs {
			if err := l.enter(p, i == len(steps)-1 && i > 0); err != nil {
				return err
			}
		}
	}
	for _, v := range old {
		if o, ok := v.(*Object); ok && o != nil && a.writable(o) != nil {
			l.gone = append(l.gone, v)
		}
	}
	for _, v := range new {
		if v != nil && a.writable(v) != nil {
			l.added = append(l.added, v)
		}
	}
	return nil
}

// enter notes two values that are one. Loosely says that only their type is the same, so that they are two if what
// is immutable differs.
func (l *listDiff) enter(p valuePair, loosely bool) error {
	a := l.attr
	for _, s := range a.SubAttributes {
		old, new := p.old.Get(s.Name), p.new.Get(s.Name)
		if s.Mutability != Immutable || old == nil || new != nil && s.EqualValues(old, new) || new == nil && a.byReference() {
			continue
		}
		if loosely {
			l.gone, l.added = append(l.gone, p.old), append(l.added, p.new)
			return nil
		}
		return immutable(s)
	}
	if l.differs(p) {
		l.changed = append(l.changed, p)
	}
	return nil
}

// differs reports whether there is anything to write of two values that are one.
func (l *listDiff) differs(p valuePair) bool {
	for _, s := range l.attr.SubAttributes {
		old, new := p.old.Get(s.Name), p.new.Get(s.Name)
		if s.Mutability == ReadOnly || s.sameWritable(old, new) {
			continue
		}
		if s.Mutability != Immutable || old == nil {
			return true
		}
	}
	return false
}

// match pairs values that have one key, and puts nil in their places. Unless several says that it does not matter
// which is which, there must be but one of each.
func match(old, new []any, key func(*Object) string, several bool) (pairs []valuePair, ok bool) {
	index := make(map[string][]int, len(old))
	for i, v := range old {
		o, isObject := v.(*Object)
		if !isObject && v != nil {
			return nil, false
		}
		if o != nil {
			if k := key(o); k != "" {
				index[k] = append(index[k], i)
			}
		}
	}
	twice := map[string]int{}
	if !several {
		for _, v := range new {
			if o, _ := v.(*Object); o != nil {
				twice[key(o)]++
			}
		}
	}
	for i, v := range new {
		o, isObject := v.(*Object)
		if !isObject && v != nil {
			return nil, false
		}
		if o == nil {
			continue
		}
		k := key(o)
		places := index[k]
		if len(places) == 0 || !several && (len(places) > 1 || twice[k] > 1) {
			continue
		}
		pairs = append(pairs, valuePair{old[places[0]].(*Object), o})
		index[k] = places[1:]
		old[places[0]], new[i] = nil, nil
	}
	return pairs, true
}

// references is pair for values that are known by their "value" alone, if each is there but once.
func (l *listDiff) references() (done bool, err error) {
	value := l.attr.Sub("value")
	index := make(map[string]*Object, len(l.old))
	key := func(v any) (string, *Object) {
		o, _ := v.(*Object)
		if o == nil || assignedValue(o.Get("value")) == nil {
			return "", nil
		}
		return value.Key(o.Get("value")), o
	}
	for _, v := range l.old {
		k, o := key(v)
		if o == nil || index[k] != nil {
			return false, nil
		}
		index[k] = o
	}
	seen := make(map[string]bool, len(l.new))
	for _, v := range l.new {
		k, o := key(v)
		if o == nil || seen[k] {
			return false, nil
		}
		seen[k] = true
	}
	l.simple = true
	for _, v := range l.new {
		k, o := key(v)
		old := index[k]
		if old == nil {
			l.added = append(l.added, v)
			continue
		}
		if err := l.enter(valuePair{old, o}, false); err != nil {
			return false, err
		}
	}
	for _, v := range l.old {
		if k, _ := key(v); !seen[k] {
			l.gone = append(l.gone, v)
		}
	}
	return true, nil
}

// fieldOf names an attribute in a filter or path.
func fieldOf(a *Attribute) filter.Field { return filter.Attr(a.path) }

// where gives the filter that only one value of the list satisfies, by what it is known by.
func (l *listDiff) where(v any, but []*Attribute) (filter.Expression, bool) {
	o, ok := v.(*Object)
	if !ok {
		return filter.Attr("value").Eq(v), true
	}
	value, typ := l.attr.Sub("value"), l.attr.Sub("type")
	if l.simple {
		return filter.Attr("value").Eq(o.Get("value")), !slices.Contains(but, value)
	}
	for _, by := range [][]*Attribute{{value}, {typ}, {value, typ}, l.attr.SubAttributes} {
		terms, named := l.terms(o, by, but)
		whole := len(terms) == len(by) || &by[0] == &l.attr.SubAttributes[0]
		if len(terms) > 0 && whole && l.unique(o, named) {
			return filter.And(terms...), true
		}
	}
	return nil, false
}

// terms gives the conditions that a value satisfies by some of its sub-attributes, and which those are.
func (l *listDiff) terms(o *Object, by, but []*Attribute) (terms []filter.Expression, named []*Attribute) {
	for _, s := range by {
		if s == nil || slices.Contains(but, s) || s.Type == Complex || s.MultiValued || s.Name == "primary" || s.Returned == ReturnedNever {
			continue
		}
		if v := o.Get(s.Name); v != nil {
			terms, named = append(terms, filter.Attr(s.Name).Eq(v)), append(named, s)
		}
	}
	return terms, named
}

// unique reports whether no other value that is there is the same by some sub-attributes.
func (l *listDiff) unique(o *Object, by []*Attribute) bool {
	const tooMuch = 4 << 20
	if l.work += len(l.old); l.work > tooMuch {
		return false
	}
	for _, v := range l.old {
		w, _ := v.(*Object)
		if w == nil || w == o {
			continue
		}
		if !slices.ContainsFunc(by, func(s *Attribute) bool { return !s.EqualValues(o.Get(s.Name), w.Get(s.Name)) }) {
			return false
		}
	}
	return true
}
