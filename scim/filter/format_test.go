package filter_test

import (
	"encoding/json"
	"testing"

	"github.com/ilumy/usersync/scim/filter"
)

func TestFormat(t *testing.T) {
	a, b, c := filter.Attr("a").Pr(), filter.Attr("b").Pr(), filter.Attr("c").Pr()
	tests := []struct {
		name string
		in   filter.Expression
		want string // "" if it cannot be written
	}{
		{"comparison", filter.Attr("name.givenName").Eq("Jo"), `name.givenName eq "Jo"`},
		{"quotes are escaped", filter.Attr("a").Eq(`" or a eq "x`), `a eq "\" or a eq \"x"`},
		{"other characters", filter.Attr("a").Eq("é\n<>\\\x00"), `a eq "é\n<>\\\u0000"`},
		{"numbers", filter.And(filter.Attr("a").Gt(1), filter.Attr("a").Ge(int64(-2)), filter.Attr("a").Lt(1.5), filter.Attr("a").Le(json.Number("1e3"))), `a gt 1 and a ge -2 and a lt 1.5 and a le 1e3`},
		{"literals", filter.Or(filter.Attr("a").Eq(true), filter.Attr("a").Ne(nil)), `a eq true or a ne null`},
		{"parts of strings", filter.And(filter.Attr("a").Co("x"), filter.Attr("a").Sw("y"), filter.Attr("a").Ew("z")), `a co "x" and a sw "y" and a ew "z"`},
		{"or in and", filter.And(filter.Or(a, b), c), `(a pr or b pr) and c pr`},
		{"and in or", filter.Or(filter.And(a, b), c), `a pr and b pr or c pr`},
		{"to the right", filter.And(a, filter.And(b, c)), `a pr and (b pr and c pr)`},
		{"not", filter.Not(filter.And(a, b)), `not (a pr and b pr)`},
		{"value filter", filter.Attr("a").Has(filter.Not(b)), `a[not (b pr)]`},
		{"URN", filter.Attr(enterprise + ":manager.value").Eq("1"), enterprise + `:manager.value eq "1"`},
		{"no name", filter.Attr("").Pr(), ""},
		{"a name that is a filter", filter.Attr(`a eq "x" or b`).Pr(), ""},
		{"an unknown operator", &filter.AttributeExpression{AttributePath: filter.AttributePath{AttributeName: "a"}, Operator: "is"}, ""},
		{"an unknown conjunction", &filter.LogicalExpression{Left: a, Right: b, Operator: "xor"}, ""},
		{"a list as value", filter.Attr("a").Eq([]string{"x"}), ""},
		{"a number that is none", filter.Attr("a").Eq(json.Number("1 or a pr")), ""},
		{"nothing", filter.And(), ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := filter.Format(test.in)
			if (err != nil) != (test.want == "") || err == nil && got != test.want {
				t.Errorf("got %s and %v, want %s", got, err, test.want)
			}
		})
	}
}
