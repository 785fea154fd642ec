// Package dn brings distinguished names into one form in which equal names are equal bytes.
//
// Servers give the same name in several spellings: another case, "CN = x", "\2C" for "\,". The form
// made here folds all of that (RFC 4514, RFC 4518), and is a suffix of the forms of the names below
// it. It is for comparing only and is never shown.
package dn

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"unicode"
	"unicode/utf8"
)

// ErrSyntax says that a string is no distinguished name.
var ErrSyntax = errors.New("not a distinguished name")

// Separators of the form. The bytes themselves are escaped inside values.
const (
	rdnMark = 0x00
	avaMark = 0x01
	escape  = 0x02
)

// Append appends the form of name to dst. The empty name has the empty form. It allocates only when dst is
// too small, or for a relative name of several parts.
func Append(dst []byte, name string) ([]byte, error) {
	start, rdn, multi := len(dst), len(dst), false
	for i := 0; ; {
		i = skipSpaces(name, i)
		if i == len(name) && len(dst) == start {
			return dst, nil
		}
		var err error
		if dst, i, err = appendAVA(dst, name, i); err != nil {
			return dst[:start], err
		}
		if i == len(name) || name[i] != '+' {
			if multi {
				sortRDN(dst[rdn:])
				multi = false
			}
			if i == len(name) {
				return dst, nil
			}
			dst = append(dst, rdnMark)
			rdn = len(dst)
		} else {
			dst = append(dst, avaMark)
			multi = true
		}
		i++
	}
}

// Fold gives the form of name as a string.
func Fold(name string) (string, error) {
	b, err := Append(nil, name)
	return string(b), err
}

// Within reports whether the form name is base or lies below it. The empty base holds everything.
func Within[N, B []byte | string](name N, base B) bool {
	n, b := len(name), len(base)
	if b == 0 || n < b || string(name[n-b:]) != string(base) {
		return b == 0
	}
	return n == b || name[n-b-1] == rdnMark
}

// Parent gives the form of the name above, and whether there is one.
func Parent(name string) (string, bool) {
	for i := range len(name) {
		if name[i] == rdnMark {
			return name[i+1:], true
		}
	}
	return "", false
}

func skipSpaces(s string, i int) int {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	return i
}

// appendAVA appends "type=value" and gives the place of the separator after it, or the end.
func appendAVA(dst []byte, s string, i int) ([]byte, int, error) {
	typeStart := len(dst)
	for ; i < len(s) && s[i] != '='; i++ {
		c := s[i]
		switch {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == ';':
			dst = append(dst, c)
		case c == ' ' && skipSpaces(s, i) < len(s) && s[skipSpaces(s, i)] == '=':
		default:
			return dst, i, fmt.Errorf("%w: byte %d does not belong in an attribute name", ErrSyntax, i+1)
		}
	}
	if i == len(s) || len(dst) == typeStart {
		return dst, i, fmt.Errorf("%w: a part without \"attribute=\" ends at byte %d", ErrSyntax, i)
	}
	dst = append(dst, '=')
	return appendValue(dst, s, skipSpaces(s, i+1))
}

// appendValue appends a value, folded: lower case, spaces inside as one, those at the ends dropped, as
// the matching rules of naming attributes have it (RFC 4518 section 2.6.1).
func appendValue(dst []byte, s string, i int) ([]byte, int, error) {
	start, space := len(dst), false
	for i < len(s) {
		c := s[i]
		if c == ',' || c == '+' || c == ';' {
			return dst, i, nil
		}
		size := 1
		if c == '\\' {
			var err error
			if c, size, err = unescape(s, i); err != nil {
				return dst, i, err
			}
		} else if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError {
				if space && len(dst) > start {
					dst = append(dst, ' ')
				}
				dst, space = utf8.AppendRune(dst, unicode.ToLower(r)), false
				i += n
				continue
			}
		}
		i += size
		if c == ' ' {
			space = true
			continue
		}
		if space && len(dst) > start {
			dst = append(dst, ' ')
		}
		space = false
		switch {
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		case c <= escape:
			dst = append(dst, escape, c+'0')
		case c >= utf8.RuneSelf:
			dst = appendEscapedRune(dst, start, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst, i, nil
}

// appendEscapedRune appends a byte of a rune that was written as hex pairs ("\C3\AB"), and folds the rune
// when it is whole.
func appendEscapedRune(dst []byte, start int, c byte) []byte {
	dst = append(dst, c)
	from := max(start, len(dst)-utf8.UTFMax)
	for ; from < len(dst); from++ {
		r, n := utf8.DecodeRune(dst[from:])
		if r != utf8.RuneError && n > 1 && from+n == len(dst) {
			return utf8.AppendRune(dst[:from], unicode.ToLower(r))
		}
	}
	return dst
}

func unescape(s string, i int) (c byte, size int, err error) {
	if i+1 >= len(s) {
		return 0, 0, fmt.Errorf("%w: it ends after a backslash", ErrSyntax)
	}
	if i+2 < len(s) {
		hi, ok1 := unhex(s[i+1])
		lo, ok2 := unhex(s[i+2])
		if ok1 && ok2 {
			return hi<<4 | lo, 3, nil
		}
	}
	if c = s[i+1]; c >= utf8.RuneSelf {
		return 0, 0, fmt.Errorf("%w: a backslash before byte %d", ErrSyntax, i+2)
	}
	return c, 2, nil
}

func unhex(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// sortRDN orders the parts of a relative name, which is a set.
func sortRDN(rdn []byte) {
	parts := bytes.Split(bytes.Clone(rdn), []byte{avaMark})
	slices.SortFunc(parts, bytes.Compare)
	copy(rdn, bytes.Join(parts, []byte{avaMark}))
}
