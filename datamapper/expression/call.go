package expression

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/datamapper/internal/nearest"
)

// call finds the function and lets it be compiled.
func (c *compiler) call(n *Call) code {
	f := c.scope.table[strings.ToLower(n.Name)]
	if f == nil {
		for _, arg := range n.Args {
			if arg != nil {
				c.node(arg)
			}
		}
		return c.mistake(n, "there is no function %s%s", n.Name, nearest.Hint(n.Name, c.functionNames()))
	}
	if problem := f.arity(n); problem != "" {
		return c.mistake(n, "%s", problem)
	}
	if f.refused != "" {
		return c.mistake(n, "%s %s", f.name, f.refused)
	}
	if f.volatile && c.scope.options.Volatile == nil {
		return c.mistake(n, "%s gives another value each time, so that every run would change every record", f.name)
	}
	if f.special != nil {
		return f.special(c, n)
	}
	return c.plain(n, f)
}

func (c *compiler) functionNames() []string {
	names := make([]string, 0, len(c.scope.table))
	for _, f := range c.scope.table {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return names
}

// plain compiles a call of a function that gets the values of its arguments.
func (c *compiler) plain(n *Call, f *function) code {
	args := make([]code, max(len(n.Args), f.most()))
	fixed := !f.volatile
	errs := len(c.errs)
	values := make([]Value, len(args))
	several := false
	for i := range args {
		args[i] = constant(Value{})
		p := f.param(i)
		if i >= len(n.Args) || n.Args[i] == nil {
			continue
		}
		a := c.argument(n.Args[i], f, p)
		args[i] = a
		several = several || p.kind == pTexts && a.types&aList != 0
		if fixed = fixed && a.constant != nil; fixed {
			values[i] = *a.constant
		}
	}
	if len(c.errs) > errs {
		return code{eval: null, types: f.result}
	}
	if f.check != nil {
		if problem := f.check(c, n); problem != "" {
			return c.mistake(n, "%s: %s", f.name, problem)
		}
	}
	code := code{types: f.result | aNull}
	if f.one != nil && len(n.Args) == 1 {
		code.eval, code.write = f.bindOne(args[0])
	} else {
		code.eval = f.bind(args)
	}
	if several {
		code.types |= aList
	}
	if fixed {
		v, err := f.give(&Env{scope: c.scope}, values)
		if err != nil {
			return c.mistake(n, "%s: %v", f.name, err)
		}
		return constant(v)
	}
	return code
}

// argument compiles an argument, and the change of its value into the type that the function wants.
func (c *compiler) argument(n Node, f *function, p param) code {
	a := c.node(n)
	if a.types&^outcomes == 0 {
		return c.mistake(n, "AuthoritativeNull and IgnoreThisFlow are outcomes of the whole expression, and cannot be given to %s", f.name)
	}
	convert := p.kind.convert()
	if convert == nil {
		return a
	}
	if a.constant != nil {
		v, err := convert(*a.constant)
		if err != nil {
			return c.mistake(n, "%s of %s: %v", p.name, f.name, err)
		}
		return constant(v)
	}
	if !a.types.fit(p.kind) {
		return c.mistake(n, "%s of %s must be %s, and this gives %s", p.name, f.name, p.kind, a.types)
	}
	if a.types&^(p.kind.exact()|aNull) == 0 {
		return a
	}
	inner, name, fname, fits := a.eval, p.name, f.name, p.kind.exact()|aNull
	if p.kind == pTexts {
		fits = aText | aNull // a list of one value becomes a text
	}
	return code{types: p.kind.exact() | aNull, eval: func(e *Env) (Value, error) {
		v, err := inner(e)
		if err != nil || fits&(1<<v.kind) != 0 {
			return v, err
		}
		if v, err = convert(v); err != nil {
			return v, fmt.Errorf("%s of %s: %w", name, fname, err)
		}
		return v, nil
	}}
}
