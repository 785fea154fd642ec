package expression

import (
	"math"
	"strconv"
	"strings"
)

func decimal(f float64) Value { return Value{kind: Decimal, n: int64(math.Float64bits(f))} }

func (v Value) decimal() float64 {
	if v.kind == Integer {
		return float64(v.n)
	}
	return math.Float64frombits(uint64(v.n))
}

// parseNumber reads a whole number, a decimal one, or a hexadecimal one as &H1F. Exponents, infinities and
// underscores are no numbers here.
func parseNumber(s string) (Value, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 2 && s[0] == '&' && (s[1] == 'H' || s[1] == 'h') {
		n, err := strconv.ParseUint(s[2:], 16, 64)
		return integer(int64(n)), err == nil
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 || digits == "" || strings.Trim(digits, "0123456789.") != "" {
		return Value{}, false
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer(n), true
	}
	f, err := strconv.ParseFloat(s, 64)
	return decimal(f), err == nil
}

// numberFunctions calculate with numbers.
func numberFunctions() []*function {
	two := []param{need("value1", pNumber), need("value2", pNumber)}
	return []*function{
		{
			name: "BitAnd", params: two, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return integer(args[0].whole() & args[1].whole()), nil },
		},
		{
			name: "BitOr", params: two, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return integer(args[0].whole() | args[1].whole()), nil },
		},
		{
			name: "IsBitSet", params: []param{need("value", pNumber), need("flag", pNumber)}, result: aBoolean,
			apply: func(_ *Env, args []Value) (Value, error) {
				return boolean(args[0].whole()&args[1].whole() != 0), nil
			},
		},
		{
			name: "CNum", params: []param{need("value", pNumber)}, result: aNumber,
			apply: func(_ *Env, args []Value) (Value, error) { return args[0], nil },
		},
		{
			name: "DefaultDomain", special: func(c *compiler, n *Call) code {
				if v, ok := c.scope.options.Parameters["DefaultDomain"]; ok {
					return constant(text(v))
				}
				return c.mistake(n, "DefaultDomain is not known; set the parameter DefaultDomain, as parameters: {DefaultDomain: example.com}")
			},
		},
	}
}
