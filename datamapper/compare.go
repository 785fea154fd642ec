package datamapper

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/scim/filter"
)

// comparer gives the test of one value. Texts compare without regard to case, as SCIM's do unless a schema
// says otherwise. A number in the filter compares as a number, so that "0012" eq 12, but not eq "12".
func comparer(op filter.CompareOperator, value any) (func(string) bool, error) {
	switch value := value.(type) {
	case nil:
		return nil, fmt.Errorf("%s cannot compare with null", op)
	case bool:
		if op != filter.EQ && op != filter.NE {
			return nil, fmt.Errorf("%s cannot compare with true or false", op)
		}
		return func(s string) bool { return strings.EqualFold(s, strconv.FormatBool(value)) }, nil
	case json.Number:
		f, err := value.Float64()
		if err != nil {
			return nil, fmt.Errorf("%s is not a number that can be compared", value)
		}
		return numberComparer(op, f)
	case string:
		if test := dateComparer(op, value); test != nil {
			return test, nil
		}
		return textComparer(op, strings.ToLower(value)), nil
	}
	return nil, fmt.Errorf("a value of type %T cannot be compared", value)
}

func numberComparer(op filter.CompareOperator, want float64) (func(string) bool, error) {
	test := map[filter.CompareOperator]func(float64) bool{
		filter.EQ: func(f float64) bool { return f == want },
		filter.NE: func(f float64) bool { return f == want },
		filter.GT: func(f float64) bool { return f > want },
		filter.GE: func(f float64) bool { return f >= want },
		filter.LT: func(f float64) bool { return f < want },
		filter.LE: func(f float64) bool { return f <= want },
	}[op]
	if test == nil {
		return nil, fmt.Errorf("%s compares texts; write the number in quotes", op)
	}
	return func(s string) bool {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return err == nil && test(f)
	}, nil
}

// dateComparer gives the test of one value when the filter has a date as 2026-01-31 or 2026-01-31T10:00:00Z and asks what
// is before or after it; nil otherwise. A value that is no date, in whatever form, is neither.
func dateComparer(op filter.CompareOperator, value string) func(string) bool {
	if len(value) < 10 || value[4] != '-' || value[7] != '-' {
		return nil
	}
	want, _, err := expression.NewText(value).Value.Time()
	test := map[filter.CompareOperator]func(int) bool{
		filter.GT: func(c int) bool { return c > 0 },
		filter.GE: func(c int) bool { return c >= 0 },
		filter.LT: func(c int) bool { return c < 0 },
		filter.LE: func(c int) bool { return c <= 0 },
	}[op]
	if err != nil || test == nil {
		return nil
	}
	return func(s string) bool {
		t, _, err := expression.NewText(s).Value.Time()
		return err == nil && !t.IsZero() && test(t.Compare(want))
	}
}

func textComparer(op filter.CompareOperator, want string) func(string) bool {
	switch op {
	case filter.CO:
		return func(s string) bool { return strings.Contains(strings.ToLower(s), want) }
	case filter.SW:
		return func(s string) bool { return strings.HasPrefix(strings.ToLower(s), want) }
	case filter.EW:
		return func(s string) bool { return strings.HasSuffix(strings.ToLower(s), want) }
	case filter.GT:
		return func(s string) bool { return strings.ToLower(s) > want }
	case filter.GE:
		return func(s string) bool { return strings.ToLower(s) >= want }
	case filter.LT:
		return func(s string) bool { return strings.ToLower(s) < want }
	case filter.LE:
		return func(s string) bool { return strings.ToLower(s) <= want }
	}
	return func(s string) bool { return strings.ToLower(s) == want }
}
