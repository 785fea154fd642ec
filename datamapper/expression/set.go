package expression

import (
	"errors"
	"strings"
)

// setFunctions work with several values.
func setFunctions() []*function {
	return []*function{
		{
			name: "Count", params: []param{nullable("attribute", pList)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return integer(int64(len(args[0].items()))), nil },
		},
		{
			name: "Item", params: []param{need("attribute", pList), need("index", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				n := args[1].whole()
				if n < 1 || n > int64(len(args[0].items())) {
					return Value{}, errors.New("there is no value at this index; the first is 1, and ItemOrNull gives null instead of this error")
				}
				return text(args[0].items()[n-1]), nil
			},
		},
		{
			name: "ItemOrNull", params: []param{need("attribute", pList), need("index", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				n := args[1].whole()
				if n < 1 || n > int64(len(args[0].items())) {
					return Value{}, nil
				}
				return text(args[0].items()[n-1]), nil
			},
		},
		{
			name: "RemoveDuplicates", params: []param{need("attribute", pList)}, result: aList,
			apply: func(_ *Env, args []Value) (Value, error) { return listOf(distinct(args[0].items())), nil },
		},
		{
			name: "Split", params: []param{need("source", pText), need("delimiter", pText), opt("limit", pNumber)}, result: aList,
			apply: func(_ *Env, args []Value) (Value, error) {
				limit := -1
				if args[2].kind != Null {
					limit = int(min(max(args[2].whole(), 1), MaxText))
				}
				return split(args[0].s, args[1].s, limit)
			},
		},
		{
			name: "Contains", params: []param{nullable("attribute", pList), need("search", pText), opt("caseType", pText)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return contains(args[0].items(), args[1].s, args[2].s) },
		},
		{
			name: "SingleAppRoleAssignment", params: []param{need("appRoleAssignments", pList)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				if len(args[0].items()) == 0 {
					return Value{}, nil
				}
				return text(args[0].items()[0]), nil
			},
		},
		roles("AppRoleAssignmentsComplex"), roles("AssertiveAppRoleAssignmentsComplex"),
	}
}

// roles gives a list of roles as it is: what makes complex values of them is the target.
func roles(name string) *function {
	return &function{
		name: name, params: []param{need("appRoleAssignments", pList)}, result: aList,
		apply: func(_ *Env, args []Value) (Value, error) { return args[0], nil },
	}
}

// split cuts a text; the parts are trimmed, as in Entra's own sample.
func split(s, delimiter string, limit int) (Value, error) {
	if delimiter == "" {
		return Value{}, errors.New("delimiter is empty")
	}
	parts := strings.SplitN(s, delimiter, limit)
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return listOf(parts), nil
}

// contains gives the index of the first value in which search is, counted from 1, or 0.
func contains(list []string, search, caseType string) (Value, error) {
	fold := false
	switch strings.ToLower(caseType) {
	case "", "casesensitive":
	case "caseinsensitive":
		fold, search = true, foldCase(search)
	default:
		return Value{}, errors.New("caseType is CaseSensitive or CaseInsensitive")
	}
	for i, s := range list {
		if fold {
			s = foldCase(s)
		}
		if strings.Contains(s, search) {
			return integer(int64(i) + 1), nil
		}
	}
	return integer(0), nil
}
