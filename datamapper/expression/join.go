package expression

import "fmt"

// joinFunction joins all values that are not empty.
func joinFunction() *function {
	return &function{
		name: "Join", params: []param{nullable("separator", pAny), opt("source", pAny)}, variadic: true, result: aText,
		special: compileJoin,
	}
}

// compileJoin compiles Join(separator, source, …) of app provisioning, and Join(attribute, delimiter?) of Connect Sync,
// which it is when an attribute or a function that gives several values stands first, and at most a constant second.
func compileJoin(c *compiler, n *Call) code {
	_, constant := n.Args[0].(*Literal)
	second := len(n.Args) < 2
	if len(n.Args) == 2 {
		_, second = n.Args[1].(*Literal)
	}
	args := n.Args
	switch {
	case second && !constant:
		args = []Node{&Literal{n.at, text(" ")}, n.Args[0]}
		if len(n.Args) == 2 {
			args[0] = n.Args[1]
		}
	case len(n.Args) < 2:
		return c.mistake(n, "Join(separator, source, …) takes at least 2 arguments, not 1")
	}
	separator := c.argument(args[0], c.scope.table["join"], param{name: "separator", kind: pText})
	var sources []code
	for _, arg := range args[1:] {
		if arg != nil {
			sources = append(sources, c.argument(arg, c.scope.table["join"], param{name: "source", kind: pAny}))
		}
	}
	return writing(func(e *Env) (Value, bool, error) {
		sep, err := separator.eval(e)
		if err != nil {
			return sep, false, err
		}
		base := len(e.bytes)
		for i := range sources {
			from := len(e.bytes)
			if sources[i].write != nil && from > base {
				e.bytes = append(e.bytes, sep.s...)
			}
			start := len(e.bytes)
			v, written, err := sources[i].put(e)
			switch {
			case err != nil:
				return v, false, err
			case !written:
				e.bytes = e.bytes[:from]
				err = e.join(base, sep.s, &v)
			case len(e.bytes) == start:
				e.bytes = e.bytes[:from] // an empty text needs no separator
			case from-base+len(sep.s)+len(e.bytes)-start > MaxText:
				err = errTooLong
			}
			if err != nil {
				return v, false, fmt.Errorf("%s: %w", n.Name, err)
			}
		}
		return Value{}, true, nil
	}, aText)
}

// join adds the values of v that are not empty to the text that begins at base.
func (e *Env) join(base int, separator string, v *Value) error {
	switch v.kind {
	case Null:
		return nil
	case Text:
		return e.joinText(base, separator, v.s)
	case List:
		for _, s := range v.items() {
			if err := e.joinText(base, separator, s); err != nil {
				return err
			}
		}
		return nil
	}
	return e.joinText(base, separator, v.String())
}

func (e *Env) joinText(base int, separator, s string) error {
	switch n := len(e.bytes) - base; {
	case s == "":
		return nil
	case n+len(separator)+len(s) > MaxText:
		return errTooLong
	case n > 0:
		e.bytes = append(e.bytes, separator...)
	}
	e.bytes = append(e.bytes, s...)
	return nil
}
