package expression

import (
	"fmt"
	"iter"
	"maps"
)

// A function is an entry of the table of functions.
type function struct {
	name   string
	params []param
	// variadic says that the last parameter may be repeated.
	variadic bool
	result   types
	// apply gives the result for arguments of the wanted types. An argument that is missing is null.
	apply func(e *Env, args []Value) (Value, error)
	// one does the same for functions of one text, faster: it is called when only the first argument is there.
	one func(string) string
	// edit does what one does, to the text that begins at from in b; nil when there is nothing to be gained.
	edit func(b []byte, from int) []byte
	// special compiles the call itself, when not all arguments are always evaluated.
	special func(c *compiler, n *Call) code
	// check says what is wrong with a call, or "".
	check func(c *compiler, n *Call) string
	// volatile says that the function gives another value each time.
	volatile bool
	// refused says why the function cannot be used here.
	refused string
}

// A param is a parameter of a function.
type param struct {
	name string
	kind paramKind
	// optional parameters may be left out or empty.
	optional bool
	// nullable parameters may be null; without it the function gives null for null, and is not asked.
	nullable bool
}

type paramKind uint8

const (
	pAny paramKind = iota
	pText
	// pTexts is one text, or several that the function is applied to each, which gives several. Only the first
	// parameter is of this kind.
	pTexts
	pNumber
	pBoolean
	pDate
	pList
)

var paramKinds = [...]string{"anything", "one text", "text", "a number", "true or false", "a date", "values"}

func (k paramKind) String() string { return paramKinds[k] }

func (k paramKind) convert() func(Value) (Value, error) {
	switch k {
	case pText:
		return Value.toText
	case pTexts:
		return Value.toTexts
	case pNumber:
		return Value.toNumber
	case pBoolean:
		return Value.toBoolean
	case pDate:
		return Value.toDate
	case pList:
		return Value.toList
	}
	return nil
}

// accepts gives the kinds that may be changed into k.
func (k paramKind) accepts() types {
	switch k {
	case pText:
		return aText | aNumber | aBoolean | aDate
	case pTexts:
		return anything
	case pNumber:
		return aNumber | aText
	case pBoolean:
		return aBoolean | aNumber | aText
	case pDate:
		return aDate | aText
	}
	return anything
}

// fit reports whether a value of these kinds may do for a parameter, null aside.
func (t types) fit(k paramKind) bool {
	t &^= aNull | outcomes
	return t == 0 || t&k.accepts() != 0
}

// exact gives the kinds that need no change.
func (k paramKind) exact() types {
	switch k {
	case pText:
		return aText
	case pTexts:
		return aText | aList
	case pNumber:
		return aNumber
	case pBoolean:
		return aBoolean
	case pDate:
		return aDate
	case pList:
		return aList
	}
	return anything
}

// most gives the number of parameters without repetitions.
func (f *function) most() int { return len(f.params) }

// param gives the parameter at place i.
func (f *function) param(i int) param {
	if i >= len(f.params) {
		return f.params[len(f.params)-1]
	}
	return f.params[i]
}

// arity says what is wrong with the number of arguments of a call, or "". Empty arguments behind the last
// parameter are let pass, since Entra's own samples have them.
func (f *function) arity(n *Call) string {
	args := n.Args
	for len(args) > len(f.params) && args[len(args)-1] == nil {
		args = args[:len(args)-1]
	}
	if !f.variadic && len(args) > len(f.params) {
		return fmt.Sprintf("%s takes %s, not %d", f.signature(), f.count(), len(args))
	}
	for i, p := range f.params {
		if !p.optional && (i >= len(args) || args[i] == nil) {
			if len(args) < f.least() {
				return fmt.Sprintf("%s takes %s, not %d", f.signature(), f.count(), len(args))
			}
			return fmt.Sprintf("%s needs its argument %s", f.signature(), p.name)
		}
	}
	n.Args = args
	return ""
}

func (f *function) least() int {
	least := 0
	for i, p := range f.params {
		if !p.optional {
			least = i + 1
		}
	}
	return least
}

func (f *function) count() string {
	least, most := f.least(), len(f.params)
	switch {
	case f.variadic:
		return fmt.Sprintf("at least %d arguments", least)
	case most == 0:
		return "no arguments"
	case least == most && most == 1:
		return "1 argument"
	case least == most:
		return fmt.Sprintf("%d arguments", most)
	}
	return fmt.Sprintf("%d to %d arguments", least, most)
}

// signature gives the function as documents write it: Replace(source, oldValue, …).
func (f *function) signature() string {
	s := f.name + "("
	for i, p := range f.params {
		if i > 0 {
			s += ", "
		}
		s += p.name
		if p.optional {
			s += "?"
		}
	}
	if f.variadic {
		s += ", …"
	}
	return s + ")"
}

// give applies the function, or gives null for an argument that must not be null and is.
func (f *function) give(e *Env, args []Value) (Value, error) {
	if len(args) > 0 && args[0].kind == List && f.params[0].kind == pTexts {
		return f.giveEach(e, args)
	}
	for i := range args {
		if args[i].kind == Null {
			if p := &f.params[min(i, len(f.params)-1)]; !p.nullable && !p.optional {
				return Value{}, nil
			}
		}
	}
	return f.apply(e, args)
}

// giveEach applies the function to each value of its first argument.
func (f *function) giveEach(e *Env, args []Value) (Value, error) {
	all := args[0].items()
	out := make([]string, 0, len(all))
	size := 0
	for _, s := range all {
		args[0] = text(s)
		v, err := f.give(e, args)
		if err != nil {
			return v, err
		}
		for _, s := range v.values() {
			if size += len(s) + 1; size > MaxList {
				return Value{}, errTooLong
			}
			out = append(out, s)
		}
	}
	return listOf(out), nil
}

// giveAll applies a function of one text to each value of a list.
func (f *function) giveAll(e *Env, list Value) (Value, error) {
	args := make([]Value, len(f.params))
	args[0] = list
	return f.giveEach(e, args)
}

// bindOne gives the closures of a function of one text.
func (f *function) bindOne(arg code) (eval, writer) {
	var write writer
	if f.edit != nil {
		write = f.edited(arg)
	}
	if write != nil && arg.write != nil {
		return write.eval, write
	}
	return func(e *Env) (Value, error) {
		v, err := arg.eval(e)
		if err != nil || v.kind == Null {
			return v, err
		}
		if v.kind == List {
			return f.giveAll(e, v)
		}
		return text(f.one(v.s)), nil
	}, write
}

// bind gives the closure that evaluates the arguments on the stack of the environment.
func (f *function) bind(args []code) eval {
	return func(e *Env) (Value, error) {
		base := len(e.stack)
		for i := range args {
			if c := args[i].constant; c != nil {
				e.stack = append(e.stack, *c)
				continue
			}
			v, err := args[i].eval(e)
			if err != nil {
				return v, err
			}
			e.stack = append(e.stack, v)
		}
		v, err := f.give(e, e.stack[base:])
		e.stack = e.stack[:base]
		if err != nil {
			return v, fmt.Errorf("%s: %w", f.name, err)
		}
		return v, nil
	}
}

// Helpers that make entries of the table.

func need(name string, k paramKind) param     { return param{name: name, kind: k} }
func nullable(name string, k paramKind) param { return param{name: name, kind: k, nullable: true} }
func opt(name string, k paramKind) param {
	return param{name: name, kind: k, optional: true, nullable: true}
}

// textFunction is a function of one text that gives a text.
func textFunction(name string, f func(string) string) *function {
	return editFunction(name, f, nil)
}

// editFunction is one that can change the text in place too.
func editFunction(name string, f func(string) string, edit func([]byte, int) []byte) *function {
	return &function{
		name: name, params: []param{need("source", pTexts)}, result: aText, one: f, edit: edit,
		apply: func(_ *Env, args []Value) (Value, error) { return text(f(args[0].s)), nil },
	}
}

// alias is a function under another name.
func alias(name string, f *function) *function {
	g := *f
	g.name = name
	return &g
}

func mapKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
