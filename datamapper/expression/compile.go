package expression

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/datamapper/internal/nearest"
)

// A Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	eval     eval
	slot     int // of the attribute that is all there is to it, or -1
	reads    []string
	redacted bool
	warnings Errors
}

type eval func(*Env) (Value, error)

// Eval gives the value of the expression for the record in e; it is good until e is released. Errors tell what went wrong, never values of
// the record.
func (p *Program) Eval(e *Env) (Value, error) {
	if p.slot >= 0 {
		return e.slots[p.slot].value(), nil
	}
	v, err := p.eval(e)
	if err != nil {
		e.stack, e.vars, e.bytes = e.stack[:0], e.vars[:0], e.bytes[:0]
	}
	return v, err
}

// Single gives the value of an attribute that has exactly one, when the program is nothing but this attribute; else "". It spares
// the most frequent of all rules an evaluation.
func (p *Program) Single(e *Env) string {
	if p.slot < 0 || len(e.slots[p.slot].values) != 1 {
		return ""
	}
	return e.slots[p.slot].values[0]
}

// Reads gives the attributes and named values that the expression reads, in their order.
func (p *Program) Reads() []string { return p.reads }

// Warnings are what may go wrong with some records, though the expression is right.
func (p *Program) Warnings() Errors { return p.warnings }

// Redacted reports whether the expression asks, by Redact, that its values are not shown.
func (p *Program) Redacted() bool { return p.redacted }

// Compile checks an expression and compiles it. Its error is [Errors], all mistakes at once.
func (s *Scope) Compile(n Node) (*Program, error) {
	c := &compiler{scope: s, reads: reads(n)}
	c.outer = n
	code := c.node(n)
	if len(c.errs) > 0 {
		return nil, c.errs.sorted()
	}
	p := &Program{eval: code.eval, slot: -1, reads: c.reads, redacted: c.redacted, warnings: c.warnings.sorted()}
	if a, ok := n.(*Attribute); ok && s.lets[strings.ToLower(a.Name)] == nil {
		p.slot = s.slot(a.Name)
	}
	return p, nil
}

// Compile reads, checks and compiles an expression in a scope of its own. Its error is an [*Error] or [Errors].
func Compile(src string, o *Options) (*Program, *Scope, error) {
	n, err := Parse(src)
	if err != nil {
		return nil, nil, err
	}
	s := NewScope(o)
	p, err := s.Compile(n)
	return p, s, err
}

// code is a compiled node.
type code struct {
	eval  eval
	write writer // does the same; nil when it would gain nothing
	types types
	// constant is what the node always gives; nil when that is not known.
	constant *Value
}

// types is the set of kinds that a node may give.
type types uint16

const (
	anything types = 1<<(Date+1) - 1 | 1<<List // all but the outcomes
	outcomes types = 1<<Clear | 1<<Ignore
	aText    types = 1 << Text
	aNumber  types = 1<<Integer | 1<<Decimal
	aBoolean types = 1 << Boolean
	aDate    types = 1 << Date
	aList    types = 1 << List
	aNull    types = 1 << Null
)

func typesOf(v Value) types { return 1 << v.kind }

// A compiler makes closures of one expression and collects its mistakes.
type compiler struct {
	scope    *Scope
	errs     Errors
	warnings Errors
	reads    []string
	vars     []variable // those in scope
	looping  bool       // inside of Select or Where
	outer    Node       // the outermost node, and those that stand for it
	redacted bool
}

func (c *compiler) mistake(n Node, format string, args ...any) code {
	err := mistake(n.Offset(), format, args...)
	err.Node = n
	c.errs = append(c.errs, err)
	return code{eval: null, types: anything}
}

// warn adds a warning about a node.
func (c *compiler) warn(n Node, format string, args ...any) {
	err := mistake(n.Offset(), format, args...)
	err.Node = n
	c.warnings = append(c.warnings, err)
}

func null(*Env) (Value, error) { return Value{}, nil }

func constant(v Value) code {
	return code{eval: func(*Env) (Value, error) { return v, nil }, types: typesOf(v), constant: &v}
}

func (c *compiler) node(n Node) code {
	switch n := n.(type) {
	case *Literal:
		return constant(n.Value)
	case *Attribute:
		return c.attribute(n)
	case *Call:
		return c.call(n)
	case *Operation:
		return c.operation(n)
	case *Template:
		return c.template(n)
	case *First:
		return c.first(n)
	case *Variable:
		return c.variable(n)
	case *Parameter:
		if v, ok := c.scope.options.Parameters[n.Name]; ok {
			return constant(text(v))
		}
		names := slices.Sorted(mapKeys(c.scope.options.Parameters))
		return c.mistake(n, "there is no parameter %%%s%%%s", n.Name, nearest.Hint(n.Name, names))
	}
	panic(fmt.Sprintf("expression: unknown node %T", n))
}

func (c *compiler) attribute(n *Attribute) code {
	if l, ok := c.scope.lets[strings.ToLower(n.Name)]; ok {
		return c.let(l)
	}
	if problem := c.scope.unknown(n.Name); problem != "" {
		return c.mistake(n, "%s", problem)
	}
	i := c.scope.slot(n.Name)
	return code{types: aText | aList | aNull, eval: func(e *Env) (Value, error) {
		return e.slots[i].value(), nil
	}}
}

func (c *compiler) let(l *let) code {
	// The mistakes of l, cycles too, are told by CompileLets.
	l.used = true
	c.scope.compileLet(l)
	c.redacted = c.redacted || l.prog.redacted
	return code{types: anything, eval: func(e *Env) (Value, error) { return e.let(l) }}
}

func (c *compiler) variable(n *Variable) code {
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].name == strings.ToLower(n.Name) {
			return code{types: c.vars[i].types, eval: func(e *Env) (Value, error) { return e.vars[i], nil }}
		}
	}
	return c.mistake(n, "the variable $%s is not defined here; Select, Where and With define one", n.Name)
}

// A variable is a $name and what it may hold.
type variable struct {
	name  string
	types types
}

func (c *compiler) first(n *First) code {
	all := make([]eval, len(n.Nodes))
	types := aNull
	for i, node := range n.Nodes {
		code := c.node(node)
		all[i], types = code.eval, types|code.types
	}
	return code{types: types, eval: func(e *Env) (Value, error) {
		for _, f := range all {
			if v, err := f(e); err != nil || !v.Empty() {
				return v, err
			}
		}
		return Value{}, nil
	}}
}

// String names the kinds for a person.
func (t types) String() string {
	var names []string
	for k := Null + 1; k <= Ignore; k++ {
		if t&(1<<k) != 0 {
			names = append(names, k.String())
		}
	}
	if names == nil {
		return "null"
	}
	return strings.Join(names, " or ")
}

// errTooLong is the error of what outgrows [MaxText] or [MaxList].
var errTooLong = errors.New("the value becomes too long (256 KiB for a text, 1 MiB for a list)")
