package expression

import (
	"strings"
	"unicode/utf8"
)

// A token is one word or sign of an expression.
type token struct {
	kind  tokenKind
	text  string // of a string or attribute: what it says, unescaped
	start int
	end   int
}

type tokenKind uint8

const (
	tEnd tokenKind = iota
	tName
	tText
	tNumber
	tAttribute
	tVariable
	tParameter
	tSign // ( ) , = <> < <= > >= &
)

// A lexer cuts an expression into tokens.
type lexer struct {
	src string
	pos int
	// operand says that a value came last, so that & joins and does not begin a hexadecimal number.
	operand bool
}

func (l *lexer) next() (token, *Error) {
	t, err := l.scan()
	switch t.kind {
	case tText, tNumber, tAttribute, tVariable, tParameter:
		l.operand = true
	default:
		l.operand = t.kind == tSign && t.text == ")"
	}
	return t, err
}

func (l *lexer) scan() (token, *Error) {
	for l.pos < len(l.src) && strings.IndexByte(" \t\r\n", l.src[l.pos]) >= 0 {
		l.pos++
	}
	start := l.pos
	if start == len(l.src) {
		return token{kind: tEnd, start: start, end: start}, nil
	}
	switch c := l.src[start]; {
	case c == '"':
		return l.text()
	case c == '[':
		return l.until(tAttribute, ']', "attribute, which begins here, has no ] at its end")
	case c == '%':
		return l.until(tParameter, '%', "parameter, which begins here, has no % at its end")
	case c == '$':
		l.pos++
		l.word()
		return l.token(tVariable, start+1, start), l.unless(l.pos == start+1, start, "a $ without the name of a variable")
	case isDigit(c), c == '.', c == '-', c == '+', c == '&' && !l.operand && hexFollows(l.src[start:]):
		return l.number()
	case isLetter(c):
		l.word()
		return l.token(tName, start, start), nil
	default:
		return l.sign()
	}
}

func (l *lexer) token(kind tokenKind, from, start int) token {
	return token{kind: kind, text: l.src[from:l.pos], start: start, end: l.pos}
}

func (l *lexer) unless(bad bool, offset int, message string) *Error {
	if bad {
		return mistake(offset, "%s", message)
	}
	return nil
}

func (l *lexer) word() {
	for l.pos < len(l.src) && (isLetter(l.src[l.pos]) || isDigit(l.src[l.pos])) {
		l.pos++
	}
}

// text reads a constant. A backslash before " and \ is taken away; before anything else it is itself, as
// in a regular expression that was not escaped.
func (l *lexer) text() (token, *Error) {
	start := l.pos
	var b strings.Builder
	for i := start + 1; i < len(l.src); i++ {
		switch c := l.src[i]; {
		case c == '"':
			l.pos = i + 1
			return token{kind: tText, text: b.String(), start: start, end: l.pos}, nil
		case c == '\\' && i+1 < len(l.src) && (l.src[i+1] == '"' || l.src[i+1] == '\\'):
			i++
			b.WriteByte(l.src[i])
		default:
			b.WriteByte(c)
		}
	}
	return token{}, mistake(start, `constant, which begins here, has no " at its end`)
}

func (l *lexer) until(kind tokenKind, end byte, message string) (token, *Error) {
	start := l.pos
	n := strings.IndexByte(l.src[start+1:], end)
	if n < 0 {
		return token{}, mistake(start, "%s", message)
	}
	l.pos = start + n + 2
	name := strings.TrimSpace(l.src[start+1 : start+1+n])
	return token{kind: kind, text: name, start: start, end: l.pos},
		l.unless(name == "", start, "a name is missing between the signs")
}

func (l *lexer) number() (token, *Error) {
	start := l.pos
	l.pos++
	if l.src[start] == '&' {
		l.pos++
	}
	for l.pos < len(l.src) && (isDigit(l.src[l.pos]) || isLetter(l.src[l.pos]) || l.src[l.pos] == '.') {
		l.pos++
	}
	t := l.token(tNumber, start, start)
	_, ok := parseNumber(t.text)
	return t, l.unless(!ok, start, "not a number; constants stand in double quotes")
}

func (l *lexer) sign() (token, *Error) {
	start := l.pos
	for _, s := range []string{"<>", "<=", ">=", "==", "!=", "(", ")", ",", "=", "<", ">", "&"} {
		if strings.HasPrefix(l.src[start:], s) {
			l.pos += len(s)
			t := l.token(tSign, start, start)
			switch s {
			case "==":
				t.text = "="
			case "!=":
				t.text = "<>"
			}
			return t, nil
		}
	}
	r, _ := utf8.DecodeRuneInString(l.src[start:])
	switch r {
	case '“', '”', '„', '‘', '’', '«', '»', '\'':
		return token{}, mistake(start, `constants stand in straight double quotes ("), not in %c`, r)
	case ';':
		return token{}, mistake(start, "arguments are separated by commas, not by ;")
	}
	return token{}, mistake(start, "%q has no meaning here; attributes stand in [brackets], constants in \"quotes\"", r)
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }

func hexFollows(s string) bool {
	return len(s) > 2 && (s[1] == 'H' || s[1] == 'h') && (isDigit(s[2]) || 'a' <= s[2]|0x20 && s[2]|0x20 <= 'f')
}
