package scim

// CheckCreate makes a normalised resource one that can be created: it drops readOnly attributes (RFC 7644
// section 3.3), and fails with [ErrInvalidValue] if a required one is missing. It changes r.
func (t *ResourceType) CheckCreate(r *Resource, o *Options) error {
	t.dropReadOnly(r)
	t.syncSchemas(&r.Object)
	return t.checkRequired(r)
}

// CheckReplace makes a normalised resource one that can take the place of stored (RFC 7644 section 3.5.1):
// readOnly attributes, and those never returned that r lacks, are those of stored, and immutable ones must be
// the same, else it fails with [ErrMutability]. It changes r but not stored.
func (t *ResourceType) CheckReplace(r, stored *Resource, o *Options) error {
	t.dropReadOnly(r)
	for _, a := range t.attributes {
		if a.Name == "schemas" {
			continue
		}
		old, new := stored.Get(a.Name), r.Get(a.Name)
		kept, err := a.keep(old, new)
		if err != nil {
			return err
		}
		if kept != nil {
			r.Set(a.Name, kept)
		}
	}
	t.syncSchemas(&r.Object)
	return t.checkRequired(r)
}

// keep gives what a replaced attribute takes over from the old value; new itself if nothing.
func (a *Attribute) keep(old, new any) (any, error) {
	switch {
	case old == nil:
		return new, nil
	case a.Mutability == ReadOnly, a.Returned == ReturnedNever && new == nil:
		return old, nil
	case a.Mutability == Immutable:
		if new != nil && !a.EqualValues(old, new) {
			return nil, immutable(a)
		}
		return old, nil
	}
	o, ok := old.(*Object)
	if !ok || a.Type != Complex {
		return new, nil
	}
	n, _ := new.(*Object)
	if n == nil && !a.ext {
		return new, nil
	}
	if v := a.Sub("value"); v != nil && !a.ext && !v.EqualValues(o.Get("value"), n.Get("value")) {
		return new, nil // another manager: what is known of the old one does not hold
	}
	for _, s := range a.SubAttributes {
		had := n.Get(s.Name)
		kept, err := s.keep(o.Get(s.Name), had)
		if err != nil {
			return nil, err
		}
		if kept != nil && had == nil {
			if n == nil {
				n = &Object{}
			}
			n.Set(s.Name, kept)
		}
	}
	if n == nil {
		return nil, nil
	}
	return n, nil
}

// dropReadOnly removes what a client may not write, wherever it is.
func (t *ResourceType) dropReadOnly(r *Resource) {
	kept := r.members[:0]
	for _, m := range r.members {
		a := t.names.find(m.Name)
		if a == nil || a.Mutability == ReadOnly {
			continue
		}
		if a.protects {
			if m.Value = a.dropReadOnly(m.Value); m.Value == nil {
				continue
			}
		}
		kept = append(kept, m)
	}
	clear(r.members[len(kept):])
	r.members = kept
}

func (a *Attribute) dropReadOnly(v any) any {
	if !a.protects {
		return v
	}
	switch v := v.(type) {
	case []any:
		if a.Type != Complex {
			return v
		}
		kept := v[:0]
		for _, e := range v {
			if e = a.dropReadOnly(e); e != nil {
				kept = append(kept, e)
			}
		}
		clear(v[len(kept):])
		if len(kept) == 0 {
			return nil
		}
		return kept
	case *Object:
		kept := v.members[:0]
		for _, m := range v.members {
			s := a.Sub(m.Name)
			if s == nil || s.Mutability == ReadOnly {
				continue
			}
			if m.Value = s.dropReadOnly(m.Value); m.Value != nil {
				kept = append(kept, m)
			}
		}
		clear(v.members[len(kept):])
		v.members = kept
		if len(kept) == 0 {
			return nil
		}
	}
	return v
}

// checkRequired fails if a required attribute has no value.
func (t *ResourceType) checkRequired(r *Resource) error {
	for _, a := range t.attributes {
		if !a.requires {
			continue
		}
		if err := a.checkRequired(r.Get(a.Name)); err != nil {
			return err
		}
	}
	return nil
}

func (a *Attribute) checkRequired(v any) error {
	if a.Mutability == ReadOnly {
		return nil // it is for the service provider to give
	}
	if !present(v) {
		if a.Required {
			return Errorf(ErrInvalidValue, "%s is required", a.path)
		}
		return nil
	}
	if a.Type != Complex {
		return nil
	}
	var err error
	eachValue(v, func(e any) bool {
		o, _ := e.(*Object)
		for _, s := range a.SubAttributes {
			if err = s.checkRequired(o.Get(s.Name)); err != nil {
				return false
			}
		}
		return true
	})
	return err
}

// syncSchemas makes the member schemas name the extensions that are there, and no others. It replaces
// the list, never changes it.
func (t *ResourceType) syncSchemas(o *Object) {
	urns := make([]any, 1, 1+len(t.extensions))
	urns[0] = t.urns[0]
	for i, e := range t.extensions {
		if o.Get(e.Name) != nil {
			urns = append(urns, t.urns[1+i])
		}
	}
	i := o.index("schemas")
	if i < 0 {
		o.members = append([]Member{{"schemas", urns}}, o.members...)
	} else if !equalValue(any(urns), o.members[i].Value) {
		o.members[i].Value = urns
	}
}

// Equal reports whether two resources say the same: the same attributes with the same values as they are
// spelled, in whatever order. The meta is not compared.
func (t *ResourceType) Equal(a, b *Resource) bool {
	for _, x := range t.attributes {
		if x.Name != "meta" && !exactAttribute.EqualValues(a.Get(x.Name), b.Get(x.Name)) {
			return false
		}
	}
	return true
}
