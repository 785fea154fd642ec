package scim

import (
	"fmt"

	"github.com/ilumy/usersync/scim/filter"
)

// A Projection says which attributes are shown (RFC 7644 section 3.9, RFC 7643 section 7). It is safe for
// concurrent use.
type Projection struct {
	typ  *ResourceType
	show []shown // by Attribute.number
}

// shown says how much of an attribute is shown.
type shown uint8

const (
	whole shown = iota
	part        // a complex attribute whose sub-attributes have to be looked at
	nothing
)

// Projection makes a Projection of the parameters attributes and excludedAttributes; of neither, it
// shows what is returned by default. What is always returned cannot be left out, and what never is cannot be
// asked for. Names that the type does not have are ignored, as a query may concern several types; a name that
// cannot be parsed is an error of class [ErrInvalidValue], and so are both parameters at once in the strict dialect.
func (t *ResourceType) Projection(attributes, excluded []string, o *Options) (*Projection, error) {
	if len(attributes) > 0 && len(excluded) > 0 && o.strict() {
		return nil, Errorf(ErrInvalidValue, "attributes and excludedAttributes cannot be used together")
	}
	asked, err := t.named(attributes, o)
	if err != nil {
		return nil, err
	}
	left, err := t.named(excluded, o)
	if err != nil {
		return nil, err
	}
	p := &Projection{typ: t, show: make([]shown, t.count)}
	for _, a := range t.attributes {
		p.decide(a, len(attributes) > 0, false, asked, left)
	}
	return p, nil
}

// named resolves attribute names. A value filter in one, as emails[type eq "work"], is left aside.
func (t *ResourceType) named(names []string, o *Options) (map[*Attribute]bool, error) {
	set := make(map[*Attribute]bool, len(names))
	for _, name := range names {
		p, err := filter.ParsePath(name, o.filterOptions())
		if err != nil {
			return nil, Errorf(ErrInvalidValue, "the name of an attribute to show cannot be understood: %w", err)
		}
		a, err := t.resolve(p.AttributePath, nil)
		if err != nil {
			continue
		}
		if p.SubAttribute != nil {
			if a = a.Sub(*p.SubAttribute); a == nil {
				continue
			}
		}
		set[a] = true
	}
	return set, nil
}

// decide says of an attribute and those below it what is shown. Inherited says that a parent was asked for.
func (p *Projection) decide(a *Attribute, only, inherited bool, asked, left map[*Attribute]bool) shown {
	named := asked[a] || inherited
	full, some := true, false
	for _, s := range a.SubAttributes {
		switch p.decide(s, only, named, asked, left) {
		case whole:
			some = true
		case part:
			full, some = false, true
		case nothing:
			full = false
		}
	}
	visible := named
	if !only {
		visible = a.Returned == ReturnedDefault || named
	}
	// An extension, or a complex attribute some of whose sub-attributes were asked for, is there for them.
	below := len(a.SubAttributes) > 0 && some && (only || a.ext) && a.reaches(asked)
	s := nothing
	switch {
	case a.Returned == ReturnedNever:
	case a.Returned == ReturnedAlways && a.parent == nil, a.Returned == ReturnedAlways && (named || !only):
		s = whole
	case a.Returned == ReturnedAlways:
		s = whole // within a parent that is shown; the parent decides whether it is
	case left[a]:
	case visible, below:
		s = whole
	}
	if s == whole && len(a.SubAttributes) > 0 && !full {
		s = part
		if !some {
			s = nothing
		}
	}
	p.show[a.number] = s
	return s
}

// reaches reports whether a sub-attribute of a, at any depth, is in the set.
func (a *Attribute) reaches(set map[*Attribute]bool) bool {
	for _, s := range a.SubAttributes {
		if set[s] || s.reaches(set) {
			return true
		}
	}
	return false
}

// Includes reports whether the attribute of a path, or part of it, is shown. A nil Projection shows all.
func (p *Projection) Includes(path string) bool {
	if p == nil {
		return true
	}
	a := p.typ.Attribute(path)
	for ; a != nil; a = a.parent {
		if p.show[a.number] == nothing {
			return false
		}
		if a.parent == nil {
			return true
		}
	}
	return false
}

// Apply gives r with what is shown only. It shares values with r, which is not changed.
func (p *Projection) Apply(r *Resource) *Resource {
	if p == nil {
		return r
	}
	return &Resource{Object{members: p.kept(r.members, p.typ.names)}}
}

func (p *Projection) kept(members []Member, names nameIndex) []Member {
	kept := make([]Member, 0, len(members))
	for _, m := range members {
		a := names.find(m.Name)
		if a == nil {
			continue
		}
		switch p.show[a.number] {
		case nothing:
			continue
		case part:
			if m.Value = p.value(m.Value, a.subs); m.Value == nil {
				continue
			}
		}
		kept = append(kept, m)
	}
	return kept
}

func (p *Projection) value(v any, subs nameIndex) any {
	switch v := v.(type) {
	case *Object:
		if m := p.kept(v.members, subs); len(m) > 0 {
			return &Object{members: m}
		}
	case []any:
		list := make([]any, 0, len(v))
		for _, e := range v {
			if e = p.value(e, subs); e != nil {
				list = append(list, e)
			}
		}
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// AppendJSON appends what is shown of r. With a location, that is the one in meta. A nil Projection shows all.
func (p *Projection) AppendJSON(b []byte, r *Resource, location string) ([]byte, error) {
	if p == nil {
		if location != "" {
			r = r.withLocation(location)
		}
		return r.AppendJSON(b)
	}
	w := projector{Projection: p, location: location}
	b, _, err := w.members(b, r.members, nil, p.typ.names)
	return b, err
}

func (r *Resource) withLocation(location string) *Resource {
	meta := &Object{}
	if m := r.GetObject("meta"); m != nil {
		meta = m.shallow()
	}
	meta.Set("location", location)
	c := &Resource{*r.Object.shallow()}
	c.Set("meta", meta)
	return c
}

// A projector writes what is shown, without a copy of it.
type projector struct {
	*Projection
	location string
}

// members appends an object of the members that are shown of an attribute, nil being the resource, and
// reports whether there are any.
func (w *projector) members(b []byte, members []Member, of *Attribute, names nameIndex) (_ []byte, some bool, err error) {
	b = append(b, '{')
	located := w.location == "" || of == nil || of.path != "meta"
	for i := range members {
		m := &members[i]
		a := names.find(m.Name)
		if a == nil {
			continue
		}
		s := w.show[a.number]
		if s == nothing {
			continue
		}
		before := len(b)
		if some {
			b = append(b, ',')
		}
		if m.Name == a.Name {
			b = append(b, a.label...)
		} else {
			b = append(appendString(b, m.Name), ':')
		}
		shown := true
		switch {
		case !located && a.Name == "location":
			located = true
			b = appendString(b, w.location)
		case s == part || a.Name == "meta" && w.location != "":
			b, shown, err = w.value(b, m.Value, a)
		default:
			b, err = appendValue(b, m.Value)
		}
		if err != nil {
			return b, false, fmt.Errorf("%s: %w", m.Name, err)
		}
		if !shown {
			b = b[:before]
			continue
		}
		some = true
	}
	if !located && w.show[of.Sub("location").number] != nothing {
		if some {
			b = append(b, ',')
		}
		b = appendString(append(b, `"location":`...), w.location)
		some = true
	}
	return append(b, '}'), some, nil
}

// value appends what is shown of a value, and reports whether that is anything.
func (w *projector) value(b []byte, v any, a *Attribute) (_ []byte, some bool, err error) {
	switch v := v.(type) {
	case *Object:
		return w.members(b, v.members, a, a.subs)
	case []any:
		b = append(b, '[')
		for _, e := range v {
			before := len(b)
			if some {
				b = append(b, ',')
			}
			var shown bool
			if b, shown, err = w.value(b, e, a); err != nil {
				return b, false, err
			}
			if !shown {
				b = b[:before]
			}
			some = some || shown
		}
		return append(b, ']'), some, nil
	}
	return b, false, nil
}
