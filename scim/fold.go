package scim

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// foldEqual reports whether two attribute names or URNs are the same. Both are ASCII and compared
// without regard to case (RFC 7643 section 2.1, RFC 8141 section 3.1); other characters must be equal.
func foldEqual(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	if a == b {
		return true
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

// lower gives the lower-case form of an ASCII letter, and any other byte as it is.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// appendLower appends the ASCII lower-case form of s.
func appendLower(b []byte, s string) []byte {
	for i := range len(s) {
		b = append(b, lower(s[i]))
	}
	return b
}

// hasPrefixFold reports whether s begins with prefix, by the rules of foldEqual.
func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && foldEqual(s[:len(prefix)], prefix)
}

// foldRune gives the one character that stands for all that differ from r by case only, as
// strings.EqualFold has it; in lower case if that is ASCII.
func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(lower(byte(r)))
	}
	least := r
	for c := unicode.SimpleFold(r); c != r; c = unicode.SimpleFold(c) {
		least = min(least, c)
	}
	if least < utf8.RuneSelf {
		return rune(lower(byte(least)))
	}
	return least
}

// foldKey gives a string that is the same for all strings that differ by case only.
func foldKey(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || lower(c) != c {
			return string(appendFold(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

func appendFold(b []byte, s string) []byte {
	for i, r := range s {
		if r < utf8.RuneSelf {
			b = append(b, lower(s[i]))
		} else {
			b = utf8.AppendRune(b, foldRune(r))
		}
	}
	return b
}

// compareFold orders two strings by their fold keys.
func compareFold(a, b string) int {
	for i := 0; ; i++ {
		switch {
		case i == len(a) || i == len(b):
			return len(a) - len(b)
		case a[i] >= utf8.RuneSelf || b[i] >= utf8.RuneSelf:
			// One of them may be the start of a character whose other case is ASCII: K, the kelvin sign.
			return strings.Compare(foldKey(a[i:]), foldKey(b[i:]))
		}
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
}

// containsFold reports whether a list holds a string, by the rules of foldEqual.
func containsFold(list []any, s string) bool {
	for _, v := range list {
		if t, ok := v.(string); ok && foldEqual(t, s) {
			return true
		}
	}
	return false
}
