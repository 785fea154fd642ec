package scim

// Membership is what a Delta does to one multi-valued attribute whose values are known by their "value",
// as members of a group are. Values in Add and Remove do not overlap: of two operations on one value the
// last counts.
type Membership struct {
	// Replace says that all present values go, and those in Add take their place.
	Replace bool
	// Add are values to add, unless one with the same "value" is there.
	Add []*Object
	// Remove are the "value"s to remove; it is empty when Replace is set.
	Remove []string
}

// Membership gives what the delta does to the multi-valued attribute of a name, and a delta of the rest,
// so that a store can change one member of a group of any size without reading it. It is not ok if the
// delta does something to the attribute that Membership cannot say; then use [Delta.Apply]. A delta that
// leaves the attribute alone gives an empty Membership and itself.
func (d *Delta) Membership(name string) (m *Membership, rest *Delta, ok bool) {
	attr := d.typ.Attribute(name)
	if attr == nil || !attr.MultiValued || !attr.byReference() {
		return nil, nil, false
	}
	c := collector{attr: attr, add: map[string]*Object{}, remove: map[string]string{}}
	rest = &Delta{typ: d.typ, options: d.options}
	for i := range d.ops {
		op := &d.ops[i]
		switch {
		case op.attr != attr:
			rest.ops = append(rest.ops, *op)
		case !c.collect(op, d.options):
			return nil, nil, false
		}
	}
	return c.membership(), rest, true
}

// A collector sums up operations on one attribute, by the Key of each "value".
type collector struct {
	attr    *Attribute
	replace bool
	order   []string // keys in the order they were first named
	add     map[string]*Object
	remove  map[string]string
}

func (c *collector) collect(op *deltaOp, o *Options) bool {
	switch {
	case op.sub != nil:
		return false
	case op.match != nil:
		if op.op != Remove || op.template == nil || op.template.Len() != 1 || o.strict() {
			return false // strictly, a miss is an error that only Apply can tell
		}
		return c.each([]any{op.template}, c.drop)
	case op.op == Add:
		return c.each(op.value.([]any), c.put)
	case op.op == Remove && op.value != nil:
		return c.each(op.value.([]any), c.drop)
	}
	*c = collector{attr: c.attr, replace: true, add: map[string]*Object{}, remove: map[string]string{}}
	values, _ := op.value.([]any)
	return c.each(values, c.put)
}

func (c *collector) each(values []any, f func(key, id string, o *Object)) bool {
	sub := c.attr.Sub("value")
	for _, v := range values {
		o, _ := v.(*Object)
		id, ok := o.Get("value").(string)
		if !ok {
			return false
		}
		f(sub.Key(id), id, o)
	}
	return true
}

func (c *collector) put(key, _ string, o *Object) {
	delete(c.remove, key)
	if c.add[key] == nil {
		c.add[key] = o
		c.order = append(c.order, key)
	}
}

func (c *collector) drop(key, id string, _ *Object) {
	delete(c.add, key)
	if _, known := c.remove[key]; !known && !c.replace {
		c.remove[key] = id
		c.order = append(c.order, key)
	}
}

func (c *collector) membership() *Membership {
	m := &Membership{Replace: c.replace}
	for _, key := range c.order {
		if o := c.add[key]; o != nil {
			m.Add = append(m.Add, o)
			delete(c.add, key)
		} else if id, ok := c.remove[key]; ok {
			m.Remove = append(m.Remove, id)
			delete(c.remove, key)
		}
	}
	return m
}

// Empty reports whether nothing is done.
func (m *Membership) Empty() bool { return !m.Replace && len(m.Add) == 0 && len(m.Remove) == 0 }
