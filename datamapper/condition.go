package datamapper

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/scim/filter"
)

// A condition tells whether a record is meant.
type condition struct {
	name  string
	place place
	test  test
	reads []string
}

// A test is a part of a condition, or all of it.
type test func(*expression.Env) (bool, error)

// condition decodes a filter, or {expression: …}. A condition that is not there is nil.
func (d *decoder) condition(k *kindRules, n *node, what string) *condition {
	if n == nil {
		return nil
	}
	c := &condition{name: what, place: n.place}
	c.test = d.test(k, n, c)
	return c
}

func (d *decoder) test(k *kindRules, n *node, c *condition) test {
	text, what := n, c.name
	if n.kind == mapping {
		f := d.fields(n, what, "filter", "expression")
		switch {
		case f == nil:
			return nil
		case (f["filter"] == nil) == (f["expression"] == nil):
			d.mistake(n.place, "%s has either a filter or an expression", what)
			return nil
		case f["expression"] != nil:
			return d.expressionTest(k, f["expression"], c)
		}
		text = f["filter"]
	}
	if text.kind != scalar {
		d.mistake(text.place, `%s is a SCIM filter, as 'employeeID pr and not (cn sw "svc-")', not %s`, what, text.kind)
		return nil
	}
	e, err := filter.Parse(text.text, nil)
	if err != nil {
		var syntax *filter.SyntaxError
		if errors.As(err, &syntax) && text.locate != nil {
			d.mistake(text.locate(syntax.Offset), "%s is not a SCIM filter: %s", what, syntax.Message)
		} else {
			d.mistake(text.place, "%s is not a SCIM filter: %v", what, err)
		}
		return nil
	}
	return d.filter(k, text, e, c)
}

func (d *decoder) expressionTest(k *kindRules, n *node, c *condition) test {
	e := d.expression(n)
	if e == nil {
		return nil
	}
	prog, err := k.scope.Compile(e)
	if err != nil {
		d.expressionErrors(n, err)
		return nil
	}
	c.reads = prog.Reads()
	d.warnings(n, prog.Warnings())
	return func(env *expression.Env) (bool, error) {
		v, err := prog.Eval(env)
		if err != nil {
			return false, err
		}
		return v.True()
	}
}

// filter compiles a filter. Its mistakes are in the scalar n.
func (d *decoder) filter(k *kindRules, n *node, e filter.Expression, c *condition) test {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		left, right := d.filter(k, n, e.Left, c), d.filter(k, n, e.Right, c)
		decides := e.Operator == filter.OR
		return func(env *expression.Env) (bool, error) {
			if ok, err := left(env); err != nil || ok == decides {
				return ok, err
			}
			return right(env)
		}
	case *filter.NotExpression:
		inner := d.filter(k, n, e.Expression, c)
		return func(env *expression.Env) (bool, error) {
			ok, err := inner(env)
			return !ok, err
		}
	case *filter.AttributeExpression:
		return d.comparison(k, n, e, c)
	}
	d.mistake(n.place, "a filter on the values of an attribute, as emails[…], is not possible here: the attributes of a source are flat")
	return never
}

func never(*expression.Env) (bool, error) { return false, nil }

// comparison compiles one comparison: it holds when it does for any value. Only ne holds when eq does not.
func (d *decoder) comparison(k *kindRules, n *node, e *filter.AttributeExpression, c *condition) test {
	name := e.AttributePath.String()
	if !slices.Contains(c.reads, name) {
		c.reads = append(c.reads, name)
	}
	node := expression.NewAttribute(name)
	d.places[node] = n.place
	if at := strings.Index(n.text, name); at >= 0 && n.locate != nil {
		d.places[node] = n.locate(at)
	}
	prog, err := k.scope.Compile(node)
	if err != nil {
		d.expressionErrors(n, err)
		return never
	}
	if e.Operator == filter.PR {
		return func(env *expression.Env) (bool, error) {
			v, err := prog.Eval(env)
			return !v.Empty(), err
		}
	}
	test, err := comparer(e.Operator, e.CompareValue)
	if err != nil {
		d.mistake(d.places[node], "%s: %v", name, err)
		return never
	}
	negated := e.Operator == filter.NE
	return func(env *expression.Env) (bool, error) {
		v, err := prog.Eval(env)
		if err != nil {
			return false, err
		}
		return v.Any(test) != negated, nil
	}
}

// comparer gives the test of one value. Texts compare without regard to case, as SCIM's do unless a schema
// says otherwise. A number in the filter compares as a number, so that "0012" eq 12, but not eq "12".
func comparer(op filter.CompareOperator, value any) (func(string) bool, error) {
	switch value := value.(type) {
	case nil:
		if op == filter.EQ || op == filter.NE {
			return func(s string) bool { return s == "" }, nil
		}
		return nil, fmt.Errorf("%s cannot compare with null", op)
	case bool:
		if op != filter.EQ && op != filter.NE {
			return nil, fmt.Errorf("%s cannot compare with true or false", op)
		}
		return func(s string) bool { return strings.EqualFold(s, strconv.FormatBool(value)) }, nil
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return nil, fmt.Errorf("%s is not a number that can be compared", value)
		}
		return numberComparer(op, f)
	case string:
		return textComparer(op, strings.ToLower(value)), nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be compared", value)
}

func numberComparer(op filter.CompareOperator, want float64) (func(string) bool, error) {
	test := map[filter.CompareOperator]func(float64) bool{
		filter.EQ: func(f float64) bool { return f == want },
		filter.NE: func(f float64) bool { return f == want },
		filter.GT: func(f float64) bool { return f > want },
		filter.GE: func(f float64) bool { return f >= want },
		filter.LT: func(f float64) bool { return f < want },
		filter.LE: func(f float64) bool { return f <= want },
	}[op]
	if test == nil {
		return nil, fmt.Errorf("%s compares texts; write the number in quotes", op)
	}
	return func(s string) bool {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return err == nil && test(f)
	}, nil
}

func textComparer(op filter.CompareOperator, want string) func(string) bool {
	switch op {
	case filter.CO:
		return func(s string) bool { return strings.Contains(strings.ToLower(s), want) }
	case filter.SW:
		return func(s string) bool { return strings.HasPrefix(strings.ToLower(s), want) }
	case filter.EW:
		return func(s string) bool { return strings.HasSuffix(strings.ToLower(s), want) }
	case filter.GT:
		return func(s string) bool { return strings.ToLower(s) > want }
	case filter.GE:
		return func(s string) bool { return strings.ToLower(s) >= want }
	case filter.LT:
		return func(s string) bool { return strings.ToLower(s) < want }
	case filter.LE:
		return func(s string) bool { return strings.ToLower(s) <= want }
	}
	return func(s string) bool { return strings.ToLower(s) == want }
}
