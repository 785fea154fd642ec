package scim

import (
	"strings"

	"github.com/ilumy/usersync/scim/filter"
)

// A Path names an attribute, or selected values of it (RFC 7644 section 3.5.2), of one [ResourceType]. It is
// safe for concurrent use.
type Path struct {
	// attr is what is named before a value filter. It is never a sub-attribute of a multi-valued one: then attr
	// is that one, and sub the sub-attribute.
	attr *Attribute
	// match selects values of a multi-valued attr; nil selects all.
	match predicate
	// template is the value that satisfies match, if there is but one such: a conjunction of eq.
	template *Object
	// sub is the sub-attribute of a multi-valued attr; nil for the values themselves.
	sub *Attribute
	// of is set when match is a condition on the one value of a complex attribute, which is attr or above it.
	of *Attribute
}

// ParsePath parses a path and finds what it names. Errors are of class [ErrInvalidPath], or
// [ErrInvalidFilter] for what is in the brackets.
func (t *ResourceType) ParsePath(s string, o *Options) (*Path, error) {
	p, err := filter.ParsePath(s, o.filterOptions())
	if err != nil {
		return nil, Errorf(ErrInvalidPath, "the path cannot be understood: %w", err)
	}
	a, err := t.resolve(p.AttributePath, nil)
	if err != nil {
		return nil, &unknownError{p.AttributePath.String(), t.def.Name}
	}
	path := &Path{attr: a}
	if a.parent != nil && a.parent.MultiValued { // emails.value
		path.attr, path.sub = a.parent, a
	}
	if p.ValueExpression != nil {
		if !a.MultiValued && (a.Type != Complex || a.ext || !o.tolerate(FilteredSingle, a.path)) {
			return nil, Errorf(ErrInvalidPath, "%s has one value only, so there is nothing to select", a.path)
		}
		c := compiler{typ: t, options: o, within: a}
		if path.match, err = c.compile(p.ValueExpression); err != nil {
			return nil, err
		}
		if !a.MultiValued {
			path.of = a
		} else {
			path.template = t.template(a, p.ValueExpression)
		}
	}
	if p.SubAttribute == nil {
		return path, nil
	}
	sub := a.Sub(*p.SubAttribute)
	switch {
	case sub == nil:
		return nil, &unknownError{a.path + "." + *p.SubAttribute, t.def.Name}
	case a.MultiValued:
		path.sub = sub
	case sub.MultiValued:
		return nil, Errorf(ErrInvalidPath, "%s has one value only, so there is nothing to select", a.path)
	default:
		path.attr = sub
	}
	return path, nil
}

// An unknownError says that a path names no attribute of the type; the tolerant dialect ignores some such.
type unknownError struct {
	path, typ string
}

func (e *unknownError) Error() string { return e.class().Error() }
func (e *unknownError) Unwrap() error { return e.class() }

func (e *unknownError) class() *Error {
	return Errorf(ErrInvalidPath, "%q is not an attribute of a %s", clip(e.path), e.typ)
}

// clip shortens a name that a client sent to what can be shown.
func clip(name string) string {
	const most = 100
	name, _, _ = strings.Cut(name, "[") // what follows may be personal
	if len(name) > most {
		name = strings.ToValidUTF8(name[:most], "")
	}
	return name
}

// Attribute is what the path names: after a value filter, the sub-attribute.
func (p *Path) Attribute() *Attribute {
	if p.sub != nil {
		return p.sub
	}
	return p.attr
}

// Values gives the values that r has at the path.
func (p *Path) Values(r *Resource) []any {
	if !p.holds(&r.Object) {
		return nil
	}
	var list []any
	p.attr.each(&r.Object, func(v any) bool {
		if p.of == nil && p.match != nil && !p.match(v) {
			return true
		}
		if p.sub == nil {
			list = append(list, v)
		} else if o, ok := v.(*Object); ok {
			eachValue(o.Get(p.sub.Name), func(v any) bool {
				list = append(list, v)
				return true
			})
		}
		return true
	})
	return list
}

// holds reports whether the value of a single-valued attribute is the one that the path selects.
func (p *Path) holds(top *Object) bool {
	if p.of == nil {
		return true
	}
	o := p.of.owner(top).GetObject(p.of.Name)
	return o != nil && p.match(o)
}

// template gives the value that a conjunction of eq describes; nil for any other filter.
func (t *ResourceType) template(a *Attribute, e filter.Expression) *Object {
	o := &Object{}
	if a.Type != Complex || !t.fill(o, a, e) {
		return nil
	}
	return o
}

func (t *ResourceType) fill(o *Object, a *Attribute, e filter.Expression) bool {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return e.Operator == filter.AND && t.fill(o, a, e.Left) && t.fill(o, a, e.Right)
	case *filter.AttributeExpression:
		sub, err := t.resolve(e.AttributePath, a)
		if err != nil || e.Operator != filter.EQ || e.CompareValue == nil || sub.MultiValued || sub.Type == Complex {
			return false
		}
		v, err := sub.literal(e.CompareValue, nil)
		if err != nil || o.Has(sub.Name) && !sub.EqualValues(o.Get(sub.Name), v) {
			return false
		}
		o.Set(sub.Name, v)
		return true
	}
	return false
}
