package client

import (
	"slices"

	"github.com/ilumy/usersync/scim"
)

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
