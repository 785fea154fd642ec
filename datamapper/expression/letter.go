package expression

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// caseFunction gives ToLower or ToUpper. Without a culture it changes letter by letter, as .NET's invariant
// culture does, so that ß stays ß.
func caseFunction(name string, upper bool) *function {
	invariant, edit := strings.ToLower, lowerCase
	if upper {
		invariant, edit = strings.ToUpper, upperCase
	}
	return &function{
		name: name, params: []param{need("source", pTexts), opt("culture", pText)}, result: aText, one: invariant, edit: edit,
		apply: func(_ *Env, args []Value) (Value, error) {
			if args[1].s == "" {
				return text(invariant(args[0].s)), nil
			}
			tag, err := language.Parse(args[1].s)
			if err != nil {
				return Value{}, errCulture
			}
			return text(inCulture(args[0].s, tag, upper)), nil
		},
	}
}

// inCulture changes the case of s. Of the cultures only those with a dotless i differ letter by letter in .NET;
// in others the rules are those of the invariant culture.
func inCulture(s string, tag language.Tag, upper bool) string {
	base, _ := tag.Base()
	special := base.String() == "tr" || base.String() == "az"
	switch {
	case special && upper:
		return strings.ToUpperSpecial(unicode.TurkishCase, s)
	case special:
		return strings.ToLowerSpecial(unicode.TurkishCase, s)
	case upper:
		return strings.ToUpper(s)
	}
	return strings.ToLower(s)
}

var errCulture = errors.New(`culture is not the name of a language such as "nl-NL"`)

// properCase makes the first letter of each word a capital and all others small, as .NET's ToTitleCase does with
// small letters: words end at spaces, punctuation and symbols, but not at digits or apostrophes.
func properCase(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	inWord := false
	for _, r := range s {
		letter := unicode.IsLetter(r)
		switch {
		case letter && inWord:
			b.WriteRune(unicode.ToLower(r))
		case letter:
			b.WriteRune(unicode.ToTitle(unicode.ToLower(r)))
			inWord = true
		default:
			b.WriteRune(r)
			inWord = inWord && (r == '\'' || !separates(r))
		}
	}
	return b.String()
}

// separates reports whether r ends a word for .NET's ToTitleCase.
func separates(r rune) bool {
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.P, unicode.S)
}

// properCaseAt does the same with words that end at the separators only.
func properCaseAt(s, separators string) string {
	var b strings.Builder
	b.Grow(len(s))
	inWord := false
	for _, r := range s {
		switch {
		case strings.ContainsRune(separators, r):
			b.WriteRune(r)
			inWord = false
		case inWord:
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteRune(unicode.ToUpper(r))
			inWord = true
		}
	}
	return b.String()
}

// word gives the nth word of s, counted from 1, or "".
func word(s string, n int64, delimiters string) string {
	if n < 1 {
		return ""
	}
	for w := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(delimiters, r) }) {
		if n--; n == 0 {
			return w
		}
	}
	return ""
}

// pad makes s so many characters long.
func pad(s string, length int64, with string, left bool) (Value, error) {
	if utf8.RuneCountInString(with) != 1 {
		return Value{}, errors.New("padCharacter must be one character")
	}
	count := int64(utf8.RuneCountInString(s))
	if length <= count {
		return text(s), nil
	}
	n := length - count
	if n > MaxText/int64(len(with)) {
		return Value{}, errTooLong
	}
	if left {
		return joined(strings.Repeat(with, int(n)), s)
	}
	return joined(s, strings.Repeat(with, int(n)))
}

// position finds what in s and gives its place, counted in characters from 1, or 0.
func position(s, what string, start int64, fold, last bool) int64 {
	if fold {
		s, what = foldCase(s), foldCase(what)
	}
	from := runeOffset(s, start-1)
	if start > int64(utf8.RuneCountInString(s)) {
		return 0
	}
	i := -1
	if last {
		if i = strings.LastIndex(s[:runeOffset(s, start)], what); i < 0 {
			return 0
		}
		return int64(utf8.RuneCountInString(s[:i])) + 1
	}
	if i = strings.Index(s[from:], what); i < 0 {
		return 0
	}
	return int64(utf8.RuneCountInString(s[:from+i])) + 1
}

// foldCase makes all letters small, character by character, so that positions stay.
func foldCase(s string) string { return strings.Map(unicode.ToLower, s) }
