package expression

import (
	"errors"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textFunctions cut and join texts. Positions count characters (code points) from 1.
func textFunctions() []*function {
	lower, upper := caseFunction("ToLower", false), caseFunction("ToUpper", true)
	cut := []param{nullable("source", pTexts), need("numChars", pNumber)}
	padded := []param{nullable("source", pTexts), need("length", pNumber), need("padCharacter", pText)}
	found := []param{need("value1", pText), need("value2", pText), opt("start", pNumber), opt("compareType", pNumber)}
	return []*function{
		{
			name: "Append", params: []param{need("source", pTexts), nullable("suffix", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) { return joined(args[0].s, args[1].s) },
		},
		lower, upper, alias("LCase", lower), alias("UCase", upper),
		editFunction("StripSpaces", func(s string) string { return strings.ReplaceAll(s, " ", "") }, stripSpaces),
		editFunction("Trim", strings.TrimSpace, trim),
		textFunction("LTrim", func(s string) string { return strings.TrimLeftFunc(s, unicode.IsSpace) }),
		textFunction("RTrim", func(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }),
		editFunction("NormalizeDiacritics", normalizeDiacritics, stripDiacritics),
		textFunction("CStr", func(s string) string { return s }),
		{
			name: "Left", params: cut, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if n := args[1].whole(); n >= 0 {
					return text(args[0].s[:runeOffset(args[0].s, n)]), nil
				}
				return text(args[0].s), nil
			},
		},
		{
			name: "Right", params: cut, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				s, n := args[0].s, args[1].whole()
				if n < 0 {
					return text(s), nil
				}
				return text(s[runeOffset(s, int64(utf8.RuneCountInString(s))-n):]), nil
			},
		},
		{
			name: "Mid", params: []param{need("source", pTexts), need("start", pNumber), opt("length", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				length := int64(math.MaxInt64)
				if args[2].kind != Null {
					length = args[2].whole()
				}
				return mid(args[0].s, args[1].whole(), length), nil
			},
		},
		{
			name: "Len", params: []param{nullable("source", pText)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) {
				return integer(int64(utf8.RuneCountInString(args[0].s))), nil
			},
		},
		{
			name: "PadLeft", params: padded, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return pad(args[0].s, args[1].whole(), args[2].s, true)
			},
		},
		{
			name: "PadRight", params: padded, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return pad(args[0].s, args[1].whole(), args[2].s, false)
			},
		},
		{
			name: "PCase", params: []param{need("source", pTexts), opt("wordSeparators", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if args[1].s == "" {
					return text(properCase(args[0].s)), nil
				}
				return text(properCaseAt(args[0].s, args[1].s)), nil
			},
		},
		{
			name: "Word", params: []param{nullable("source", pTexts), need("wordNumber", pNumber), need("delimiters", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return text(word(args[0].s, args[1].whole(), args[2].s)), nil
			},
		},
		{
			name: "InStr", params: found, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return inStr(args, 1, false) },
		},
		{
			name: "InStrRev", params: found, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) {
				return inStr(args, int64(utf8.RuneCountInString(args[0].s)), true)
			},
		},
		{
			name: "ReplaceChars", params: []param{need("source", pTexts), need("replacePattern", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) { return replaceChars(args[0].s, args[1].s) },
		},
		replaceFunction(),
		joinFunction(),
	}
}

// inStr finds value2 in value1.
func inStr(args []Value, start int64, last bool) (Value, error) {
	if args[2].kind != Null {
		if start = args[2].whole(); start < 1 {
			return Value{}, errors.New("start counts from 1")
		}
	}
	return integer(position(args[0].s, args[1].s, start, args[3].n != 0, last)), nil
}

// joined gives a text of two.
func joined(a, b string) (Value, error) {
	if len(a)+len(b) > MaxText {
		return Value{}, errTooLong
	}
	return text(a + b), nil
}

// whole gives a number without its fraction; of one that is too large the largest that is not, for what Go makes of it
// differs between processors.
func (v Value) whole() int64 {
	if v.kind != Decimal {
		return v.n
	}
	switch f := v.decimal(); {
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	default:
		return int64(f)
	}
}

// runeOffset gives where in s, in bytes, n characters have passed; at most the end.
func runeOffset(s string, n int64) int {
	if n <= 0 {
		return 0
	}
	if n >= int64(len(s)) {
		return len(s)
	}
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

// mid gives length characters from start. As in Connect Sync, the text itself is given when start or length
// make no sense.
func mid(s string, start, length int64) Value {
	if start < 1 || length < 0 || start > int64(utf8.RuneCountInString(s)) {
		return text(s)
	}
	s = s[runeOffset(s, start-1):]
	return text(s[:runeOffset(s, length)])
}
