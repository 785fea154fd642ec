package scim

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// text reads a string.
func (d *decoder) text() (string, error) {
	d.i++
	start, ascii := d.i, true
	for d.i < len(d.b) {
		switch c := d.b[d.i]; {
		case c == '"':
			part := d.part(start, d.i)
			if !ascii && !utf8.ValidString(part) {
				return "", d.fail("a string is not UTF-8")
			}
			d.i++
			return part, nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fail("a control character in a string must be escaped")
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.i++
	}
	return "", d.fail("a string does not end")
}

// part gives some of the body as a string.
func (d *decoder) part(from, to int) string {
	if d.s != "" {
		return d.s[from:to]
	}
	return string(d.b[from:to])
}

// escaped reads a string, from its start, that has an escape at d.i.
func (d *decoder) escaped(start int) (string, error) {
	var sb strings.Builder
	sb.Write(d.b[start:d.i])
	for d.i < len(d.b) {
		c := d.b[d.i]
		switch {
		case c == '"':
			d.i++
			s := sb.String()
			if !utf8.ValidString(s) {
				return "", d.fail("a string is not UTF-8")
			}
			return s, nil
		case c < ' ':
			return "", d.fail("a control character in a string must be escaped")
		case c != '\\':
			sb.WriteByte(c)
			d.i++
			continue
		}
		r, n := unescape(d.b[d.i:])
		if n == 0 {
			return "", d.fail("this escape is not one of JSON, or not of a character that can be stored")
		}
		sb.WriteRune(r)
		d.i += n
	}
	return "", d.fail("a string does not end")
}

// unescape gives the character of the escape that b begins with, and its length; 0 if it is wrong.
func unescape(b []byte) (r rune, n int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return 0, 0
	}
	hi, ok := hex4(b[2:])
	if !ok || hi == 0 {
		return 0, 0
	}
	if hi < 0xD800 || hi > 0xDFFF {
		return hi, 6
	}
	if len(b) < 12 || b[6] != '\\' || b[7] != 'u' || hi > 0xDBFF {
		return 0, 0
	}
	lo, ok := hex4(b[8:])
	if !ok || lo < 0xDC00 || lo > 0xDFFF {
		return 0, 0
	}
	return 0x10000 + (hi-0xD800)<<10 + (lo - 0xDC00), 12
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch c = lower(c); {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

func (d *decoder) number() (any, error) {
	rest := d.b[d.i:]
	n := scanNumber(string(rest[:min(len(rest), maxNumber+1)]))
	switch {
	case n == 0:
		return nil, d.fail("a value is expected")
	case n > maxNumber:
		return nil, d.fail("a number is too long")
	}
	start := d.i
	d.i += n
	return json.Number(d.part(start, d.i)), nil
}

// scanNumber gives the length of the JSON number that s begins with; 0 if it does not.
func scanNumber(s string) int {
	i := 0
	digits := func() int {
		from := i
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		return i - from
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	from := i
	if n := digits(); n == 0 || n > 1 && s[from] == '0' {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		i++
		if digits() == 0 {
			return 0
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if digits() == 0 {
			return 0
		}
	}
	return i
}
