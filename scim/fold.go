package scim

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
