package expression

import "strings"

// diacritics are the letters that NormalizeDiacritics replaces, beside those it takes combining marks from. It is
// Entra's own list: ö becomes o and ø becomes oe, and letters that are not in it stay.
const diacritics = "a äàâãåáąăāǟǡ|A ÄÀÂÃÅÁĄĂĀǞǠ|ae æǣ|AE ÆǢ|c çčć|C ÇČĆ|d ďḏ|D ĎḎ|e ëèéêęěėēḗḕ|E ËÈÉÊĘĚĖĒḖḔ|" +
	"g ğḡ|G ĞḠ|i ïîìíıī|I ÏÎÌÍİĪ|l ľłḹḻ|L ŁĽḸḺ|n ñńňṉ|N ÑŃŇṈ|o öòőõôóōṓṑȫǭȭȱ|O ÖÒŐÕÔÓŌṒṐȪǬȬȰ|oe øœ|OE ØŒ|" +
	"r řṟṝ|R ŘṞṜ|ss ß|s šśșş|S ŠŚȘŞ|t ťțṯ|T ŤȚṮ|u üùûúůűūǖṻṳ|U ÜÙÛÚŮŰŪǕṺṲ|y ÿýȳ|Y ŸÝȲ|z źžżẕ|Z ŹŽŻẔ"

// plain are the replacements by letter.
var plain = func() map[rune]string {
	m := map[rune]string{}
	for group := range strings.SplitSeq(diacritics, "|") {
		to, from, _ := strings.Cut(group, " ")
		for _, r := range from {
			m[r] = to
		}
	}
	return m
}()

// combining reports whether r is one of the marks that stand after a letter in Entra's list.
func combining(r rune) bool { return 0x300 <= r && r <= 0x36f }

// normalizeDiacritics replaces letters with diacritics by those without.
func normalizeDiacritics(s string) string {
	if isASCII(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	letter := false
	for _, r := range s {
		if r < 0x80 {
			letter = isLetter(byte(r)) && r != '_'
			b.WriteByte(byte(r))
			continue
		}
		if to, ok := plain[r]; ok {
			b.WriteString(to)
			letter = true
			continue
		}
		if combining(r) && letter {
			continue
		}
		letter = false
		b.WriteRune(r)
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
