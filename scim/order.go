package scim

import (
	"strings"

	"github.com/ilumy/usersync/scim/filter"
)

// An Order sorts resources (RFC 7644 section 3.4.2.3). It is safe for concurrent use.
type Order struct {
	attr       *Attribute
	descending bool
}

// Order makes an Order of the parameters sortBy and sortOrder; nil of an empty sortBy. Errors are of class
// [ErrInvalidValue] or, for an attribute that the type does not have or never returns, [ErrInvalidPath].
func (t *ResourceType) Order(by, order string, o *Options) (*Order, error) {
	if by == "" {
		return nil, nil
	}
	var x Order
	switch {
	case order == "" || strings.EqualFold(order, "ascending"):
	case strings.EqualFold(order, "descending"):
		x.descending = true
	default:
		return nil, Errorf(ErrInvalidValue, "sortOrder is ascending or descending")
	}
	p, err := filter.ParsePath(by, o.filterOptions())
	if err != nil || p.ValueExpression != nil {
		return nil, Errorf(ErrInvalidPath, "sortBy is not the name of an attribute")
	}
	if x.attr, err = t.resolve(p.AttributePath, nil); err != nil || x.attr.hidden() {
		return nil, Errorf(ErrInvalidPath, "sortBy is not an attribute of a %s", t.def.Name)
	}
	if x.attr.Type == Complex {
		value := x.attr.Sub("value")
		if value == nil {
			return nil, Errorf(ErrInvalidPath, "%s is complex; sort by one of its sub-attributes", x.attr.path)
		}
		x.attr = value
	}
	return &x, nil
}

// Attribute is what is sorted by, and whether in descending order.
func (o *Order) Attribute() (a *Attribute, descending bool) { return o.attr, o.descending }

// Compare is negative if a comes before b. Resources without a value come last in ascending order, and
// first in descending order. Of several values the primary one counts, else the first.
func (o *Order) Compare(a, b *Resource) int {
	x, y := o.attr.sortValue(&a.Object), o.attr.sortValue(&b.Object)
	var c int
	switch {
	case x == nil && y == nil:
		return 0
	case x == nil:
		c = 1
	case y == nil:
		c = -1
	default:
		c = o.attr.Compare(x, y)
	}
	if o.descending {
		return -c
	}
	return c
}

// sortValue gives the value that a resource is sorted by.
func (a *Attribute) sortValue(top *Object) any {
	if a.parent == nil {
		return preferred(top.Get(a.Name))
	}
	o, _ := a.parent.sortValue(top).(*Object)
	return preferred(o.Get(a.Name))
}

// preferred gives the primary value of a list, or the first; any other value as it is.
func preferred(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	for _, e := range list {
		if isPrimary(e) {
			return e
		}
	}
	if len(list) > 0 {
		return list[0]
	}
	return nil
}
