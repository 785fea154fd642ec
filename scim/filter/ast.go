package filter

import library "github.com/scim2/filter-parser/v2"

// The syntax tree is that of github.com/scim2/filter-parser/v2. In an [Expression] there are pointers
// to [AttributeExpression], [LogicalExpression], [NotExpression] and [ValuePath].
type (
	Expression          = library.Expression
	AttributeExpression = library.AttributeExpression
	AttributePath       = library.AttributePath
	LogicalExpression   = library.LogicalExpression
	NotExpression       = library.NotExpression
	ValuePath           = library.ValuePath
	Path                = library.Path
	CompareOperator     = library.CompareOperator
	LogicalOperator     = library.LogicalOperator
)

// The operators of RFC 7644 section 3.4.2.2.
const (
	EQ = library.EQ
	NE = library.NE
	CO = library.CO
	SW = library.SW
	EW = library.EW
	PR = library.PR
	GT = library.GT
	GE = library.GE
	LT = library.LT
	LE = library.LE

	AND = library.AND
	OR  = library.OR
)
