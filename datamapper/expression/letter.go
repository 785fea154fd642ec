package expression

import (
	"errors"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// caseFunction gives ToLower or ToUpper. Without a culture it changes letter by letter, as .NET's invariant
// culture does, so that ß stays ß.
func caseFunction(name string, upper bool) *function {
	invariant := strings.ToLower
	if upper {
		invariant = strings.ToUpper
	}
	return &function{
		name: name, params: []param{need("source", pText), opt("culture", pText)}, result: aText,
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
