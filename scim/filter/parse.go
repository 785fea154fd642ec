package filter

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Options say how a filter or path is read. Nil is the default.
type Options struct {
	// Strict refuses what RFC 7644 does not have: values without quotes, True for true, a comparison
	// after a value filter.
	Strict bool
	// Tolerated is called for each such form that was taken, with its byte offset.
	Tolerated func(d Deviation, offset int)
	// MaxLength is the length in bytes; 8 KiB unless told.
	MaxLength int
	// MaxDepth is how deep parentheses and value filters may nest; 32.
	MaxDepth int
	// MaxTerms is the number of comparisons; 200.
	MaxTerms int
}

// A Deviation is a form that RFC 7644 does not have.
type Deviation uint8

const (
	// Unquoted is a string without quotes, or True for true: externalId eq jyoung.
	Unquoted Deviation = iota
	// ComparedValuePath is a comparison after a value filter: emails[type eq "work"].value eq "x".
	ComparedValuePath
)

// A SyntaxError says what is wrong with a filter or path, and where.
type SyntaxError struct {
	// Offset is the byte, from 0, at which it was seen.
	Offset int
	// Message says what was expected. It does not repeat the filter, which may hold personal data.
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Message)
}

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

// An attrNode is an expression with room for what it points to.
type attrNode struct {
	AttributeExpression
	uri, sub string
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

// operator gives the operator of a word in whatever case.
func operator(s string) (CompareOperator, bool) {
	if len(s) != 2 {
		return "", false
	}
	switch uint16(s[0]|0x20)<<8 | uint16(s[1]|0x20) {
	case 'e'<<8 | 'q':
		return EQ, true
	case 'n'<<8 | 'e':
		return NE, true
	case 'c'<<8 | 'o':
		return CO, true
	case 's'<<8 | 'w':
		return SW, true
	case 'e'<<8 | 'w':
		return EW, true
	case 'p'<<8 | 'r':
		return PR, true
	case 'g'<<8 | 't':
		return GT, true
	case 'g'<<8 | 'e':
		return GE, true
	case 'l'<<8 | 't':
		return LT, true
	case 'l'<<8 | 'e':
		return LE, true
	}
	return "", false
}

func (p *parser) value() (any, error) {
	if p.peek() == '"' {
		return p.text()
	}
	start := p.i
	for p.i < len(p.s) && classes[p.s[p.i]]&valueByte != 0 {
		p.i++
	}
	word := p.s[start:p.i]
	switch word {
	case "":
		return nil, p.fail(start, "a value is expected")
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if c := word[0]; c == '-' || '0' <= c && c <= '9' {
		if json.Valid([]byte(word)) {
			return json.Number(word), nil
		}
	}
	if !utf8.ValidString(word) {
		return nil, p.fail(start, "the value is not UTF-8")
	}
	if err := p.deviates(Unquoted, start, "a value is a string in quotes, a number, true, false or null"); err != nil {
		return nil, err
	}
	switch {
	case strings.EqualFold(word, "true"):
		return true, nil
	case strings.EqualFold(word, "false"):
		return false, nil
	case strings.EqualFold(word, "null"):
		return nil, nil
	}
	return word, nil
}

func (p *parser) text() (any, error) {
	start := p.i
	escaped, ascii := false, true
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\\':
			escaped = true
			p.i++
		case c < ' ':
			return nil, p.fail(p.i, "a control character must be escaped")
		case c == '"':
			p.i++
			if !escaped {
				s := p.s[start+1 : p.i-1]
				if !ascii && !utf8.ValidString(s) {
					return nil, p.fail(start, "the string is not UTF-8")
				}
				return s, nil
			}
			var s string
			if json.Unmarshal([]byte(p.s[start:p.i]), &s) != nil {
				return nil, p.fail(start, "the string has an escape that is not one of JSON")
			}
			return s, nil
		}
	}
	return nil, p.fail(start, "the string does not end")
}

// maxChunk bounds how many nodes are made ahead, on the word of a filter that may be hostile.
const maxChunk = 16

// newAttr and newLogical take nodes from arrays that have room for those still expected.
func (p *parser) newAttr() *attrNode {
	if len(p.attrs) == 0 {
		p.attrs = make([]attrNode, min(max(p.wantAttrs, 1), maxChunk))
	}
	p.wantAttrs--
	n := &p.attrs[0]
	p.attrs = p.attrs[1:]
	return n
}

func (p *parser) newLogical() *LogicalExpression {
	if len(p.logical) == 0 {
		p.logical = make([]LogicalExpression, min(max(p.wantLogical, 1), maxChunk))
	}
	p.wantLogical--
	n := &p.logical[0]
	p.logical = p.logical[1:]
	return n
}
