package expression

import "slices"

// Walk calls f for n and all nodes under it.
func Walk(n Node, f func(Node)) {
	if n == nil {
		return
	}
	f(n)
	switch n := n.(type) {
	case *Call:
		for _, arg := range n.Args {
			Walk(arg, f)
		}
	case *Operation:
		Walk(n.Left, f)
		Walk(n.Right, f)
	case *Template:
		for _, part := range n.Parts {
			Walk(part.Node, f)
		}
	case *First:
		for _, node := range n.Nodes {
			Walk(node, f)
		}
	}
}

// reads gives the names that a node reads, each once.
func reads(n Node) []string {
	var names []string
	Walk(n, func(n Node) {
		if a, ok := n.(*Attribute); ok && !slices.Contains(names, a.Name) {
			names = append(names, a.Name)
		}
	})
	return names
}
