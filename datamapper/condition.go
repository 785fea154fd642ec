package datamapper

import (
	"errors"
	"slices"
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
		f := d.fields(n, what, conditionFields...)
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
	null := e.CompareValue == nil && (e.Operator == filter.EQ || e.Operator == filter.NE)
	if e.Operator == filter.PR || null {
		want := e.Operator != filter.EQ // eq null is "not present"
		return func(env *expression.Env) (bool, error) {
			v, err := prog.Eval(env)
			return !v.Empty() == want, err
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
