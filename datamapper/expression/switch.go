package expression

import (
	"fmt"
	"strings"
)

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
				return v, fmt.Errorf("%s: %w", n.Name, err)
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
