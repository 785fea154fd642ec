package expression

import "strings"

// variableFunctions define a $variable: for each value of a list, or once.
func variableFunctions() []*function {
	params := func(second, third string) []param {
		return []param{need("variable", pAny), nullable(second, pAny), need(third, pAny)}
	}
	return []*function{
		{name: "Select", params: params("attribute", "function"), special: compileSelect},
		{name: "Where", params: params("attribute", "condition"), special: compileWhere},
		{name: "With", params: params("subExpression", "complexExpression"), special: compileWith},
	}
}

// define compiles a node in which the first argument of the call is a variable.
func (c *compiler) define(call *Call, of types, inner Node) (code, bool) {
	v, ok := call.Args[0].(*Variable)
	if !ok {
		c.mistake(call.Args[0], "the first argument of %s is a variable, as $item", call.Name)
		return code{}, false
	}
	c.vars = append(c.vars, variable{strings.ToLower(v.Name), of})
	defer func() { c.vars = c.vars[:len(c.vars)-1] }()
	return c.node(inner), true
}

// loop compiles the list and the function of Select and Where. They are not nested, which bounds their cost by the
// size of the list.
func (c *compiler) loop(n *Call) (list, each code, ok bool) {
	list = c.node(n.Args[1])
	if c.looping {
		c.mistake(n, "%s cannot be used inside of Select or Where", n.Name)
		return list, each, false
	}
	c.looping = true
	each, ok = c.define(n, aText, n.Args[2])
	c.looping = false
	return list, each, ok
}

// run evaluates f for each value of the list.
func run(e *Env, list, each eval, f func(string, Value) error) error {
	v, err := list(e)
	if err != nil {
		return err
	}
	e.vars = append(e.vars, Value{})
	top := len(e.vars) - 1
	for _, s := range v.values() {
		e.vars[top] = text(s)
		got, err := each(e)
		if err == nil {
			err = f(s, got)
		}
		if err != nil {
			return err
		}
	}
	e.vars = e.vars[:top]
	return nil
}

func compileSelect(c *compiler, n *Call) code {
	list, each, ok := c.loop(n)
	if !ok {
		return code{eval: null, types: aList}
	}
	return code{types: aList | aNull, eval: func(e *Env) (Value, error) {
		var out []string
		size := 0
		err := run(e, list.eval, each.eval, func(_ string, v Value) error {
			for _, s := range v.values() {
				if size += len(s) + 1; size > MaxList {
					return errTooLong
				}
				out = append(out, s)
			}
			return nil
		})
		return listOf(out), err
	}}
}

func compileWhere(c *compiler, n *Call) code {
	list, each, ok := c.loop(n)
	if !ok {
		return code{eval: null, types: aList}
	}
	if !each.types.fit(pBoolean) {
		return c.mistake(n.Args[2], "condition of Where must be true or false, and this gives %s", each.types)
	}
	return code{types: aList | aNull, eval: func(e *Env) (Value, error) {
		var out []string
		err := run(e, list.eval, each.eval, func(s string, v Value) error {
			yes, err := v.True()
			if yes {
				out = append(out, s)
			}
			return err
		})
		return listOf(out), err
	}}
}

func compileWith(c *compiler, n *Call) code {
	value := c.node(n.Args[1])
	inner, ok := c.define(n, value.types, n.Args[2])
	if !ok {
		return code{eval: null, types: anything}
	}
	return code{types: inner.types, eval: func(e *Env) (Value, error) {
		v, err := value.eval(e)
		if err != nil {
			return v, err
		}
		e.vars = append(e.vars, v)
		out, err := inner.eval(e)
		if err == nil {
			e.vars = e.vars[:len(e.vars)-1]
		}
		return out, err
	}}
}
