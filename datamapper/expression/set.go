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
			apply: func(_ *Env, args []Value) (Value, error) { return integer(int64(len(args[0].list))), nil },
		},
		{
			name: "Item", params: []param{need("attribute", pList), need("index", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				n := args[1].whole()
				if n < 1 || n > int64(len(args[0].list)) {
					return Value{}, errors.New("there is no value at this index; the first is 1, and ItemOrNull gives null instead of this error")
				}
				return text(args[0].list[n-1]), nil
			},
		},
		{
			name: "ItemOrNull", params: []param{need("attribute", pList), need("index", pNumber)}, result: aText,
			apply: func(_ *Env, args []Value) (Value, error) {
				n := args[1].whole()
				if n < 1 || n > int64(len(args[0].list)) {
					return Value{}, nil
				}
				return text(args[0].list[n-1]), nil
			},
		},
		{
			name: "RemoveDuplicates", params: []param{need("attribute", pList)}, result: aList,
			apply: func(_ *Env, args []Value) (Value, error) { return listOf(distinct(args[0].list)), nil },
		},
		{
			name: "Split", params: []param{need("source", pText), need("delimiter", pText)}, result: aList,
			apply: func(_ *Env, args []Value) (Value, error) { return split(args[0].s, args[1].s) },
		},
	}
}

// split cuts a text; the parts are trimmed, as in Entra's own sample.
func split(s, delimiter string) (Value, error) {
	if delimiter == "" {
		return Value{}, errors.New("delimiter is empty")
	}
	parts := strings.Split(s, delimiter)
	for i, p := range parts {
		parts[i] = strings.TrimSpace(p)
	}
	return listOf(parts), nil
}
