package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Format gives the text of a filter, such that [Parse] gives the same tree again. It fails for what
// cannot be written: an attribute without a proper name, an unknown operator, a value that is not a string,
// number, boolean or nil.
func Format(e Expression) (string, error) {
	var f formatter
	f.expression(e)
	return string(f.b), f.err
}

// FormatPath gives the text of a path.
func FormatPath(p Path) (string, error) {
	var f formatter
	f.attribute(p.AttributePath)
	if p.ValueExpression != nil {
		f.b = append(f.b, '[')
		f.expression(p.ValueExpression)
		f.b = append(f.b, ']')
	}
	if p.SubAttribute != nil {
		f.b = append(f.b, '.')
		f.name(*p.SubAttribute)
	}
	return string(f.b), f.err
}

type formatter struct {
	b   []byte
	err error
}

func (f *formatter) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("write a filter: "+format, args...)
	}
}

func (f *formatter) expression(e Expression) {
	switch e := e.(type) {
	case *AttributeExpression:
		f.comparison(e)
	case *ValuePath:
		f.attribute(e.AttributePath)
		f.b = append(f.b, '[')
		f.expression(e.ValueFilter)
		f.b = append(f.b, ']')
	case *NotExpression:
		f.b = append(f.b, "not "...)
		f.parentheses(e.Expression)
	case *LogicalExpression:
		if e.Operator != AND && e.Operator != OR {
			f.fail("%q is neither and nor or", e.Operator)
		}
		f.operand(e.Left, e.Operator, false)
		f.b = append(f.b, ' ')
		f.b = append(f.b, e.Operator...)
		f.b = append(f.b, ' ')
		f.operand(e.Right, e.Operator, true)
	default:
		f.fail("%T is not an expression", e)
	}
}

// operand writes an operand in parentheses if it would else be taken apart: and binds closer than or, and
// both group to the left.
func (f *formatter) operand(e Expression, op LogicalOperator, right bool) {
	if l, ok := e.(*LogicalExpression); ok && (op == AND && l.Operator == OR || right && l.Operator == op) {
		f.parentheses(e)
		return
	}
	f.expression(e)
}

func (f *formatter) parentheses(e Expression) {
	f.b = append(f.b, '(')
	f.expression(e)
	f.b = append(f.b, ')')
}

func (f *formatter) comparison(e *AttributeExpression) {
	f.attribute(e.AttributePath)
	op, ok := operator(string(e.Operator))
	if !ok {
		f.fail("%q is not an operator", e.Operator)
	}
	f.b = append(f.b, ' ')
	f.b = append(f.b, op...)
	if op == PR {
		return
	}
	f.b = append(f.b, ' ')
	switch v := e.CompareValue.(type) {
	case nil, bool, int, int64, float64:
		f.b = fmt.Append(f.b, or(v, "null"))
	case json.Number:
		if !json.Valid([]byte(v)) {
			f.fail("%s is compared with what is not a number", e.AttributePath.AttributeName)
		}
		f.b = append(f.b, v...)
	case string:
		f.text(v)
	default:
		f.fail("%s is compared with a %T", e.AttributePath.AttributeName, v)
	}
}

func or(v, def any) any {
	if v == nil {
		return def
	}
	return v
}

func (f *formatter) text(s string) {
	plain := true
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			plain = false
			break
		}
	}
	if plain {
		f.b = append(f.b, '"')
		f.b = append(f.b, s...)
		f.b = append(f.b, '"')
		return
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		f.fail("%w", err)
	}
	f.b = append(f.b, strings.TrimSuffix(b.String(), "\n")...)
}

func (f *formatter) attribute(p AttributePath) {
	if uri := p.URI(); uri != "" {
		if !isURN(uri) || strings.ContainsFunc(uri, func(r rune) bool { return r > '~' || classes[byte(r)]&urnByte == 0 }) {
			f.fail("what is before the name of an attribute is not a URN")
		}
		f.b = append(f.b, uri...)
		f.b = append(f.b, ':')
	}
	f.name(p.AttributeName)
	if sub := p.SubAttributeName(); sub != "" {
		f.b = append(f.b, '.')
		f.name(sub)
	}
}

func (f *formatter) name(s string) {
	p := parser{s: s}
	if _, err := p.name(); err != nil || p.i < len(s) {
		f.fail("%q is not the name of an attribute", s)
	}
	f.b = append(f.b, s...)
}
