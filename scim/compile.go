package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/ilumy/usersync/scim/filter"
)

// A compiler makes predicates of a syntax tree.
type compiler struct {
	typ     *ResourceType
	options *Options
	within  *Attribute // the multi-valued attribute whose value filter is compiled; nil at the top
}

func (c *compiler) compile(e filter.Expression) (predicate, error) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		return c.logical(e)
	case *filter.NotExpression:
		p, err := c.compile(e.Expression)
		if err != nil {
			return nil, err
		}
		return func(v any) bool { return !p(v) }, nil
	case *filter.ValuePath:
		return c.valuePath(e)
	case *filter.AttributeExpression:
		return c.comparison(e)
	}
	return nil, Errorf(ErrInvalidFilter, "%T is not an expression of a filter", e)
}

// logical flattens a chain of the same operator, so that a long one costs no depth.
func (c *compiler) logical(e *filter.LogicalExpression) (predicate, error) {
	var list []predicate
	var rest filter.Expression = e
	for {
		l, ok := rest.(*filter.LogicalExpression)
		if !ok || l.Operator != e.Operator {
			break
		}
		p, err := c.compile(l.Right)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
		rest = l.Left
	}
	first, err := c.compile(rest)
	if err != nil {
		return nil, err
	}
	list = append(list, first)
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	and := e.Operator == filter.AND
	if len(list) == 2 {
		p, q := list[0], list[1]
		if and {
			return func(v any) bool { return p(v) && q(v) }, nil
		}
		return func(v any) bool { return p(v) || q(v) }, nil
	}
	return func(v any) bool {
		for _, p := range list {
			if p(v) != and {
				return !and
			}
		}
		return and
	}, nil
}

// valuePath matches if one value of the attribute satisfies the whole filter in the brackets.
func (c *compiler) valuePath(e *filter.ValuePath) (predicate, error) {
	a, err := c.attribute(e.AttributePath)
	if err != nil {
		return nil, err
	}
	p, err := (&compiler{typ: c.typ, options: c.options, within: a}).compile(e.ValueFilter)
	if err != nil {
		return nil, err
	}
	return c.any(a, p), nil
}

// any matches if one value of the attribute satisfies p.
func (c *compiler) any(a *Attribute, p predicate) predicate {
	switch {
	case a == c.within: // the value of a multi-valued attribute that is not complex
		return p
	case a.parent != c.within:
		inner := (&compiler{typ: c.typ, within: a.parent}).any(a, p)
		return c.any(a.parent, inner)
	}
	g := &getter{name: a.Name}
	return func(v any) bool {
		o, ok := v.(*Object)
		if !ok {
			return false
		}
		v = g.get(o)
		if list, ok := v.([]any); ok {
			return anyOf(list, p)
		}
		return v != nil && p(v)
	}
}

// A getter gets one name from many objects. Most of a type have it in the same place, so it looks first
// where it was the last time.
type getter struct {
	name string
	hint atomic.Int32
}

func (g *getter) get(o *Object) any {
	if i := int(g.hint.Load()); o != nil && i < len(o.members) && o.members[i].Name == g.name {
		return o.members[i].Value
	}
	i := o.index(g.name)
	if i < 0 {
		return nil
	}
	g.hint.Store(int32(i))
	return o.members[i].Value
}

func anyOf(list []any, p predicate) bool {
	for _, v := range list {
		if v != nil && p(v) {
			return true
		}
	}
	return false
}

// attribute resolves a path that a client may ask about.
func (c *compiler) attribute(p filter.AttributePath) (*Attribute, error) {
	a, err := c.typ.resolve(p, c.within)
	if err != nil {
		return nil, Errorf(ErrInvalidFilter, "the filter names %w", err)
	}
	if a.hidden() {
		return nil, Errorf(ErrInvalidFilter, "%s is never returned, so it cannot be filtered by", a.path)
	}
	return a, nil
}

// hidden reports whether the attribute is never returned.
func (a *Attribute) hidden() bool {
	return a.Returned == ReturnedNever || a.parent != nil && a.parent.hidden()
}

// resolve finds the attribute of a path: from the top, or within the value filter of an attribute.
func (t *ResourceType) resolve(p filter.AttributePath, within *Attribute) (*Attribute, error) {
	if within != nil {
		return t.resolveWithin(p, within)
	}
	name, sub := p.AttributeName, p.SubAttributeName()
	var a *Attribute
	switch uri := p.URI(); {
	case uri == "":
		a = t.names.find(name)
	case foldEqual(uri, t.def.Schema.ID):
		a = t.names.find(name)
	default:
		if e := t.names.find(uri); e != nil && e.ext {
			a = e.Sub(name)
		} else if e := t.names.find(uri + ":" + name); e != nil && e.ext {
			// The URN of an extension as a whole, or with a dot where a colon belongs.
			if sub == "" {
				return e, nil
			}
			if a = e.Sub(sub); a != nil {
				return a, nil
			}
		}
	}
	if a != nil && sub != "" {
		a = a.Sub(sub)
	}
	if a == nil {
		return nil, fmt.Errorf("%s, which a %s does not have", p.String(), t.def.Name)
	}
	return a, nil
}

func (t *ResourceType) resolveWithin(p filter.AttributePath, within *Attribute) (*Attribute, error) {
	name := p.AttributeName
	if sub := p.SubAttributeName(); sub != "" && foldEqual(name, within.Name) {
		name = sub // emails[emails.type eq "work"]
	} else if sub != "" {
		return nil, fmt.Errorf("%s in the value filter of %s; a sub-attribute has no sub-attributes", p.String(), within.path)
	}
	if a := within.Sub(name); a != nil {
		return a, nil
	}
	if within.Type != Complex && foldEqual(name, "value") {
		return within, nil
	}
	return nil, fmt.Errorf("%s, which %s does not have", name, within.path)
}

func (c *compiler) comparison(e *filter.AttributeExpression) (predicate, error) {
	a, err := c.attribute(e.AttributePath)
	if err != nil {
		return nil, err
	}
	if e.Operator == filter.PR {
		return c.any(a, present), nil
	}
	if e.CompareValue == nil {
		switch e.Operator {
		case filter.EQ:
			p := c.any(a, present)
			return func(v any) bool { return !p(v) }, nil
		case filter.NE:
			return c.any(a, present), nil
		}
		return nil, Errorf(ErrInvalidFilter, "%s cannot be compared with null by %s", a.path, e.Operator)
	}
	if a.Type == Complex {
		value := a.Sub("value")
		if value == nil {
			return nil, Errorf(ErrInvalidFilter, "%s is complex; compare one of its sub-attributes, as %s.%s", a.path, a.path, a.SubAttributes[0].Name)
		}
		a = value
	}
	v, err := a.literal(e.CompareValue, c.options)
	if err != nil {
		return nil, err
	}
	p, err := a.operator(e.Operator, v)
	if err != nil {
		return nil, err
	}
	some := c.any(a, p)
	if e.Operator != filter.NE {
		return some, nil
	}
	// An attribute without a value is not equal to any.
	has := c.any(a, assigned)
	return func(v any) bool { return some(v) || !has(v) }, nil
}

// assigned is true of every value that is there, even an empty string.
func assigned(any) bool { return true }

// present reports whether a value counts as assigned (RFC 7644 section 3.4.2.2, "pr": not empty).
func present(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case *Object:
		for _, m := range v.members {
			if present(m.Value) {
				return true
			}
		}
		return false
	case []any:
		return anyOf(v, present)
	}
	return true
}

// literal gives the value of a filter the type of the attribute.
func (a *Attribute) literal(v any, o *Options) (any, error) {
	typed, ok := v, false
	switch a.Type {
	case Boolean:
		if _, ok = v.(bool); !ok {
			typed, ok = parseBoolean(v)
			ok = ok && o.tolerate(LiteralType, a.path)
		}
	case Integer, Decimal:
		if _, ok = v.(json.Number); !ok {
			typed, ok = parseNumber(v)
			ok = ok && o.tolerate(LiteralType, a.path)
		}
	case DateTime:
		var s string
		if s, ok = v.(string); ok {
			_, err := ParseTime(s)
			ok = err == nil
		}
	default:
		if _, ok = v.(string); !ok {
			typed, ok = fmt.Sprint(v), o.tolerate(LiteralType, a.path)
		}
	}
	if !ok {
		return nil, Errorf(ErrInvalidFilter, "%s is compared with a value that is not a %s", a.path, a.Type)
	}
	return typed, nil
}

func parseBoolean(v any) (any, bool) {
	s, _ := v.(string)
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	return nil, false
}

func parseNumber(v any) (any, bool) {
	s, _ := v.(string)
	s = strings.TrimSpace(s)
	n := scanNumber(s)
	return json.Number(s), n > 0 && n == len(s) && n <= maxNumber
}
