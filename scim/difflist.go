package scim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// list compares the values of a multi-valued attribute, and sends the smaller of two: what changes, or all of them.
func (d *differ) list(a *Attribute, old, new []any) error {
	if slices.EqualFunc(old, new, a.sameWritable) {
		return nil
	}
	l := listDiff{differ: d, attr: a, old: old, new: new}
	if a.Type == Complex {
		if err := l.pair(); err != nil {
			return err
		}
	} else {
		l.pairSimple()
	}
	if len(l.gone)+len(l.added)+len(l.changed) == 0 && l.possible {
		return nil
	}
	edits := l.edits()
	l.possible = l.possible && l.certain(edits)
	if !d.NoWholeLists {
		whole := &PatchRequest{}
		switch values := l.values(new); {
		case len(values) == 0:
			whole.Remove(a.path)
		default:
			whole.Replace(a.path, values)
		}
		smaller := cost(whole) < cost(edits) && (!a.byReference() || len(new) == 0) || len(new) == 0 && !a.byReference()
		if smaller || !l.possible {
			edits = whole
		}
	} else if !l.possible {
		return fmt.Errorf("scim: change %s: its values can be neither selected by a filter nor listed, and the list may not be replaced as a whole: %w", a.path, errors.ErrUnsupported)
	}
	d.request.Operations = append(d.request.Operations, edits.Operations...)
	return nil
}

// cost is how many operations and values a request has.
func cost(p *PatchRequest) int {
	n := len(p.Operations)
	for _, op := range p.Operations {
		if list, ok := op.Value.([]any); ok {
			n += len(list)
		}
	}
	return n
}

// A listDiff is the difference of two lists of values.
type listDiff struct {
	*differ
	attr     *Attribute
	old, new []any
	gone     []any       // of old
	added    []any       // of new
	changed  []valuePair // what it was and is
	possible bool        // the difference can be told by edits
	simple   bool        // references, each once: there is no doubt about what an edit does
	work     int         // values that were compared to find filters
}

type valuePair struct{ old, new *Object }

// pairSimple finds what goes and comes of values that are not complex.
func (l *listDiff) pairSimple() {
	l.possible = true
	count := make(map[string]int, len(l.old))
	for _, v := range l.old {
		count[exactAttribute.Key(v)]++
	}
	for _, v := range l.new {
		if k := exactAttribute.Key(v); count[k] > 0 {
			count[k]--
		} else {
			l.added = append(l.added, v)
		}
	}
	for _, v := range l.old {
		if k := exactAttribute.Key(v); count[k] > 0 {
			count[k]--
			l.gone = append(l.gone, v)
		}
	}
}

// values gives what may be written of values.
func (l *listDiff) values(list []any) []any {
	values := make([]any, 0, len(list))
	for _, v := range list {
		if v = l.attr.writable(v); v != nil {
			values = append(values, v)
		}
	}
	return values
}

// edits are the operations that remove, change and add values, in this order: a list may have a largest size.
// Whether they are possible is noted.
func (l *listDiff) edits() *PatchRequest {
	p := &PatchRequest{}
	gone, added := l.gone, l.added
	if l.NoFilters {
		for _, c := range l.changed { // what changes goes and comes again
			gone, added = append(gone, c.old), append(added, c.new)
		}
	}
	switch {
	case len(gone) == 0:
	case l.RemoveByValue:
		p.push(Remove, l.attr.path, l.identities(gone))
	case l.NoFilters:
		l.possible = false
		return p
	default:
		for _, v := range gone {
			path, ok := l.path(v, nil, "")
			if l.possible = l.possible && ok; !l.possible {
				return p
			}
			p.Remove(path)
		}
	}
	if !l.NoFilters {
		for _, c := range l.changed {
			l.change(p, c)
		}
	}
	if values := l.values(added); len(values) > 0 {
		p.Add(l.attr.path, values)
	}
	return p
}

// identities gives what names values in the value of a remove.
func (l *listDiff) identities(list []any) []any {
	named := make([]any, len(list))
	for i, v := range list {
		o, ok := v.(*Object)
		if !ok || !o.Has("value") {
			named[i] = l.attr.writable(v)
			continue
		}
		id := &Object{members: []Member{{"value", o.Get("value")}}}
		if t := o.Get("type"); t != nil && !l.attr.byReference() {
			id.members = append(id.members, Member{"type", t})
		}
		named[i] = id
	}
	return named
}

// change writes what changes in one value.
func (l *listDiff) change(p *PatchRequest, c valuePair) {
	var subs []*Attribute
	for _, s := range l.attr.SubAttributes {
		if s.Mutability == ReadOnly || s.sameWritable(c.old.Get(s.Name), c.new.Get(s.Name)) || l.unsets(s, c) {
			continue
		}
		if s.Mutability == Immutable && l.attr.byReference() && c.old.Get(s.Name) != nil {
			continue
		}
		subs = append(subs, s)
	}
	if len(subs) > 1 && !l.attr.byReference() {
		path, ok := l.path(c.old, subs, "")
		if l.possible = l.possible && ok; ok {
			p.Replace(path, l.attr.writable(c.new))
		}
		return
	}
	for _, s := range subs {
		path, ok := l.path(c.old, subs, s.Name)
		if l.possible = l.possible && ok; !ok {
			return
		}
		switch old, new := c.old.Get(s.Name), c.new.Get(s.Name); {
		case new == nil:
			p.Remove(path)
		case old == nil:
			p.Add(path, cloneValue(new))
		default:
			p.Replace(path, cloneValue(new))
		}
	}
}

// unsets reports whether a value stops being primary because another one becomes it, which the service sees to
// (RFC 7644 section 3.5.2).
func (l *listDiff) unsets(s *Attribute, c valuePair) bool {
	if s.Name != "primary" || c.new.Get("primary") != false || !isPrimary(c.old) {
		return false
	}
	for _, v := range l.added {
		if isPrimary(v) {
			return true
		}
	}
	for _, o := range l.changed {
		if isPrimary(o.new) && !isPrimary(o.old) {
			return true
		}
	}
	return false
}

// certain reports whether operations do what they are meant to, in both dialects. Values of a list are known by more than one of their
// parts, and may be alike.
func (l *listDiff) certain(p *PatchRequest) bool {
	if l.simple && l.attr.Sub("primary") == nil {
		return true
	}
	const tooMuch = 4 << 20
	if len(p.Operations)*len(l.old) > tooMuch {
		return false
	}
	dialects := []Dialect{Tolerant, Strict}
	if l.RemoveByValue {
		dialects = dialects[:1]
	}
	for _, dialect := range dialects {
		o := &Options{Dialect: dialect}
		ops := make([]PatchOperation, len(p.Operations))
		for i, op := range p.Operations {
			ops[i] = op
			ops[i].Value = cloneValue(op.Value)
		}
		delta, err := l.typ.Resolve(&PatchRequest{Operations: ops}, o)
		if err != nil {
			return false
		}
		a := applier{typ: l.typ, options: o, root: l.differ.before.Object.shallow()}
		for i := range delta.ops {
			if a.apply(&delta.ops[i]) != nil {
				return false
			}
		}
		a.flush(nil)
		if !l.reached(l.attr.owner(a.root).GetValues(l.attr.Name)) {
			return false
		}
	}
	return true
}

// reached reports whether values are those that are wanted.
func (l *listDiff) reached(values []any) bool {
	got := listDiff{differ: l.differ, attr: l.attr, old: values, new: l.new}
	if l.attr.Type != Complex {
		got.pairSimple()
	} else if got.pair() != nil {
		return false
	}
	return len(got.gone)+len(got.added)+len(got.changed) == 0
}

// longest is how long a path may be; services bound it.
const longest = 2000

// path gives the path to one value of old, or to a sub-attribute of it. The filter is not about the sub-attributes
// that change.
func (l *listDiff) path(v any, but []*Attribute, sub string) (string, bool) {
	where, ok := l.where(v, but)
	if !ok {
		return "", false
	}
	path, err := fieldOf(l.attr).Path(where, sub)
	return path, err == nil && len(path) <= longest && !strings.ContainsRune(path, '\uFFFD')
}
