package expression

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

func (c *compiler) operation(n *Operation) code {
	left, right := c.node(n.Left), c.node(n.Right)
	switch n.Op {
	case "&":
		return c.concat(left, right)
	case "and", "or":
		return c.logic(n, left, right)
	}
	for _, side := range []struct {
		node Node
		with code
	}{{n.Left, right}, {n.Right, left}} {
		if _, ok := side.node.(*Attribute); ok && side.with.constant != nil && side.with.constant.Empty() {
			return c.mistake(n, `a comparison with an attribute that has no value fails, so that this is never true; use Switch([x], [x], "", "Other") or IsNullOrEmpty([x])`)
		}
	}
	return code{types: aBoolean | aNull, eval: comparison(n, left.eval, right.eval)}
}

// comparison gives null when an operand is null, or is an attribute that is empty; IIF fails then, as it does in
// Entra, and CBool gives False.
func comparison(n *Operation, left, right eval) eval {
	_, leftIs := n.Left.(*Attribute)
	_, rightIs := n.Right.(*Attribute)
	test := map[string]func(int) bool{
		"=":  func(c int) bool { return c == 0 },
		"<>": func(c int) bool { return c != 0 },
		"<":  func(c int) bool { return c < 0 },
		"<=": func(c int) bool { return c <= 0 },
		">":  func(c int) bool { return c > 0 },
		">=": func(c int) bool { return c >= 0 },
	}[n.Op]
	ordered := n.Op != "=" && n.Op != "<>"
	return func(e *Env) (Value, error) {
		a, err := left(e)
		if err != nil {
			return a, err
		}
		b, err := right(e)
		if err != nil {
			return b, err
		}
		if a.kind == Null || b.kind == Null || leftIs && a.Empty() || rightIs && b.Empty() {
			return Value{}, nil
		}
		order, err := compare(a, b, ordered)
		if err != nil {
			return Value{}, err
		}
		return boolean(test(order)), nil
	}
}

var errOrder = errors.New("the two sides of a comparison are of different types")

// compare orders two values that are not null. Numbers, dates and booleans compare as such when one side is one;
// texts are ordered by number when both are numbers, and are equal only when they are the same.
func compare(a, b Value, ordered bool) (int, error) {
	convert := Value.toText
	switch has := typesOf(a) | typesOf(b); {
	case has&aDate != 0:
		convert = Value.toDate
	case has&aNumber != 0:
		convert = Value.toNumber
	case has&aBoolean != 0:
		convert = Value.toBoolean
	case ordered:
		if x, ok := parseNumber(a.s); ok && a.kind == Text {
			if y, ok := parseNumber(b.s); ok && b.kind == Text {
				return compareNumbers(x, y), nil
			}
		}
	}
	for _, v := range []*Value{&a, &b} {
		if v.kind == List && len(v.items()) > 1 {
			return 0, errSeveral
		}
	}
	x, err := convert(a)
	y, err2 := convert(b)
	switch {
	case (err != nil || err2 != nil) && ordered:
		return 0, errOrder
	case err != nil || err2 != nil:
		return 1, nil
	case x.kind == Text:
		return strings.Compare(x.s, y.s), nil
	case x.kind == Integer || x.kind == Decimal:
		return compareNumbers(x, y), nil
	}
	return cmp.Compare(x.n, y.n), nil
}

func compareNumbers(a, b Value) int {
	if a.kind == Integer && b.kind == Integer {
		return cmp.Compare(a.n, b.n)
	}
	return cmp.Compare(a.decimal(), b.decimal())
}

// concat is the operator &: null counts as an empty text.
func (c *compiler) concat(left, right code) code {
	return code{types: aText, eval: func(e *Env) (Value, error) {
		a, err := left.eval(e)
		if err != nil {
			return a, err
		}
		b, err := right.eval(e)
		if err != nil {
			return b, err
		}
		if a, err = a.toText(); err != nil {
			return a, err
		}
		if b, err = b.toText(); err != nil {
			return b, err
		}
		if len(a.s)+len(b.s) > MaxText {
			return Value{}, errTooLong
		}
		return text(a.s + b.s), nil
	}}
}

// logic is "and" and "or" of three values: what is null may still be either.
func (c *compiler) logic(n *Operation, left, right code) code {
	for _, side := range []struct {
		node Node
		code code
	}{{n.Left, left}, {n.Right, right}} {
		if !side.code.types.fit(pBoolean) {
			return c.mistake(side.node, "a condition is expected beside %q, and this gives %s", n.Op, side.code.types)
		}
	}
	decides := n.Op == "or"
	return code{types: aBoolean | aNull, eval: func(e *Env) (Value, error) {
		a, err := left.eval(e)
		if err != nil {
			return a, err
		}
		if a, err = a.toBoolean(); err != nil {
			return a, err
		}
		if a.kind == Boolean && (a.n != 0) == decides {
			return a, nil
		}
		b, err := right.eval(e)
		if err != nil {
			return b, err
		}
		if b, err = b.toBoolean(); err != nil {
			return b, err
		}
		if a.kind == Null && !(b.kind == Boolean && (b.n != 0) == decides) {
			return a, nil
		}
		return b, nil
	}}
}

// template compiles text with values in it.
func (c *compiler) template(n *Template) code {
	type piece struct {
		text     string
		value    *code // nil for text
		optional bool
		name     string
	}
	pieces := make([]piece, len(n.Parts))
	types := aText
	for i, p := range n.Parts {
		pieces[i] = piece{text: p.Text, optional: p.Optional}
		if p.Node == nil {
			continue
		}
		value := c.node(p.Node)
		if !value.types.fit(pText) {
			return c.mistake(p.Node, "one text is expected here, and this gives %s", value.types)
		}
		pieces[i].value, pieces[i].name = &value, strings.Join(reads(p.Node), ", ")
		if !p.Optional {
			types |= aNull
		}
	}
	if len(pieces) == 0 {
		return constant(text(""))
	}
	if len(pieces) == 1 && pieces[0].value == nil {
		return constant(text(pieces[0].text))
	}
	return writing(func(e *Env) (Value, bool, error) {
		base := len(e.bytes)
		skip := false
		for i := range pieces {
			p := &pieces[i]
			start := len(e.bytes)
			if p.value == nil {
				e.bytes = append(e.bytes, p.text...)
			} else {
				v, written, err := p.value.put(e)
				if err != nil {
					return Value{}, false, err
				}
				if !written {
					if v, err = v.toText(); err != nil {
						return Value{}, false, fmt.Errorf("%s: %w", p.name, err)
					}
					e.bytes = append(e.bytes, v.s...)
				}
				if len(e.bytes) == start {
					if !p.optional {
						e.bytes = e.bytes[:base]
						return Value{}, false, nil
					}
					if start > base && e.bytes[start-1] == ' ' {
						e.bytes = e.bytes[:start-1]
					} else if start == base {
						skip = true
					}
					continue
				}
			}
			if skip && e.bytes[start] == ' ' {
				e.bytes = slices.Delete(e.bytes, start, start+1)
			}
			skip = false
			if len(e.bytes)-base > MaxText {
				return Value{}, false, errTooLong
			}
		}
		return Value{}, true, nil
	}, types)
}
