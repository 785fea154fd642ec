package scim

import "github.com/ilumy/usersync/scim/filter"

// A Filter is compiled for one [ResourceType], and matches its resources any number of times, from any
// number of goroutines.
type Filter struct {
	expression filter.Expression
	typ        *ResourceType
	match      func(*Object) bool
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
