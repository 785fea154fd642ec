package scim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ilumy/usersync/scim/filter"
)

// A Column is where a store keeps the values of an attribute.
//
// A column of strings, references, binaries or dateTimes holds [Attribute.Key] of the value, and is compared byte by byte
// (COLLATE "C" in PostgreSQL; SQLite does so by itself). So case is honoured as the schema says, and an index on the
// column serves, which LOWER(column) would not let it. Booleans and numbers are columns of those types.
type Column struct {
	// Expr is the value in SQL, as "u.user_name".
	Expr string
	// From is for attributes that a resource has several values of: what follows SELECT 1 in the subquery that
	// gives them, as "FROM emails v WHERE v.user_id = u.id". Expr is then one of its columns.
	From string
}

// SQL says how a store keeps what filters ask about.
type SQL struct {
	// Column gives the column of an attribute. That of a multi-valued complex attribute needs a From only. What has no
	// column cannot be translated.
	Column func(a *Attribute) (c Column, ok bool)
	// Placeholder gives that of the n-th argument, from 1: "$1" for PostgreSQL. Nil is "?" for each.
	Placeholder func(n int) string
	// Arguments is how many there are before those of the condition.
	Arguments int
}

// Where translates a filter into a condition of SQL and its arguments, such that it holds for exactly the
// resources that match. All that comes from the client is in the arguments. The condition is never unknown (NULL). A filter
// that asks for what has no column is an error that wraps [errors.ErrUnsupported]; then the store can let
// [Filter.Match] decide.
func (q SQL) Where(f *Filter) (condition string, args []any, err error) {
	if f == nil {
		return "1 = 1", nil, nil
	}
	t := translation{SQL: q, typ: f.typ}
	condition, err = filter.Visit(f.expression, &t)
	return condition, t.args, err
}

// A translation is a [filter.Visitor] that makes a condition.
type translation struct {
	SQL
	typ    *ResourceType
	within *Attribute // the attribute whose value filter is translated
	args   []any
}

func (t *translation) Logical(op filter.LogicalOperator, left, right string) (string, error) {
	return "(" + left + " " + strings.ToUpper(string(op)) + " " + right + ")", nil
}

func (t *translation) Not(operand string) (string, error) { return "NOT " + operand, nil }

func (t *translation) ValuePath(p filter.AttributePath, visit func() (string, error)) (string, error) {
	a, err := t.typ.resolve(p, t.within)
	if err != nil {
		return "", err
	}
	c, err := t.column(a)
	if err != nil {
		return "", err
	}
	outer := t.within
	t.within = a
	condition, err := visit()
	t.within = outer
	return c.exists(condition), err
}

func (t *translation) Comparison(e *filter.AttributeExpression) (string, error) {
	a, err := t.typ.resolve(e.AttributePath, t.within)
	if err != nil {
		return "", err
	}
	if e.Operator == filter.PR || e.CompareValue == nil {
		condition, err := t.present(a)
		if e.Operator == filter.EQ {
			condition = "NOT " + condition
		}
		return condition, err
	}
	if a.Type == Complex {
		a = a.Sub("value")
	}
	v, err := a.literal(e.CompareValue, nil)
	if err != nil {
		return "", err
	}
	c, err := t.column(a)
	if err != nil {
		return "", err
	}
	if t.inside(a) {
		c.From = ""
	}
	condition, err := t.compare(a, c.Expr, e.Operator, v)
	if err != nil {
		return "", err
	}
	some := c.exists("(" + c.Expr + " IS NOT NULL AND " + condition + ")")
	if e.Operator == filter.NE {
		return "(" + some + " OR NOT " + c.exists(c.Expr+" IS NOT NULL") + ")", nil
	}
	return some, nil
}

// inside reports whether the value filter that is translated is about a value that a is part of.
func (t *translation) inside(a *Attribute) bool {
	return t.within != nil && (a == t.within || a.parent == t.within)
}

func (t *translation) column(a *Attribute) (Column, error) {
	if c, ok := t.Column(a); ok {
		return c, nil
	}
	return Column{}, fmt.Errorf("there is no column for %s: %w", a.path, errors.ErrUnsupported)
}

// present translates that an attribute has a value.
func (t *translation) present(a *Attribute) (string, error) {
	c, ok := t.Column(a)
	switch {
	case !ok && a.Type == Complex && len(a.SubAttributes) > 0:
		// It has a value if one of its sub-attributes has.
		parts := make([]string, 0, len(a.SubAttributes))
		for _, s := range a.SubAttributes {
			p, err := t.present(s)
			if err != nil {
				return "", err
			}
			parts = append(parts, p)
		}
		return "(" + strings.Join(parts, " OR ") + ")", nil
	case !ok:
		_, err := t.column(a)
		return "", err
	case c.Expr == "":
		return c.exists("1 = 1"), nil
	}
	if t.inside(a) {
		c.From = ""
	}
	condition := c.Expr + " IS NOT NULL"
	if a.Type != Boolean && a.Type != Integer && a.Type != Decimal {
		condition += " AND " + c.Expr + " <> ''"
	}
	return c.exists("(" + condition + ")"), nil
}

// exists makes of a condition on one value one on the resource.
func (c Column) exists(condition string) string {
	if c.From == "" {
		return "(" + condition + ")"
	}
	return "EXISTS (SELECT 1 " + c.From + " AND " + condition + ")"
}

func (t *translation) arg(v any) string {
	t.args = append(t.args, v)
	n := t.Arguments + len(t.args)
	if t.Placeholder == nil {
		return "?"
	}
	return t.Placeholder(n)
}

func (t *translation) compare(a *Attribute, expr string, op filter.CompareOperator, literal any) (string, error) {
	if _, err := a.operator(op, literal); err != nil {
		return "", err
	}
	var v any
	switch literal := literal.(type) {
	case json.Number:
		v = number(literal)
	case bool:
		v = literal
	default:
		v = a.Key(literal)
	}
	switch op {
	case filter.CO, filter.SW, filter.EW:
		if a.Type == DateTime {
			return "", fmt.Errorf("%s is a dateTime, whose column is not its text: %w", a.path, errors.ErrUnsupported)
		}
		return t.substring(expr, op, v.(string)), nil
	}
	sign := map[filter.CompareOperator]string{filter.EQ: "=", filter.NE: "<>", filter.GT: ">", filter.GE: ">=", filter.LT: "<", filter.LE: "<="}[op]
	return expr + " " + sign + " " + t.arg(v), nil
}

// substring needs no LIKE, whose case and escapes are others in each database.
func (t *translation) substring(expr string, op filter.CompareOperator, part string) string {
	n := strconv.Itoa(utf8.RuneCountInString(part))
	switch {
	case part == "":
		return "1 = 1"
	case op == filter.CO:
		return "REPLACE(" + expr + ", " + t.arg(part) + ", '') <> " + expr
	case op == filter.EW:
		return "SUBSTR(" + expr + ", LENGTH(" + expr + ") - " + n + " + 1) = " + t.arg(part)
	}
	// The bound lets an index serve.
	return "(" + expr + " >= " + t.arg(part) + " AND SUBSTR(" + expr + ", 1, " + n + ") = " + t.arg(part) + ")"
}

// number gives a number as databases take it.
func number(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return f
}

var _ filter.Visitor[string] = (*translation)(nil)
