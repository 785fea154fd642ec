package expression

import (
	"strings"
	"unicode/utf8"
)

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
	var room [128]byte
	return string(stripDiacritics(append(room[:0], s...), 0))
}

// stripDiacritics does the same to the text that begins at from in b.
func stripDiacritics(b []byte, from int) []byte {
	end := len(b)
	if isASCII(b[from:]) {
		return b
	}
	letter := false
	for i := from; i < end; {
		r, size := utf8.DecodeRune(b[i:end])
		i += size
		if r < utf8.RuneSelf {
			letter = isLetter(byte(r)) && r != '_'
			b = append(b, byte(r))
			continue
		}
		if to, ok := plain[r]; ok {
			b = append(b, to...)
			letter = true
			continue
		}
		if combining(r) && letter {
			continue
		}
		letter = false
		b = utf8.AppendRune(b, r)
	}
	return append(b[:from], b[end:]...)
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
