package scim

import (
	"strings"
	"unicode/utf8"

	"github.com/ilumy/usersync/scim/filter"
)

// operator gives the predicate of a comparison of one value of the attribute with a literal of its type.
func (a *Attribute) operator(op filter.CompareOperator, literal any) (predicate, error) {
	switch op {
	case filter.EQ:
		return a.equalTo(literal), nil
	case filter.NE:
		eq := a.equalTo(literal)
		return func(v any) bool { return !eq(v) }, nil
	case filter.CO, filter.SW, filter.EW:
		s, ok := literal.(string)
		if !ok {
			return nil, Errorf(ErrInvalidFilter, "%s is a %s; %s is for strings", a.path, a.Type, op)
		}
		return a.substring(op, s), nil
	}
	if a.Type == Boolean || a.Type == Binary {
		return nil, Errorf(ErrInvalidFilter, "%s is a %s, which has no order; %s cannot be used", a.path, a.Type, op)
	}
	kind := kindOf(literal)
	compare := func(v any) int { return a.Compare(v, literal) }
	switch op {
	case filter.GT:
		return func(v any) bool { return kindOf(v) == kind && compare(v) > 0 }, nil
	case filter.GE:
		return func(v any) bool { return kindOf(v) == kind && compare(v) >= 0 }, nil
	case filter.LT:
		return func(v any) bool { return kindOf(v) == kind && compare(v) < 0 }, nil
	case filter.LE:
		return func(v any) bool { return kindOf(v) == kind && compare(v) <= 0 }, nil
	}
	return nil, Errorf(ErrInvalidFilter, "%s is not an operator of RFC 7644", op)
}

func (a *Attribute) equalTo(literal any) predicate {
	s, ok := literal.(string)
	switch {
	case !ok:
		return func(v any) bool { return a.Compare(v, literal) == 0 }
	case a.Type == DateTime:
		return func(v any) bool {
			t, ok := v.(string)
			return ok && a.compareStrings(t, s) == 0
		}
	case a.exact():
		return func(v any) bool {
			t, ok := v.(string)
			return ok && t == s
		}
	}
	return func(v any) bool {
		t, ok := v.(string)
		return ok && strings.EqualFold(t, s)
	}
}

// substring gives the predicate of co, sw and ew.
func (a *Attribute) substring(op filter.CompareOperator, part string) predicate {
	if a.exact() || a.Type == DateTime {
		return func(v any) bool {
			s, ok := v.(string)
			return ok && holdsPart(op, s, part)
		}
	}
	part = foldKey(part)
	return func(v any) bool {
		s, ok := v.(string)
		if !ok {
			return false
		}
		const short = 64
		if len(s) > short {
			return holdsPart(op, foldKey(s), part)
		}
		var buf [short * utf8.UTFMax]byte // on the stack
		return holdsPart(op, string(appendFold(buf[:0], s)), part)
	}
}

func holdsPart(op filter.CompareOperator, s, part string) bool {
	switch op {
	case filter.SW:
		return strings.HasPrefix(s, part)
	case filter.EW:
		return strings.HasSuffix(s, part)
	}
	return strings.Contains(s, part)
}
