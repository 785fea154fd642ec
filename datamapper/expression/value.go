package expression

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Kind is the type of a [Value].
type Kind uint8

// The kinds of values.
const (
	// Null is no value: an attribute that the record does not have.
	Null Kind = iota
	Text
	Integer
	Decimal
	Boolean
	// Date is a moment in UTC, between the years 1 and 9999, in steps of 100 ns.
	Date
	// List is two values or more, or those of a function that gives a list.
	List
	// Clear is the outcome of AuthoritativeNull: the target's values are to be removed.
	Clear
	// Ignore is the outcome of IgnoreThisFlow: the target is to be left alone.
	Ignore
)

var kindNames = [...]string{"null", "text", "a whole number", "a number", "true or false", "a date", "a list", "AuthoritativeNull", "IgnoreThisFlow"}

// String names the kind as error texts do.
func (k Kind) String() string { return kindNames[k] }

// A Value is what an expression gives. The zero Value is null.
type Value struct {
	kind Kind
	n    int64 // Integer, Boolean (0 or 1), Date (ticks), Decimal (math.Float64bits)
	s    string
	list *[]string // a pointer keeps values small, since they are copied all the time
}

// Kind tells of which kind v is.
func (v Value) Kind() Kind { return v.kind }

// String gives v as the text that it has in expressions: "True" and "False" for booleans, and dates as
// M/d/yyyy h:mm:ss tt. The values of a list are joined by ";".
func (v Value) String() string {
	switch v.kind {
	case Text:
		return v.s
	case Integer:
		return strconv.FormatInt(v.n, 10)
	case Decimal:
		return strconv.FormatFloat(v.decimal(), 'f', -1, 64)
	case Boolean:
		if v.n != 0 {
			return "True"
		}
		return "False"
	case Date:
		return formatInvariant(v.n)
	case List:
		return strings.Join(v.items(), ";")
	}
	return ""
}

// Values gives the values of the attribute that v becomes, without duplicates and without empty ones.
// Booleans are "true" and "false" there, as in SCIM.
func (v Value) Values() []string {
	switch v.kind {
	case Null, Clear, Ignore:
		return nil
	case List:
		return distinct(v.items())
	}
	if s := v.Simple(); s != "" {
		return []string{s}
	}
	return nil
}

// Empty reports whether v is null, an empty text, or a list without a value that is not empty.
func (v Value) Empty() bool {
	switch v.kind {
	case Null:
		return true
	case Text:
		return v.s == ""
	case List:
		return !slices.ContainsFunc(v.items(), func(s string) bool { return s != "" })
	}
	return false
}

// True reports whether v is the boolean true, a text that says so, or a number that is not zero. Null is
// false. Its error says that v is none of these.
func (v Value) True() (bool, error) {
	b, err := v.toBoolean()
	return b.n != 0, err
}

// distinct gives the values of list that are not empty, each once, in their order. It does not change list.
func distinct(list []string) []string {
	out := make([]string, 0, len(list))
	if len(list) <= 16 {
		for _, s := range list {
			if s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
		return out
	}
	seen := make(map[string]struct{}, len(list))
	for _, s := range list {
		if _, ok := seen[s]; !ok && s != "" {
			seen[s] = struct{}{}
			out = append(out, s)
		}
	}
	return out
}

func text(s string) Value     { return Value{kind: Text, s: s} }
func integer(n int64) Value   { return Value{kind: Integer, n: n} }
func listOf(l []string) Value { return Value{kind: List, list: &l} }

// items gives the values of a list.
func (v Value) items() []string {
	if v.list == nil {
		return nil
	}
	return *v.list
}

func boolean(b bool) Value {
	if b {
		return Value{kind: Boolean, n: 1}
	}
	return Value{kind: Boolean}
}

// value gives the values of an attribute.
func (s *slot) value() Value {
	switch len(s.values) {
	case 0:
		return Value{}
	case 1:
		return Value{kind: Text, s: s.values[0]}
	}
	return Value{kind: List, list: &s.values}
}

// values gives the elements of v: those of a list, one of a single value, none of null.
func (v Value) values() []string {
	switch v.kind {
	case Null, Clear, Ignore:
		return nil
	case List:
		return v.items()
	}
	return []string{v.String()}
}

// errSeveral is the error of a function for one value that is given a list.
var errSeveral = errors.New("several values where one is expected; choose one with Item(…, 1), or join them with Join(\", \", …)")

func (v Value) toText() (Value, error) {
	switch v.kind {
	case Text, Null:
		return v, nil
	case List:
		switch len(v.items()) {
		case 0:
			return Value{}, nil
		case 1:
			return text(v.items()[0]), nil
		}
		return v, errSeveral
	case Clear, Ignore:
		return Value{}, nil
	}
	return text(v.String()), nil
}

// toTexts leaves a list of several values as it is.
func (v Value) toTexts() (Value, error) {
	if v.kind == List && len(v.items()) > 1 {
		return v, nil
	}
	return v.toText()
}

func (v Value) toNumber() (Value, error) {
	switch v.kind {
	case Integer, Decimal, Null:
		return v, nil
	case Boolean, Date:
		return v, fmt.Errorf("%s where a number is expected", v.kind)
	}
	t, err := v.toText()
	if err != nil || t.kind == Null {
		return t, err
	}
	if n, ok := parseNumber(t.s); ok {
		return n, nil
	}
	return v, errors.New("a text that is not a number where a number is expected")
}

func (v Value) toBoolean() (Value, error) {
	switch v.kind {
	case Boolean, Null:
		return v, nil
	case Integer:
		return boolean(v.n != 0), nil
	case Decimal:
		return boolean(v.decimal() != 0), nil
	case Date:
		return v, errors.New("a date where true or false is expected")
	}
	t, err := v.toText()
	if err != nil || t.kind == Null {
		return t, err
	}
	switch {
	case strings.EqualFold(t.s, "true"):
		return boolean(true), nil
	case strings.EqualFold(t.s, "false"):
		return boolean(false), nil
	}
	if n, ok := parseNumber(t.s); ok {
		return n.toBoolean()
	}
	return v, errors.New(`a text that is neither "True" nor "False" where true or false is expected`)
}

func (v Value) toDate() (Value, error) {
	switch v.kind {
	case Date, Null:
		return v, nil
	case Integer, Decimal, Boolean:
		return v, fmt.Errorf("%s where a date is expected", v.kind)
	}
	t, err := v.toText()
	if err != nil || t.kind == Null {
		return t, err
	}
	ticks, err := parseDate(t.s)
	if err != nil {
		return v, err
	}
	return Value{kind: Date, n: ticks}, nil
}

func (v Value) toList() (Value, error) {
	switch v.kind {
	case List:
		return v, nil
	case Null, Clear, Ignore:
		return Value{}, nil
	}
	return listOf(v.values()), nil
}

// Any reports whether f holds for a value of v; it does not for null.
func (v Value) Any(f func(string) bool) bool {
	if v.kind == List {
		return slices.ContainsFunc(v.items(), f)
	}
	return v.kind != Null && v.kind != Clear && v.kind != Ignore && f(v.Simple())
}

// Simple gives a single value as attributes have it: as String, but "true" and "false".
func (v Value) Simple() string {
	if v.kind == Boolean {
		return strings.ToLower(v.String())
	}
	return v.String()
}
