package scim

import (
	"encoding/json"
	"strings"
)

// Compare orders two values of an attribute as its type and caseExact say: strings by characters, numbers
// and dateTimes by size, false before true, complex values by their "value" sub-attribute. Values of
// different or unknown kinds have an order too, so that it can sort anything. It is the one comparison
// that filters, sorting, uniqueness, indexes and PATCH use.
func (a *Attribute) Compare(x, y any) int {
	if x, ok := x.(string); ok {
		if y, ok := y.(string); ok {
			return a.compareStrings(x, y)
		}
	}
	if d := kindOf(x) - kindOf(y); d != 0 {
		return d
	}
	switch x := x.(type) {
	case bool:
		switch {
		case x == y.(bool):
			return 0
		case x:
			return 1
		}
		return -1
	case json.Number:
		return compareNumbers(string(x), string(y.(json.Number)))
	case *Object:
		if v := a.Sub("value"); v != nil {
			return v.Compare(x.Get("value"), y.(*Object).Get("value"))
		}
		return strings.Compare(a.Key(x), a.Key(y))
	case []any:
		return strings.Compare(a.Key(x), a.Key(y))
	}
	return 0
}

func kindOf(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case bool:
		return 1
	case json.Number:
		return 2
	case string:
		return 3
	case *Object:
		return 4
	case []any:
		return 5
	}
	return 6
}

func (a *Attribute) compareStrings(x, y string) int {
	switch {
	case x == y:
		return 0
	case a.Type == DateTime:
		return compareTimes(x, y)
	case a.exact():
		return strings.Compare(x, y)
	}
	return compareFold(x, y)
}

// compareTimes orders two dateTimes; what is not one comes after, as strings.
func compareTimes(x, y string) int {
	// Two in UTC with the same precision are in order as strings.
	if len(x) == len(y) && len(x) >= 20 && x[len(x)-1] == 'Z' && y[len(y)-1] == 'Z' && x[10] == 'T' && y[10] == 'T' {
		return strings.Compare(x, y)
	}
	tx, errX := ParseTime(x)
	ty, errY := ParseTime(y)
	switch {
	case errX == nil && errY == nil:
		return tx.Compare(ty)
	case errX == nil:
		return -1
	case errY == nil:
		return 1
	}
	return strings.Compare(x, y)
}

// EqualValues reports whether two values are the same by the attribute's rules. Complex values are
// compared by all their sub-attributes, and lists without regard to order.
func (a *Attribute) EqualValues(x, y any) bool {
	switch x := x.(type) {
	case *Object:
		y, ok := y.(*Object)
		return ok && a.covers(x, y) && a.covers(y, x)
	case []any:
		y, ok := y.([]any)
		return ok && len(x) == len(y) && a.sameValues(x, y)
	}
	return a.Compare(x, y) == 0
}

// covers reports whether every member of y that is assigned is in x.
func (a *Attribute) covers(x, y *Object) bool {
	for name, v := range y.All() {
		if v == nil {
			continue
		}
		sub := a.Sub(name)
		if sub == nil {
			sub = exactAttribute
		}
		if !sub.EqualValues(x.Get(name), v) {
			return false
		}
	}
	return true
}

// sameValues reports whether two lists of one length hold the same values.
func (a *Attribute) sameValues(x, y []any) bool {
	same := true
	for i := range x {
		if !a.EqualValues(x[i], y[i]) {
			same = false
			break
		}
	}
	if same {
		return true
	}
	count := make(map[string]int, len(x))
	for _, v := range x {
		count[a.Key(v)]++
	}
	for _, v := range y {
		k := a.Key(v)
		if count[k] == 0 {
			return false
		}
		count[k]--
	}
	return true
}

// exactAttribute compares what no schema knows.
var exactAttribute = &Attribute{Type: String, CaseExact: true}

// Key gives a string that is the same for two values exactly if EqualValues holds for them: what an index
// is made of. Keys of strings and dateTimes are in the order of Compare, byte by byte.
func (a *Attribute) Key(value any) string {
	if s, ok := value.(string); ok && a.Type != DateTime {
		if a.exact() {
			return s
		}
		return foldKey(s)
	}
	return string(a.appendKey(nil, value))
}

func (a *Attribute) appendKey(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		if a.Type == DateTime {
			if t, err := ParseTime(v); err == nil {
				return t.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000000Z")
			}
		}
		if a.exact() || a.Type == DateTime {
			return append(b, v...)
		}
		return appendFold(b, v)
	case bool:
		if v {
			return append(b, "true"...)
		}
		return append(b, "false"...)
	case json.Number:
		return parseDecimal(string(v)).appendKey(b)
	case *Object:
		return a.appendObjectKey(b, v)
	case []any:
		keys := make([]string, len(v))
		for i := range v {
			keys[i] = a.Key(v[i])
		}
		return appendKeys(b, keys)
	}
	return b
}
