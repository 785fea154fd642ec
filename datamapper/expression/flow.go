package expression

import (
	"errors"
	"fmt"
)

// errCondition is the error of IIF when its condition cannot be told.
var errCondition = errors.New(`the condition compares an attribute that has no value, and IIF fails then; use Switch([x], [x], "", "Other") or Coalesce([x], "…")`)

// flowFunctions choose between values, and say what becomes of the attribute.
func flowFunctions() []*function {
	anyOf := func(names ...string) []param {
		params := make([]param, len(names))
		for i, name := range names {
			params[i] = nullable(name, pAny)
		}
		return params
	}
	return []*function{
		{name: "IIF", params: []param{nullable("condition", pBoolean), opt("valueIfTrue", pAny), opt("valueIfFalse", pAny)}, special: compileIIF},
		{name: "Switch", params: []param{nullable("source", pAny), opt("default", pAny), opt("key", pText), opt("value", pAny)}, variadic: true, special: compileSwitch},
		{name: "Coalesce", params: anyOf("source"), variadic: true, special: compileCoalesce},
		{name: "IgnoreFlowIfNullOrEmpty", params: anyOf("expression"), special: compileIgnoreFlow},
		{name: "Error", params: []param{nullable("message", pText)}, special: compileError},
		{name: "Redact", params: anyOf("value"), special: func(c *compiler, n *Call) code {
			c.redacted = true
			return c.node(n.Args[0])
		}},
		{name: "SelectUniqueValue", params: anyOf("rule1", "rule2"), variadic: true,
			refused: "asks the target which value is free, and rules see only the record; make the value from something that is unique in the source"},
		{name: "ImportedValue", params: []param{need("attribute", pText)},
			refused: "reads the record as the target has it, and rules see only that of the source"},
	}
}

func compileIIF(c *compiler, n *Call) code {
	cond := c.node(n.Args[0])
	if !cond.types.fit(pBoolean) {
		return c.mistake(n.Args[0], "condition of IIF must be true or false, and this gives %s", cond.types)
	}
	c.warnNull(n.Args[0])
	branch := func(i int) code {
		if i >= len(n.Args) || n.Args[i] == nil {
			return constant(Value{})
		}
		return c.node(n.Args[i])
	}
	yes, no := branch(1), branch(2)
	return code{types: yes.types | no.types, eval: func(e *Env) (Value, error) {
		v, err := cond.eval(e)
		if err == nil {
			v, err = v.toBoolean()
		}
		if err == nil && v.kind == Null {
			err = errCondition
		}
		if err != nil {
			return v, fmt.Errorf("IIF: %w", err)
		}
		if v.n != 0 {
			return yes.eval(e)
		}
		return no.eval(e)
	}}
}

// warnNull warns of attributes in the comparisons of a condition, for it fails when they have no value.
func (c *compiler) warnNull(n Node) {
	op, ok := n.(*Operation)
	switch {
	case !ok || op.Op == "&":
	case op.Op == "and" || op.Op == "or":
		c.warnNull(op.Left)
		c.warnNull(op.Right)
	default:
		for _, side := range []Node{op.Left, op.Right} {
			if a, ok := side.(*Attribute); ok {
				c.warn(a, `IIF fails for a record without %s, which is held then; Coalesce([%[1]s], "…") or Switch([%[1]s], …, "", …) does not`, a.Name)
			}
		}
	}
}

func compileCoalesce(c *compiler, n *Call) code {
	var all []eval
	var types types
	for _, arg := range n.Args {
		if arg != nil {
			code := c.node(arg)
			all, types = append(all, code.eval), types|code.types
		}
	}
	return code{types: types, eval: func(e *Env) (Value, error) {
		for _, f := range all {
			if v, err := f(e); err != nil || v.kind != Null {
				return v, err
			}
		}
		return Value{}, nil
	}}
}

func compileIgnoreFlow(c *compiler, n *Call) code {
	if c.outer != n {
		return c.mistake(n, "IgnoreFlowIfNullOrEmpty must be the outermost function")
	}
	inner := c.node(n.Args[0])
	return code{types: inner.types&^aNull | 1<<Ignore, eval: func(e *Env) (Value, error) {
		v, err := inner.eval(e)
		if err == nil && v.Empty() {
			v = Value{kind: Ignore}
		}
		return v, err
	}}
}

func compileError(c *compiler, n *Call) code {
	message := c.node(n.Args[0])
	err := errors.New("Error: the rule refuses this record")
	if message.constant != nil {
		err = fmt.Errorf("Error: %s", message.constant)
	}
	return code{types: anything, eval: func(*Env) (Value, error) { return Value{}, err }}
}
