package expression

import "slices"

// A Node is a part of an expression: [*Literal], [*Attribute], [*Call], [*Operation], [*Variable],
// [*Parameter],
// [*Template] or [*First].
type Node interface {
	// Offset is where the node begins in its source, in bytes.
	Offset() int
}

type at int

func (a at) Offset() int { return int(a) }

// A Literal is a constant.
type Literal struct {
	at
	Value Value
}

// An Attribute reads a source attribute, or a value that the [Scope] names: [givenName].
type Attribute struct {
	at
	Name string
}

// A Call applies a function. An argument that is left empty is nil.
type Call struct {
	at
	Name string
	Args []Node
}

// An Operation is one of = <> < <= > >= & and, or.
type Operation struct {
	at
	Op          string
	Left, Right Node
}

// A Variable is $item in the functions that define it.
type Variable struct {
	at
	Name string
}

// A Parameter is %name%, a constant of the [Scope].
type Parameter struct {
	at
	Name string
}

// A Template is text with values in it; see [ParseTemplate].
type Template struct {
	at
	Parts []Part
}

// A Part is text of a [Template], or a value in it.
type Part struct {
	Text string
	// Node is the value; nil for a part that is Text.
	Node Node
	// Optional says that the value may be missing.
	Optional bool
}

// First is the first of its nodes that is not empty.
type First struct {
	at
	Nodes []Node
}

// NewText gives a constant.
func NewText(s string) *Literal { return &Literal{Value: text(s)} }

// NewList gives a constant of several values.
func NewList(values []string) *Literal { return &Literal{Value: listOf(values)} }

// NewClear gives the constant AuthoritativeNull.
func NewClear() *Literal { return &Literal{Value: Value{kind: Clear}} }

// NewAttribute gives a node that reads an attribute.
func NewAttribute(name string) *Attribute { return &Attribute{Name: name} }

// NewCall gives a node that applies a function.
func NewCall(name string, args ...Node) *Call { return &Call{Name: name, Args: args} }

// NewFirst gives a node for the first of nodes that is not empty. Those that are nil are left out.
func NewFirst(nodes ...Node) *First {
	return &First{Nodes: slices.DeleteFunc(nodes, func(n Node) bool { return n == nil })}
}

var (
	_ Node = (*Literal)(nil)
	_ Node = (*Attribute)(nil)
	_ Node = (*Call)(nil)
	_ Node = (*Operation)(nil)
	_ Node = (*Variable)(nil)
	_ Node = (*Parameter)(nil)
	_ Node = (*Template)(nil)
	_ Node = (*First)(nil)
)
