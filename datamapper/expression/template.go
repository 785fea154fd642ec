package expression

import "strings"

// ParseTemplate reads text with values in braces:
//
//	{givenName} {middleName?} {sn}
//	{givenName|NormalizeDiacritics|StripSpaces|ToLower}.{sn|Left(8)}@example.com
//
// A value is an attribute, and the functions that it goes through; each gets what is before the bar as its first
// argument. When a value is missing, the whole template has no value, so that no address is made of half
// a name. Unless it has a ?: then it is left out, and with it the space before it, or at the beginning the
// space after it. {{ and }} are braces. Its error is an [*Error].
func ParseTemplate(src string) (*Template, error) {
	t, err := parseTemplate(src)
	if err != nil {
		return nil, err
	}
	return t, nil
}

func parseTemplate(src string) (*Template, *Error) {
	if len(src) > MaxLength {
		return nil, mistake(0, "the template has %d characters, and %d are allowed", len(src), MaxLength)
	}
	t := &Template{}
	var lit strings.Builder
	flush := func() {
		if lit.Len() > 0 {
			t.Parts = append(t.Parts, Part{Text: lit.String()})
			lit.Reset()
		}
	}
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(src) && src[i+1] == c:
			lit.WriteByte(c)
			i++
		case c == '}':
			return nil, mistake(i, "this } has no { before it; a brace that is text is written }}")
		case c == '{':
			n, ok := closing(src[i:])
			if !ok {
				return nil, mistake(i, "this { has no } at its end; a brace that is text is written {{")
			}
			flush()
			part, err := parsePart(src[:i+n], i+1)
			if err != nil {
				return nil, err
			}
			t.Parts = append(t.Parts, part)
			i += n
		default:
			lit.WriteByte(c)
		}
	}
	flush()
	return t, nil
}

// closing finds the } of the { at the beginning of s, and jumps over constants.
func closing(s string) (int, bool) {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && s[i] == '{':
			return 0, false
		case !quoted && s[i] == '}':
			return i, true
		}
	}
	return 0, false
}

// parsePart reads a value from src[from:].
func parsePart(src string, from int) (Part, *Error) {
	end := from + strings.IndexByte(src[from:]+"|", '|')
	name := strings.TrimSpace(src[from:end])
	part := Part{}
	name, part.Optional = strings.CutSuffix(name, "?")
	name = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(name), "["), "]")
	if name == "" {
		return part, mistake(from, "the name of an attribute is missing here")
	}
	part.Node = &Attribute{at(from), name}
	for end < len(src) {
		p := parser{lex: lexer{src: src, pos: end + 1}}
		call, err := p.pipe(part.Node)
		if err != nil {
			return part, err
		}
		part.Node = call
		rest := strings.TrimSpace(src[p.tok.start:])
		if cut, ok := strings.CutPrefix(rest, "?"); ok && strings.TrimSpace(cut) == "" {
			part.Optional = true
			return part, nil
		}
		if rest != "" && rest[0] != '|' {
			return part, mistake(p.tok.start, "a | or } is expected here")
		}
		end = p.tok.start
	}
	return part, nil
}

// pipe reads a function without its first argument. It leaves p.tok at what follows.
func (p *parser) pipe(first Node) (*Call, *Error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	name := p.tok
	if name.kind != tName {
		return nil, mistake(name.start, "the name of a function is expected after |")
	}
	call := &Call{at: at(name.start), Name: name.text, Args: []Node{first}}
	for p.lex.pos < len(p.lex.src) && p.lex.src[p.lex.pos] == ' ' {
		p.lex.pos++
	}
	if p.lex.pos < len(p.lex.src) && p.lex.src[p.lex.pos] == '(' {
		p.lex.pos++
		args, err := p.pipeArgs(name)
		if err != nil {
			return nil, err
		}
		call.Args = append(call.Args, args...)
	}
	p.tok = token{start: p.lex.pos}
	return call, nil
}

// pipeArgs reads arguments up to and with the parenthesis, and stops right behind it, since a | follows
// that is no token of expressions.
func (p *parser) pipeArgs(name token) ([]Node, *Error) {
	depth, quoted := 1, false
	for i := p.lex.pos; i < len(p.lex.src); i++ {
		switch c := p.lex.src[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && c == '(':
			depth++
		case !quoted && c == ')':
			if depth--; depth > 0 {
				continue
			}
			inner := parser{lex: lexer{src: p.lex.src[:i+1], pos: p.lex.pos - 1}}
			if err := inner.advance(); err != nil {
				return nil, err
			}
			n, err := inner.call(name)
			if err != nil {
				return nil, err
			}
			p.lex.pos = i + 1
			return n.(*Call).Args, nil
		}
	}
	return nil, mistake(name.start, "%s( has no ) at its end", name.text)
}
