package filter

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// operator gives the operator of a word in whatever case.
func operator(s string) (CompareOperator, bool) {
	if len(s) != 2 {
		return "", false
	}
	switch uint16(s[0]|0x20)<<8 | uint16(s[1]|0x20) {
	case 'e'<<8 | 'q':
		return EQ, true
	case 'n'<<8 | 'e':
		return NE, true
	case 'c'<<8 | 'o':
		return CO, true
	case 's'<<8 | 'w':
		return SW, true
	case 'e'<<8 | 'w':
		return EW, true
	case 'p'<<8 | 'r':
		return PR, true
	case 'g'<<8 | 't':
		return GT, true
	case 'g'<<8 | 'e':
		return GE, true
	case 'l'<<8 | 't':
		return LT, true
	case 'l'<<8 | 'e':
		return LE, true
	}
	return "", false
}

func (p *parser) value() (any, error) {
	if p.peek() == '"' {
		return p.text()
	}
	start := p.i
	for p.i < len(p.s) && classes[p.s[p.i]]&valueByte != 0 {
		p.i++
	}
	word := p.s[start:p.i]
	switch word {
	case "":
		return nil, p.fail(start, "a value is expected")
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	}
	if c := word[0]; c == '-' || '0' <= c && c <= '9' {
		if json.Valid([]byte(word)) {
			return json.Number(word), nil
		}
	}
	if !utf8.ValidString(word) {
		return nil, p.fail(start, "the value is not UTF-8")
	}
	if err := p.deviates(Unquoted, start, "a value is a string in quotes, a number, true, false or null"); err != nil {
		return nil, err
	}
	switch {
	case strings.EqualFold(word, "true"):
		return true, nil
	case strings.EqualFold(word, "false"):
		return false, nil
	case strings.EqualFold(word, "null"):
		return nil, nil
	}
	return word, nil
}

func (p *parser) text() (any, error) {
	start := p.i
	escaped, ascii := false, true
	for p.i++; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c == '\\':
			escaped = true
			p.i++
		case c < ' ':
			return nil, p.fail(p.i, "a control character must be escaped")
		case c == '"':
			p.i++
			if !escaped {
				s := p.s[start+1 : p.i-1]
				if !ascii && !utf8.ValidString(s) {
					return nil, p.fail(start, "the string is not UTF-8")
				}
				return s, nil
			}
			var s string
			if json.Unmarshal([]byte(p.s[start:p.i]), &s) != nil {
				return nil, p.fail(start, "the string has an escape that is not one of JSON")
			}
			return s, nil
		}
	}
	return nil, p.fail(start, "the string does not end")
}
