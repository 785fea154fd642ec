package scim

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the object as JSON. It fails only for a value that an Object cannot hold.
func (o *Object) AppendJSON(b []byte) ([]byte, error) {
	if o == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	var err error
	for i := range o.members {
		if i > 0 {
			b = append(b, ',')
		}
		m := &o.members[i]
		b = append(appendString(b, m.Name), ':')
		if b, err = appendValue(b, m.Value); err != nil {
			return b, fmt.Errorf("%s: %w", m.Name, err)
		}
	}
	return append(b, '}'), nil
}

// MarshalJSON gives the object as JSON. Its receiver is a value, so that a Resource that is no pointer is
// not written as {}.
func (o Object) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil) }

func appendValue(b []byte, v any) (_ []byte, err error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case string:
		return appendString(b, v), nil
	case bool:
		if v {
			return append(b, "true"...), nil
		}
		return append(b, "false"...), nil
	case json.Number:
		if n := scanNumber(string(v)); n == 0 || n != len(v) {
			return b, fmt.Errorf("%q is not a JSON number", string(v))
		}
		return append(b, v...), nil
	case *Object:
		return v.AppendJSON(b)
	case []any:
		b = append(b, '[')
		for i := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendValue(b, v[i]); err != nil {
				return b, err
			}
		}
		return append(b, ']'), nil
	}
	return b, fmt.Errorf("%T is not a value of a SCIM object", v)
}

const hexDigits = "0123456789abcdef"

// plain are the bytes that a JSON string has as they are, without a look at their neighbours.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// appendString appends s in quotes. Bytes that are not UTF-8 become U+FFFD, as in encoding/json.
func appendString(b []byte, s string) []byte {
	i := 0
	for i < len(s) && plain[s[i]] {
		i++
	}
	if i == len(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	return appendEscaped(b, s)
}

// appendEscaped is appendString of what is not plain.
func appendEscaped(b []byte, s string) []byte {
	begin := len(b)
	b = append(b, '"')
	start, ascii := 0, true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			ascii = false
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, s[start:i]...)
		start = i + 1
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	if !ascii && !utf8.ValidString(s) {
		return appendEscaped(b[:begin], strings.ToValidUTF8(s, "\uFFFD"))
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
