package scim

import (
	"encoding/binary"
	"slices"
	"strings"
)

// appendObjectKey appends a key of a complex value: of its assigned sub-attributes, in the order of their
// names. Each part carries its length, so that no value can pass for another.
func (a *Attribute) appendObjectKey(b []byte, o *Object) []byte {
	keys := make([]string, 0, o.Len())
	for name, v := range o.All() {
		if v == nil {
			continue
		}
		sub := a.Sub(name)
		if sub == nil {
			sub = exactAttribute
		}
		part := binary.AppendUvarint(nil, uint64(len(name)))
		part = appendLower(part, name)
		keys = append(keys, string(append(append(part, byte('0'+kindOf(v))), sub.Key(v)...)))
	}
	return appendKeys(b, keys)
}

// appendKeys appends keys in their order, each after its length.
func appendKeys(b []byte, keys []string) []byte {
	slices.Sort(keys)
	for _, k := range keys {
		b = binary.AppendUvarint(b, uint64(len(k)))
		b = append(b, k...)
	}
	return b
}

// A decimal is a JSON number taken apart: 0.digits * 10^exp. It is compared without arithmetic on it, so
// that 1e999999999 costs no more than 1.
type decimal struct {
	negative bool
	digits   string // without zeros at either end; "" is zero
	exp      int
}

func parseDecimal(s string) decimal {
	var d decimal
	if strings.HasPrefix(s, "-") {
		d.negative = true
		s = s[1:]
	}
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		d.exp = parseExponent(s[i+1:])
		s = s[:i]
	}
	whole, fraction, _ := strings.Cut(s, ".")
	d.exp += len(whole)
	digits := whole + fraction
	trimmed := strings.TrimLeft(digits, "0")
	d.exp -= len(digits) - len(trimmed)
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return decimal{}
	}
	return d
}

// parseExponent reads an exponent; one beyond a billion is as good as a billion.
func parseExponent(s string) int {
	negative := strings.HasPrefix(s, "-")
	n := 0
	for _, c := range strings.TrimLeft(s, "+-") {
		n = min(n*10+int(c-'0'), 1_000_000_000)
	}
	if negative {
		return -n
	}
	return n
}

func (d decimal) appendKey(b []byte) []byte {
	if d.negative {
		b = append(b, '-')
	}
	b = append(b, d.digits...)
	b = append(b, 'e')
	return binary.AppendVarint(b, int64(d.exp))
}

// compareNumbers orders two JSON numbers by size, whatever their length.
func compareNumbers(x, y string) int {
	if x == y {
		return 0
	}
	a, b := parseDecimal(x), parseDecimal(y)
	if a.negative != b.negative {
		if a.negative {
			return -1
		}
		return 1
	}
	c := a.compareSize(b)
	if a.negative {
		return -c
	}
	return c
}

func (d decimal) compareSize(e decimal) int {
	switch {
	case d.digits == "" && e.digits == "":
		return 0
	case d.digits == "":
		return -1
	case e.digits == "":
		return 1
	case d.exp != e.exp:
		return d.exp - e.exp
	}
	return strings.Compare(d.digits, e.digits)
}
