package filter

// An attrNode is an expression with room for what it points to.
type attrNode struct {
	AttributeExpression
	uri, sub string
}

// maxChunk bounds how many nodes are made ahead, on the word of a filter that may be hostile.
const maxChunk = 16

// newAttr and newLogical take nodes from arrays that have room for those still expected.
func (p *parser) newAttr() *attrNode {
	if len(p.attrs) == 0 {
		p.attrs = make([]attrNode, min(max(p.wantAttrs, 1), maxChunk))
	}
	p.wantAttrs--
	n := &p.attrs[0]
	p.attrs = p.attrs[1:]
	return n
}

func (p *parser) newLogical() *LogicalExpression {
	if len(p.logical) == 0 {
		p.logical = make([]LogicalExpression, min(max(p.wantLogical, 1), maxChunk))
	}
	p.wantLogical--
	n := &p.logical[0]
	p.logical = p.logical[1:]
	return n
}
