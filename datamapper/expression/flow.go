package expression

import (
	"errors"
	"fmt"
	"strings"
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

// compileSwitch compiles a table. Keys are compared as text and exactly; the key "" is for a source that is
// null or empty. Several values are looked up each: those without a key are left out, and only when no value
// has one the default is given.
//
// In Connect Sync Switch has pairs of condition and value instead; it is that when all its odd arguments are conditions.
func compileSwitch(c *compiler, n *Call) code {
	if isConditions(n) {
		return compileConditions(c, n)
	}
	if len(n.Args)%2 != 0 {
		return c.mistake(n, "Switch takes pairs of key and value after source and default, and the last key has no value")
	}
	if len(n.Args) < 4 {
		return c.mistake(n, "Switch takes source, default, and then pairs of key and value")
	}
	source := c.node(n.Args[0])
	fallback := constant(Value{})
	if n.Args[1] != nil {
		fallback = c.node(n.Args[1])
	}
	types := fallback.types | aNull
	if source.types&aList != 0 {
		types |= aList
	}
	var keys, values []eval
	table := map[string]int{}
	for i := 2; i < len(n.Args); i += 2 {
		key := constant(text(""))
		if n.Args[i] != nil {
			key = c.node(n.Args[i])
		}
		if key.constant != nil {
			s := key.constant.String()
			if _, ok := table[s]; ok {
				c.mistake(n.Args[i], "Switch has the key %q twice", s)
			}
			table[s] = len(keys)
		}
		value := constant(Value{})
		if n.Args[i+1] != nil {
			value = c.node(n.Args[i+1])
		}
		types |= value.types
		keys, values = append(keys, key.eval), append(values, value.eval)
	}
	find := func(e *Env, s string) (int, error) {
		for i, key := range keys {
			k, err := key(e)
			if err == nil {
				k, err = k.toText()
			}
			if err != nil || k.s == s {
				return i, err
			}
		}
		return -1, nil
	}
	if len(table) == len(keys) {
		find = func(_ *Env, s string) (int, error) {
			if i, ok := table[s]; ok {
				return i, nil
			}
			return -1, nil
		}
	}
	return code{types: types, eval: func(e *Env) (Value, error) {
		v, err := source.eval(e)
		if err != nil {
			return v, err
		}
		if v.kind != List || len(v.items()) < 2 {
			if v, err = v.toText(); err != nil {
				return v, fmt.Errorf("Switch: %w", err)
			}
			i, err := find(e, v.s)
			if err != nil {
				return v, err
			}
			if i < 0 {
				return fallback.eval(e)
			}
			return values[i](e)
		}
		var out []string
		for _, s := range v.items() {
			i, err := find(e, s)
			if err != nil {
				return v, err
			}
			if i < 0 {
				continue
			}
			found, err := values[i](e)
			if err != nil {
				return v, err
			}
			out = append(out, found.values()...)
		}
		if out = distinct(out); len(out) == 0 {
			return fallback.eval(e)
		}
		return listOf(out), nil
	}}
}

// isConditions reports whether each odd argument is a comparison, a test, or True.
func isConditions(n *Call) bool {
	for i := 0; i < len(n.Args); i += 2 {
		switch arg := n.Args[i].(type) {
		case *Operation:
			if arg.Op == "&" {
				return false
			}
		case *Call:
			if name := strings.ToLower(arg.Name); !strings.HasPrefix(name, "is") && name != "not" && name != "cbool" {
				return false
			}
		case *Literal:
			if arg.Value.kind != Boolean {
				return false
			}
		default:
			return false
		}
	}
	return len(n.Args) >= 2 && len(n.Args)%2 == 0
}

// compileConditions compiles the Switch of Connect Sync: the value of the first condition that is true, else null.
func compileConditions(c *compiler, n *Call) code {
	types := aNull
	conditions, values := make([]eval, len(n.Args)/2), make([]eval, len(n.Args)/2)
	for i := range conditions {
		conditions[i], values[i] = c.node(n.Args[2*i]).eval, null
		if n.Args[2*i+1] != nil {
			value := c.node(n.Args[2*i+1])
			values[i], types = value.eval, types|value.types
		}
	}
	return code{types: types, eval: func(e *Env) (Value, error) {
		for i, condition := range conditions {
			v, err := condition(e)
			if err != nil {
				return v, err
			}
			if yes, err := v.True(); err != nil || yes {
				return values[i](e)
			}
		}
		return Value{}, nil
	}}
}
