package expression

import "strings"

// Bounds of an expression.
const (
	// MaxLength is how long an expression may be, in bytes; it is Entra's limit.
	MaxLength = 10_000
	// MaxDepth is how deep calls may be nested.
	MaxDepth = 200
	// MaxText is how long a text may grow while a record is mapped, in bytes.
	MaxText = 1 << 18
	// MaxList is how long all texts of a list may grow, in bytes.
	MaxList = 1 << 20
)

// Parse reads an expression. Its error is an [*Error].
func Parse(src string) (Node, error) {
	p := parser{lex: lexer{src: src}}
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	return n, nil
}

type parser struct {
	lex   lexer
	tok   token
	depth int
}

func (p *parser) whole() (Node, *Error) {
	if len(p.lex.src) > MaxLength {
		return nil, mistake(0, "the expression has %d characters, and %d are allowed; name parts of it under let", len(p.lex.src), MaxLength)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tEnd {
		return nil, mistake(0, "the expression is empty")
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tEnd {
		return nil, mistake(p.tok.start, "nothing is expected after the end of the expression, but here is %q", p.lex.src[p.tok.start:p.tok.end])
	}
	return n, nil
}

func (p *parser) advance() (err *Error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) is(sign string) bool { return p.tok.kind == tSign && p.tok.text == sign }

func (p *parser) isWord(word string) bool {
	return p.tok.kind == tName && strings.EqualFold(p.tok.text, word)
}

func (p *parser) or() (Node, *Error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > MaxDepth {
		return nil, mistake(p.tok.start, "calls are nested more than %d deep; name parts of the expression under let", MaxDepth)
	}
	return p.chain(func() bool { return p.isWord("or") }, "or", p.and)
}

func (p *parser) and() (Node, *Error) {
	return p.chain(func() bool { return p.isWord("and") }, "and", p.comparison)
}

func (p *parser) concat() (Node, *Error) {
	return p.chain(func() bool { return p.is("&") }, "&", p.operand)
}

// chain reads operands of one operator. They hang to the left, so that a long chain is as deep as it is
// long; that is why its length is bounded as well.
func (p *parser) chain(follows func() bool, op string, operand func() (Node, *Error)) (Node, *Error) {
	left, err := operand()
	for n := 0; err == nil && follows(); n++ {
		start := p.tok.start
		if n > MaxDepth {
			return nil, mistake(start, "more than %d operators in a row", MaxDepth)
		}
		if err = p.advance(); err != nil {
			break
		}
		var right Node
		if right, err = operand(); err == nil {
			left = &Operation{at: at(start), Op: op, Left: left, Right: right}
		}
	}
	return left, err
}

func (p *parser) comparison() (Node, *Error) {
	left, err := p.concat()
	if err != nil || p.tok.kind != tSign {
		return left, err
	}
	switch p.tok.text {
	case "=", "<>", "<", "<=", ">", ">=":
	default:
		return left, nil
	}
	op := &Operation{at: at(p.tok.start), Op: p.tok.text, Left: left}
	if err := p.advance(); err != nil {
		return nil, err
	}
	op.Right, err = p.concat()
	return op, err
}

func (p *parser) operand() (Node, *Error) {
	t := p.tok
	if p.is("(") {
		return p.parenthesis()
	}
	if t.kind == tEnd {
		return nil, mistake(t.start, "the expression ends here, where an attribute, a constant or a function is expected")
	}
	if t.kind == tSign {
		return nil, mistake(t.start, "an attribute, a constant or a function is expected here, not %q", t.text)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch t.kind {
	case tText:
		return &Literal{at(t.start), text(t.text)}, nil
	case tNumber:
		n, _ := parseNumber(t.text)
		return &Literal{at(t.start), n}, nil
	case tAttribute:
		return &Attribute{at(t.start), t.text}, nil
	case tVariable:
		return &Variable{at(t.start), t.text}, nil
	case tParameter:
		return &Parameter{at(t.start), t.text}, nil
	}
	if p.is("(") {
		return p.call(t)
	}
	if v, ok := words[strings.ToLower(t.text)]; ok {
		return &Literal{at(t.start), v}, nil
	}
	return nil, mistake(t.start, "%s stands alone: an attribute is [%[1]s], a constant is \"%[1]s\", a function is %[1]s(…)", t.text)
}

// words are the constants that stand without quotes.
var words = map[string]Value{
	"null":              {},
	"true":              boolean(true),
	"false":             boolean(false),
	"authoritativenull": {kind: Clear},
	"ignorethisflow":    {kind: Ignore},
	"vbbinarycompare":   integer(0),
	"vbtextcompare":     integer(1),
	"unicode":           text("Unicode"),
	"utf8":              text("UTF8"),
	"ascii":             text("ASCII"),
	"casesensitive":     text("CaseSensitive"),
	"caseinsensitive":   text("CaseInsensitive"),
}

func (p *parser) parenthesis() (Node, *Error) {
	start := p.tok.start
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.is(")") {
		return nil, mistake(start, "this ( has no ) at its end")
	}
	return n, p.advance()
}

// call reads the arguments of a function, of which any may be empty: Replace([mail], "@x", , , "", ,).
func (p *parser) call(name token) (Node, *Error) {
	c := &Call{at: at(name.start), Name: name.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(")") {
		return c, p.advance()
	}
	for {
		var arg Node
		if !p.is(",") && !p.is(")") {
			var err *Error
			if arg, err = p.or(); err != nil {
				return nil, err
			}
		}
		c.Args = append(c.Args, arg)
		switch {
		case p.is(")"):
			return c, p.advance()
		case p.is(","):
			if err := p.advance(); err != nil {
				return nil, err
			}
		case p.tok.kind == tEnd:
			return nil, mistake(name.start, "%s( has no ) at its end", name.text)
		default:
			return nil, mistake(p.tok.start, "a comma or ) is expected here in the arguments of %s", name.text)
		}
	}
}
