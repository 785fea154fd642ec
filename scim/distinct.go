package scim

// distinct drops values that have the value and the type of one before them, since they would be given back
// twice (RFC 7643 section 2.4); the primary one of them stays primary. It changes the list but not the values.
func (a *Attribute) distinct(list []any) []any {
	value := a.Sub("value")
	if len(list) < 2 || value == nil {
		return list
	}
	typ := a.Sub("type")
	if a.byReference() {
		typ = nil
	}
	d := duplicates{value: value, typ: typ}
	kept := list[:0]
	for _, v := range list {
		o, ok := v.(*Object)
		if !ok || o.Get("value") == nil {
			kept = append(kept, v)
			continue
		}
		i := d.find(kept, o)
		if i < 0 {
			d.enter(o, len(kept))
			kept = append(kept, v)
			continue
		}
		if first := kept[i].(*Object); isPrimary(o) && !isPrimary(first) {
			first = first.shallow()
			first.Set("primary", true)
			kept[i] = first
		}
	}
	clear(list[len(kept):])
	return kept
}

// A duplicates finds values that are there: among a few by looking at each, among many by an index.
type duplicates struct {
	value, typ *Attribute
	index      map[string]int
}

// few is how many values are looked at one by one.
const few = 8

func (d *duplicates) find(kept []any, o *Object) int {
	if d.index != nil || len(kept) > few {
		if d.index == nil {
			d.index = make(map[string]int, 4*few)
			for i, v := range kept {
				if k, ok := v.(*Object); ok && k.Get("value") != nil {
					d.index[d.key(k)] = i
				}
			}
		}
		if i, ok := d.index[d.key(o)]; ok {
			return i
		}
		return -1
	}
	for i, v := range kept {
		k, ok := v.(*Object)
		if ok && k.Get("value") != nil && d.value.EqualValues(k.Get("value"), o.Get("value")) &&
			(d.typ == nil || d.typ.EqualValues(k.Get("type"), o.Get("type"))) {
			return i
		}
	}
	return -1
}

func (d *duplicates) enter(o *Object, i int) {
	if d.index != nil {
		d.index[d.key(o)] = i
	}
}

func (d *duplicates) key(o *Object) string {
	k := d.value.Key(o.Get("value"))
	if d.typ != nil && o.Get("type") != nil {
		k += "\x00" + d.typ.Key(o.Get("type"))
	}
	return k
}
