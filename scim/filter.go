package scim

import (
	"errors"

	"github.com/ilumy/usersync/scim/filter"
)

// A Filter is compiled for one [ResourceType], and matches its resources any number of times, from any
// number of goroutines.
type Filter struct {
	expression filter.Expression
	typ        *ResourceType
	match      predicate
}

// A predicate is a condition on a resource, or on one value of a multi-valued attribute.
type predicate func(v any) bool

// ParseFilter parses and compiles a filter (RFC 7644 section 3.4.2.2). Its errors are of class
// [ErrInvalidFilter]: it cannot be parsed, names an attribute that the type does not have or never
// returns, or compares it with what it cannot be.
func (t *ResourceType) ParseFilter(s string, o *Options) (*Filter, error) {
	e, err := filter.Parse(s, o.filterOptions())
	if err != nil {
		return nil, filterError(err)
	}
	return t.CompileFilter(e, o)
}

// CompileFilter compiles a syntax tree, for which see ParseFilter.
func (t *ResourceType) CompileFilter(e filter.Expression, o *Options) (*Filter, error) {
	c := compiler{typ: t, options: o}
	match, err := c.compile(e)
	if err != nil {
		return nil, err
	}
	return &Filter{expression: e, typ: t, match: match}, nil
}

func (o *Options) filterOptions() *filter.Options {
	l := o.limits()
	f := &filter.Options{Strict: o.strict(), MaxLength: l.FilterLength, MaxDepth: l.FilterDepth, MaxTerms: l.FilterTerms}
	if o != nil && o.Tolerated != nil {
		f.Tolerated = func(d filter.Deviation, _ int) {
			if d == filter.ComparedValuePath {
				o.tolerate(ComparedValuePath, "filter")
				return
			}
			o.tolerate(UnquotedLiteral, "filter")
		}
	}
	return f
}

func filterError(err error) error {
	var syntax *filter.SyntaxError
	if errors.As(err, &syntax) {
		return Errorf(ErrInvalidFilter, "the filter cannot be understood: %w", err)
	}
	return err
}

// Match reports whether a resource satisfies the filter. A nil Filter matches every resource.
func (f *Filter) Match(r *Resource) bool {
	return f == nil || f.match(&r.Object)
}

// Expression is the filter's syntax tree; nil for a nil Filter. It must not be changed.
func (f *Filter) Expression() filter.Expression {
	if f == nil {
		return nil
	}
	return f.expression
}

// Eq gives the value that an attribute must be equal to in each resource that matches, if the filter
// says so outright: it is such a comparison, or a conjunction with one. A Store uses it to look into an index.
// The path is a canonical one; "emails.value" also finds the value of emails[type eq "work" and value eq "x"].
func (f *Filter) Eq(path string) (value any, ok bool) {
	if f == nil {
		return nil, false
	}
	a := f.typ.Attribute(path)
	if a == nil {
		return nil, false
	}
	return f.typ.eq(f.expression, nil, a)
}

func (t *ResourceType) eq(e filter.Expression, within, want *Attribute) (any, bool) {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		if e.Operator != filter.EQ || e.CompareValue == nil {
			return nil, false
		}
		a, err := t.resolve(e.AttributePath, within)
		if err != nil {
			return nil, false
		}
		if a.Type == Complex {
			a = a.Sub("value")
		}
		if a != want {
			return nil, false
		}
		v, err := a.literal(e.CompareValue, nil)
		return v, err == nil
	case *filter.ValuePath:
		a, err := t.resolve(e.AttributePath, within)
		if err != nil {
			return nil, false
		}
		return t.eq(e.ValueFilter, a, want)
	case *filter.LogicalExpression:
		if e.Operator == filter.AND {
			if v, ok := t.eq(e.Left, within, want); ok {
				return v, ok
			}
			return t.eq(e.Right, within, want)
		}
	}
	return nil, false
}
