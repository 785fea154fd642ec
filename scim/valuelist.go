package scim

import "slices"

// A valueList is the values of a multi-valued attribute while operations are applied to them. Removed
// values are nil until compact, so that places stay.
type valueList struct {
	attr    *Attribute
	values  []any
	owned   bool // values is a copy
	changed bool
	edited  bool           // values were given another value or type, and may now be the same
	visits  *int           // counts the values that were looked at
	finds   int            // without index
	index   map[string]int // of identity to the first place that has it
	next    []int          // place of the next value with the same identity, or -1
}

// own makes the values a copy, with room for n more.
func (l *valueList) own(n int) {
	if !l.owned {
		values := make([]any, len(l.values), len(l.values)+n)
		copy(values, l.values)
		l.values, l.owned = values, true
	}
	l.changed = true
}

// set puts a value in a place; nil removes the one that is there.
func (l *valueList) set(i int, v any) {
	l.own(0)
	if l.index != nil && v != nil && l.identity(l.values[i]) != l.identity(v) {
		l.index, l.next = nil, nil
	}
	l.values[i] = v
}

func (l *valueList) append(v any) int {
	l.own(8)
	l.values = append(l.values, v)
	i := len(l.values) - 1
	if l.index != nil {
		l.enter(i)
	}
	return i
}

// compact gives the values that are left, once each.
func (l *valueList) compact() []any {
	if !l.owned {
		return l.values // of an operation, and normal
	}
	values := slices.DeleteFunc(l.values, func(v any) bool { return v == nil })
	if l.edited {
		values = l.attr.distinct(values)
	}
	return values
}

// identity is what a value is known by: its "value", or all of it if it has none.
func (l *valueList) identity(v any) string {
	if o, ok := v.(*Object); ok {
		if sub := l.attr.Sub("value"); sub != nil {
			if value := o.Get("value"); value != nil {
				return sub.Key(value)
			}
		}
	}
	return "\x00" + l.attr.Key(v) // no value that was sent begins like this
}

func (l *valueList) enter(i int) {
	k := l.identity(l.values[i])
	l.next = append(l.next, -1)
	if first, ok := l.index[k]; ok {
		l.next[i] = l.next[first]
		l.next[first] = i
		return
	}
	l.index[k] = i
}

// withIdentity calls f with each place whose value has the identity of v, until f says false.
func (l *valueList) withIdentity(v any, f func(i int) bool) {
	const few = 4
	if l.index == nil && l.finds < few {
		l.finds++
		l.scan(v, f)
		return
	}
	if l.index == nil {
		*l.visits += len(l.values)
		l.index = make(map[string]int, len(l.values))
		l.next = make([]int, 0, len(l.values))
		for i := range l.values {
			if l.values[i] == nil {
				l.next = append(l.next, -1)
				continue
			}
			l.enter(i)
		}
	}
	k := l.identity(v)
	i, ok := l.index[k]
	for ok && i >= 0 {
		next := l.next[i] // f may drop the index
		if l.values[i] != nil && !f(i) {
			return
		}
		i = next
	}
}

func (l *valueList) scan(v any, f func(i int) bool) {
	*l.visits += len(l.values)
	sub := l.attr.Sub("value")
	var value any
	if o, ok := v.(*Object); ok && sub != nil {
		value = o.Get("value")
	}
	for i, w := range l.values {
		if w == nil {
			continue
		}
		same := false
		if value != nil {
			o, ok := w.(*Object)
			same = ok && sub.EqualValues(value, o.Get("value"))
		} else {
			same = l.attr.EqualValues(v, w)
		}
		if same && !f(i) {
			return
		}
	}
}

// byReference reports whether values are known by their "value" alone, as members are: it is an id, which
// is immutable.
func (a *Attribute) byReference() bool {
	v := a.Sub("value")
	return v != nil && v.Mutability == Immutable
}

// same gives the place of the value that v is, or -1: of those with its identity the one of its type.
func (l *valueList) same(v any) int {
	found := -1
	n, ok := v.(*Object)
	typ := l.attr.Sub("type")
	l.withIdentity(v, func(i int) bool {
		w, isObject := l.values[i].(*Object)
		if !ok || !isObject || typ == nil || l.attr.byReference() {
			found = i
			return false
		}
		x, y := w.Get("type"), n.Get("type")
		if x == nil || y == nil || typ.EqualValues(x, y) {
			found = i
			return false
		}
		return true
	})
	return found
}
