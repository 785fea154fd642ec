package expression

import "strings"

// testFunctions tell something about a value.
func testFunctions() []*function {
	test := func(name string, f func(Value) bool) *function {
		return &function{
			name: name, params: []param{nullable("expression", pAny)}, result: aBoolean,
			apply: func(_ *Env, args []Value) (Value, error) { return boolean(f(args[0])), nil },
		}
	}
	return []*function{
		test("IsNull", func(v Value) bool { return v.kind == Null || v.kind == List && len(v.items()) == 0 }),
		test("IsNullOrEmpty", Value.Empty),
		test("IsEmpty", Value.Empty),
		test("IsPresent", func(v Value) bool { return !v.Empty() }),
		test("IsString", func(v Value) bool { t, err := v.toText(); return err == nil && t.kind == Text }),
		test("IsNumeric", func(v Value) bool { n, err := v.toNumber(); return err == nil && n.kind != Null }),
		test("IsDate", func(v Value) bool { d, err := v.toDate(); return err == nil && d.kind != Null }),
		test("IsGuid", func(v Value) bool { _, ok := parseGUID(v.String()); return ok }),
		// Not gives False for True, and True for anything else, null too.
		{
			name: "Not", params: []param{nullable("source", pAny)}, result: aBoolean,
			apply: func(_ *Env, args []Value) (Value, error) {
				return boolean(!strings.EqualFold(args[0].String(), "true")), nil
			},
		},
		{
			name: "CBool", params: []param{nullable("expression", pBoolean)}, result: aBoolean,
			apply: func(_ *Env, args []Value) (Value, error) { return boolean(args[0].n != 0), nil },
		},
	}
}
