package scim

// A Delta is a PATCH request resolved against a [ResourceType]: attributes are found, values have their
// types, and vendors' forms are gone. It is applied as a whole or not at all, to any number of
// resources, and is safe for concurrent use if the Tolerated hook of its options is.
type Delta struct {
	typ     *ResourceType
	options *Options
	ops     []deltaOp
}

// A deltaOp is one operation on one attribute.
type deltaOp struct {
	op Op
	Path
	// value has the type of the attribute: a list if that is multi-valued. In a remove it lists the
	// values to remove; nil removes all that are selected.
	value any
}

// Empty reports whether the delta does nothing.
func (d *Delta) Empty() bool { return len(d.ops) == 0 }

// Attributes gives the attributes that the delta may change, each once, by their place at the top.
func (d *Delta) Attributes() []*Attribute {
	var list []*Attribute
	for i := range d.ops {
		top := d.ops[i].attr
		for top.parent != nil {
			top = top.parent
		}
		known := false
		for _, a := range list {
			known = known || a == top
		}
		if !known {
			list = append(list, top)
		}
	}
	return list
}
