package filter

import "fmt"

// A Visitor makes something of a filter from its parts upwards: a predicate, a query, a count.
type Visitor[T any] interface {
	// Comparison makes something of a comparison.
	Comparison(e *AttributeExpression) (T, error)
	// Logical makes something of what was made of both operands.
	Logical(op LogicalOperator, left, right T) (T, error)
	// Not makes something of what was made of its operand.
	Not(operand T) (T, error)
	// ValuePath makes something of a value filter. It calls visit, once, to have that of what is in
	// the brackets, whose names are those of sub-attributes of p.
	ValuePath(p AttributePath, visit func() (T, error)) (T, error)
}

// Visit takes a Visitor through a filter. It stops at the first error.
func Visit[T any](e Expression, v Visitor[T]) (T, error) {
	var none T
	switch e := e.(type) {
	case *AttributeExpression:
		return v.Comparison(e)
	case *NotExpression:
		operand, err := Visit(e.Expression, v)
		if err != nil {
			return none, err
		}
		return v.Not(operand)
	case *ValuePath:
		return v.ValuePath(e.AttributePath, func() (T, error) { return Visit(e.ValueFilter, v) })
	case *LogicalExpression:
		left, err := Visit(e.Left, v)
		if err != nil {
			return none, err
		}
		right, err := Visit(e.Right, v)
		if err != nil {
			return none, err
		}
		return v.Logical(e.Operator, left, right)
	}
	return none, fmt.Errorf("%T is not an expression of a filter", e)
}
