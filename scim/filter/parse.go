package filter

import (
	"fmt"
	"strings"
)

// Parse parses a filter in one pass. Its tree is the one that the library's ParseFilterNumber gives:
// and and or are left-associative, numbers are [json.Number]; but the strings in it are unescaped.
// The form emails[type eq "work"].value eq "x", which Entra ID sends, becomes
// emails[type eq "work" and value eq "x"]. Errors are of type *[SyntaxError].
func Parse(s string, o *Options) (Expression, error) {
	p := parser{s: s}
	if err := p.begin(o, "filter"); err != nil {
		return nil, err
	}
	p.spaces()
	e, err := p.or(1)
	if err != nil {
		return nil, err
	}
	p.spaces()
	if p.i < len(s) {
		return nil, p.fail(p.i, `"and", "or" or the end is expected`)
	}
	return e, nil
}

// ParsePath parses the path of a PATCH operation (RFC 7644 section 3.5.2).
func ParsePath(s string, o *Options) (Path, error) {
	p := parser{s: s}
	if err := p.begin(o, "path"); err != nil {
		return Path{}, err
	}
	n, err := p.attribute()
	if err != nil {
		return Path{}, err
	}
	path := Path{AttributePath: n.AttributePath}
	if p.bracket() {
		if path.ValueExpression, err = p.valueFilter(1); err != nil {
			return Path{}, err
		}
		if p.peek() == '.' {
			sub, err := p.subAttribute()
			if err != nil {
				return Path{}, err
			}
			path.SubAttribute = &sub
		}
	}
	if p.i < len(s) {
		return Path{}, p.fail(p.i, "the end of the path is expected")
	}
	return path, nil
}

// A parser is at one place in a filter. The nodes of the tree come from small arrays, since most of
// what a parser costs is allocation.
type parser struct {
	s        string
	i        int
	strict   bool
	tolerate func(Deviation, int)
	maxDepth int
	terms    int // that may still come
	attrs    []attrNode
	logical  []LogicalExpression
	// Nodes that are still expected, by a rough count of words.
	wantAttrs, wantLogical int
}

func (p *parser) begin(o *Options, what string) error {
	maxLength := 8 << 10
	p.maxDepth, p.terms = 32, 200
	if o != nil {
		p.strict, p.tolerate = o.Strict, o.Tolerated
		if o.MaxLength > 0 {
			maxLength = o.MaxLength
		}
		if o.MaxDepth > 0 {
			p.maxDepth = o.MaxDepth
		}
		if o.MaxTerms > 0 {
			p.terms = o.MaxTerms
		}
	}
	if len(p.s) > maxLength {
		return p.fail(maxLength, fmt.Sprintf("the %s is longer than %d bytes", what, maxLength))
	}
	brackets := strings.Count(p.s, "[")
	p.wantLogical = strings.Count(p.s, " and ") + strings.Count(p.s, " or ")
	p.wantAttrs = 1 + p.wantLogical + brackets
	return nil
}

func (p *parser) fail(at int, message string) error { return &SyntaxError{at, message} }

// deviates reports a form that RFC 7644 does not have, and fails if that is not to be taken.
func (p *parser) deviates(d Deviation, at int, message string) error {
	if p.strict {
		return p.fail(at, message)
	}
	if p.tolerate != nil {
		p.tolerate(d, at)
	}
	return nil
}

func (p *parser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

// spaces skips spaces, and reports whether there were any.
func (p *parser) spaces() bool {
	from := p.i
	for p.i < len(p.s) && p.s[p.i] == ' ' {
		p.i++
	}
	return p.i > from
}

// bracket reports whether a value filter follows, and skips spaces before it.
func (p *parser) bracket() bool {
	back := p.i
	p.spaces()
	if p.peek() == '[' {
		return true
	}
	p.i = back
	return false
}

// word reports whether the next word is w, in whatever case, and skips it.
func (p *parser) word(w string) bool {
	end := p.i + len(w)
	if end > len(p.s) || p.s[p.i]|0x20 != w[0] || end < len(p.s) && isNameByte(p.s[end]) || !strings.EqualFold(p.s[p.i:end], w) {
		return false
	}
	p.i = end
	return true
}

func (p *parser) or(depth int) (Expression, error) { return p.logic(depth, OR) }

// logic parses operands of "or", each of which is operands of "and", each of which is a term.
func (p *parser) logic(depth int, op LogicalOperator) (Expression, error) {
	operand := func() (Expression, error) {
		if op == OR {
			return p.logic(depth, AND)
		}
		return p.term(depth)
	}
	left, err := operand()
	if err != nil {
		return nil, err
	}
	for {
		back := p.i
		if !p.spaces() || !p.word(string(op)) {
			p.i = back
			return left, nil
		}
		if !p.spaces() && p.peek() != '(' {
			return nil, p.fail(p.i, `an expression is expected after "`+string(op)+`"`)
		}
		right, err := operand()
		if err != nil {
			return nil, err
		}
		n := p.newLogical()
		n.Left, n.Operator, n.Right = left, op, right
		left = n
	}
}

func (p *parser) term(depth int) (Expression, error) {
	if depth > p.maxDepth {
		return nil, p.fail(p.i, fmt.Sprintf("expressions are nested deeper than %d", p.maxDepth))
	}
	if p.peek() == '(' {
		return p.parentheses(depth)
	}
	start := p.i
	if p.word("not") {
		p.spaces()
		if p.peek() == '(' {
			e, err := p.parentheses(depth)
			if err != nil {
				return nil, err
			}
			return &NotExpression{Expression: e}, nil
		}
		p.i = start // an attribute may be called "not"
	}
	n, err := p.attribute()
	if err != nil {
		return nil, err
	}
	if p.bracket() {
		return p.valuePath(n, depth)
	}
	if err := p.comparison(n); err != nil {
		return nil, err
	}
	return &n.AttributeExpression, nil
}

func (p *parser) parentheses(depth int) (Expression, error) {
	p.i++
	p.spaces()
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	p.spaces()
	if p.peek() != ')' {
		return nil, p.fail(p.i, `"and", "or" or ")" is expected`)
	}
	p.i++
	return e, nil
}

// valueFilter parses the brackets and what is in them.
func (p *parser) valueFilter(depth int) (Expression, error) {
	p.i++
	p.spaces()
	if depth > p.maxDepth {
		return nil, p.fail(p.i, fmt.Sprintf("expressions are nested deeper than %d", p.maxDepth))
	}
	e, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	p.spaces()
	if p.peek() != ']' {
		return nil, p.fail(p.i, `"and", "or" or "]" is expected`)
	}
	p.i++
	return e, nil
}

func (p *parser) valuePath(n *attrNode, depth int) (Expression, error) {
	e, err := p.valueFilter(depth)
	if err != nil {
		return nil, err
	}
	v := &ValuePath{AttributePath: n.AttributePath, ValueFilter: e}
	if p.peek() != '.' {
		return v, nil
	}
	if err := p.deviates(ComparedValuePath, p.i, "the end of the value filter is expected, not a sub-attribute"); err != nil {
		return nil, err
	}
	name, err := p.subAttribute()
	if err != nil {
		return nil, err
	}
	c := p.newAttr()
	c.AttributePath.AttributeName = name
	if err := p.comparison(c); err != nil {
		return nil, err
	}
	and := p.newLogical()
	and.Left, and.Operator, and.Right = e, AND, &c.AttributeExpression
	v.ValueFilter = and
	return v, nil
}

// comparison parses what follows an attribute into n.
func (p *parser) comparison(n *attrNode) error {
	if p.terms--; p.terms < 0 {
		return p.fail(p.i, "there are too many comparisons")
	}
	if !p.spaces() {
		return p.fail(p.i, "an operator is expected after the attribute: eq, ne, co, sw, ew, gt, ge, lt, le or pr")
	}
	start := p.i
	for p.i < len(p.s) && isNameByte(p.s[p.i]) {
		p.i++
	}
	op, ok := operator(p.s[start:p.i])
	if !ok {
		return p.fail(start, "an operator is expected: eq, ne, co, sw, ew, gt, ge, lt, le or pr")
	}
	n.Operator = op
	if op == PR {
		return nil
	}
	if !p.spaces() {
		return p.fail(p.i, "a space and a value are expected after the operator")
	}
	var err error
	n.CompareValue, err = p.value()
	return err
}
