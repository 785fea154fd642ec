package expression

import (
	"strings"
	"unicode/utf8"
)

// textFunctions cut and join texts. Positions count characters (code points) from 1.
func textFunctions() []*function {
	trim := textFunction("Trim", strings.TrimSpace)
	lower, upper := caseFunction("ToLower", false), caseFunction("ToUpper", true)
	return []*function{
		{
			name: "Append", params: []param{need("source", pText), nullable("suffix", pText)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) { return joined(args[0].s, args[1].s) },
		},
		lower, upper, alias("LCase", lower), alias("UCase", upper),
		textFunction("StripSpaces", func(s string) string { return strings.ReplaceAll(s, " ", "") }),
		trim,
		textFunction("LTrim", func(s string) string { return strings.TrimLeft(s, " \t\r\n\v\f\u00a0") }),
		textFunction("RTrim", func(s string) string { return strings.TrimRight(s, " \t\r\n\v\f\u00a0") }),
		textFunction("NormalizeDiacritics", normalizeDiacritics),
		{
			name: "Left", params: []param{nullable("source", pText), need("numChars", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if n := args[1].whole(); n >= 0 {
					return text(args[0].s[:runeOffset(args[0].s, n)]), nil
				}
				return text(args[0].s), nil
			},
		},
		{
			name: "Right", params: []param{nullable("source", pText), need("numChars", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				s, n := args[0].s, args[1].whole()
				if n < 0 {
					return text(s), nil
				}
				return text(s[runeOffset(s, int64(utf8.RuneCountInString(s))-n):]), nil
			},
		},
		{
			name: "Mid", params: []param{need("source", pText), need("start", pNumber), need("length", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				return mid(args[0].s, args[1].whole(), args[2].whole()), nil
			},
		},
		{
			name: "Len", params: []param{nullable("source", pText)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) {
				return integer(int64(utf8.RuneCountInString(args[0].s))), nil
			},
		},
		{
			name: "Join", params: []param{nullable("separator", pText), nullable("source", pAny)}, variadic: true, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) { return join(args[0].s, args[1:]) },
		},
	}
}

// joined gives a text of two.
func joined(a, b string) (Value, error) {
	if len(a)+len(b) > MaxText {
		return Value{}, errTooLong
	}
	return text(a + b), nil
}

// whole gives a number without its fraction.
func (v Value) whole() int64 {
	if v.kind == Decimal {
		return int64(v.decimal())
	}
	return v.n
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

// join joins all values that are not empty.
func join(separator string, args []Value) (Value, error) {
	var b strings.Builder
	add := func(s string) error {
		if s == "" {
			return nil
		}
		if b.Len()+len(separator)+len(s) > MaxText {
			return errTooLong
		}
		if b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(s)
		return nil
	}
	for i := range args {
		if args[i].kind != List {
			if err := add(args[i].String()); err != nil {
				return Value{}, err
			}
			continue
		}
		for _, s := range args[i].list {
			if err := add(s); err != nil {
				return Value{}, err
			}
		}
	}
	return text(b.String()), nil
}
