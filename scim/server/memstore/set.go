package memstore

import (
	"math/bits"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// A set is some of the entries of a table by their places: all that match, and when it is exact no others. A set that is
// not known says nothing.
type set struct {
	known, exact bool
	bits         []uint64
}

// A finder works out by indexes which entries can match. It is a [filter.Visitor].
type finder struct {
	tab *table
	// missing are attributes whose index would have helped.
	missing []*scim.Attribute
}

// leaf gives the set of a part of a filter that is an equality, or a conjunction with one.
func (f *finder) leaf(e filter.Expression) set {
	part, err := f.tab.typ.CompileFilter(e, nil)
	if err != nil {
		return set{}
	}
	for _, a := range f.tab.equalities(e) {
		v, ok := part.Eq(a.Path())
		if !ok {
			continue
		}
		x := f.tab.index(a)
		if x == nil {
			if f.tab.learns(a) {
				f.missing = append(f.missing, a)
			}
			continue
		}
		_, single := e.(*filter.AttributeExpression)
		s := set{known: true, exact: single, bits: make([]uint64, (len(f.tab.order)+63)/64)}
		for _, e := range x.entries[a.Key(v)] {
			s.bits[e.place/64] |= 1 << (e.place % 64)
		}
		return s
	}
	return set{}
}

func (f *finder) Comparison(e *filter.AttributeExpression) (set, error) { return f.leaf(e), nil }

func (f *finder) ValuePath(p filter.AttributePath, visit func() (set, error)) (set, error) {
	return set{}, nil
}

func (f *finder) Not(s set) (set, error) {
	if !s.known || !s.exact {
		return set{}, nil
	}
	for i := range s.bits {
		s.bits[i] = ^s.bits[i]
	}
	return s, nil
}

func (f *finder) Logical(op filter.LogicalOperator, left, right set) (set, error) {
	and := op == filter.AND
	switch {
	case left.known && right.known:
		for i := range left.bits {
			if and {
				left.bits[i] &= right.bits[i]
			} else {
				left.bits[i] |= right.bits[i]
			}
		}
		left.exact = left.exact && right.exact
		return left, nil
	case and && left.known:
		left.exact = false
		return left, nil
	case and && right.known:
		right.exact = false
		return right, nil
	}
	return set{}, nil
}

// among gives the entries of a set in their order.
func (s set) among(order []*entry) []*entry {
	var list []*entry
	for i, w := range s.bits {
		for ; w != 0; w &= w - 1 {
			if place := i*64 + bits.TrailingZeros64(w); place < len(order) {
				list = append(list, order[place])
			}
		}
	}
	return list
}

var _ filter.Visitor[set] = (*finder)(nil)
