package filter

// A Field is an attribute to be compared; see [Attr].
type Field struct {
	path AttributePath
}

// Attr names the attribute that a comparison is about: "userName", "name.familyName", or one with a URN
// before it. A name that is none is an error when the filter is formatted.
func Attr(path string) Field {
	p := parser{s: path}
	n, err := p.attribute()
	if err != nil || p.i < len(path) {
		return Field{AttributePath{AttributeName: path}}
	}
	return Field{n.AttributePath}
}

// Eq is true if the attribute equals a string, number, boolean or nil.
func (f Field) Eq(v any) Expression { return f.compare(EQ, v) }

// Ne is true if the attribute does not equal v.
func (f Field) Ne(v any) Expression { return f.compare(NE, v) }

// Co is true if the attribute contains s.
func (f Field) Co(s string) Expression { return f.compare(CO, s) }

// Sw is true if the attribute starts with s.
func (f Field) Sw(s string) Expression { return f.compare(SW, s) }

// Ew is true if the attribute ends with s.
func (f Field) Ew(s string) Expression { return f.compare(EW, s) }

// Gt is true if the attribute is greater than v.
func (f Field) Gt(v any) Expression { return f.compare(GT, v) }

// Ge is true if the attribute is greater than v or equal to it.
func (f Field) Ge(v any) Expression { return f.compare(GE, v) }

// Lt is true if the attribute is less than v.
func (f Field) Lt(v any) Expression { return f.compare(LT, v) }

// Le is true if the attribute is less than v or equal to it.
func (f Field) Le(v any) Expression { return f.compare(LE, v) }

// Pr is true if the attribute has a value.
func (f Field) Pr() Expression { return f.compare(PR, nil) }

// Has is true if one value of a multi-valued attribute satisfies a filter on its sub-attributes.
func (f Field) Has(e Expression) Expression {
	return &ValuePath{AttributePath: f.path, ValueFilter: e}
}

// Path gives the text of the path to the values of a multi-valued attribute that satisfy a filter, or to a
// sub-attribute of theirs unless that is "": emails[type eq "work"].value (RFC 7644 section 3.5.2). It fails for what
// [Format] fails for.
func (f Field) Path(where Expression, sub string) (string, error) {
	p := Path{AttributePath: f.path, ValueExpression: where}
	if sub != "" {
		p.SubAttribute = &sub
	}
	return FormatPath(p)
}

func (f Field) compare(op CompareOperator, v any) Expression {
	return &AttributeExpression{AttributePath: f.path, Operator: op, CompareValue: v}
}

// And is true if all of the expressions are. Of none it is nil.
func And(e ...Expression) Expression { return chain(AND, e) }

// Or is true if one of the expressions is. Of none it is nil.
func Or(e ...Expression) Expression { return chain(OR, e) }

// Not is true if the expression is not.
func Not(e Expression) Expression { return &NotExpression{Expression: e} }

func chain(op LogicalOperator, list []Expression) Expression {
	if len(list) == 0 {
		return nil
	}
	all := list[0]
	for _, e := range list[1:] {
		all = &LogicalExpression{Left: all, Operator: op, Right: e}
	}
	return all
}
