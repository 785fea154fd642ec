package filter_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ilumy/usersync/scim/filter"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

func TestParse(t *testing.T) {
	attr := filter.Attr
	tests := []struct {
		in   string
		want filter.Expression
	}{
		// The examples of RFC 7644 section 3.4.2.2.
		{`userName eq "bjensen"`, attr("userName").Eq("bjensen")},
		{`name.familyName co "O'Malley"`, attr("name.familyName").Co("O'Malley")},
		{`userName sw "J"`, attr("userName").Sw("J")},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, attr("urn:ietf:params:scim:schemas:core:2.0:User:userName").Sw("J")},
		{`title pr`, attr("title").Pr()},
		{`meta.lastModified gt "2011-05-13T04:42:34Z"`, attr("meta.lastModified").Gt("2011-05-13T04:42:34Z")},
		{`meta.lastModified ge "2011"`, attr("meta.lastModified").Ge("2011")},
		{`meta.lastModified lt "2011"`, attr("meta.lastModified").Lt("2011")},
		{`meta.lastModified le "2011"`, attr("meta.lastModified").Le("2011")},
		{`title pr and userType eq "Employee"`, filter.And(attr("title").Pr(), attr("userType").Eq("Employee"))},
		{`title pr or userType eq "Intern"`, filter.Or(attr("title").Pr(), attr("userType").Eq("Intern"))},
		{`schemas eq "urn:x"`, attr("schemas").Eq("urn:x")},
		{`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")`,
			filter.And(attr("userType").Eq("Employee"), filter.Or(attr("emails").Co("example.com"), attr("emails.value").Co("example.org")))},
		{`userType ne "Employee" and not (emails co "example.com")`, filter.And(attr("userType").Ne("Employee"), filter.Not(attr("emails").Co("example.com")))},
		{`userType eq "Employee" and emails[type eq "work" and value co "@example.com"]`,
			filter.And(attr("userType").Eq("Employee"), attr("emails").Has(filter.And(attr("type").Eq("work"), attr("value").Co("@example.com"))))},
		// Literals.
		{`a eq true`, attr("a").Eq(true)},
		{`a eq false`, attr("a").Eq(false)},
		{`a eq null`, attr("a").Eq(nil)},
		{`a eq -12.50e+3`, attr("a").Eq(json.Number("-12.50e+3"))},
		{`a eq 123456789012345678901234567890`, attr("a").Eq(json.Number("123456789012345678901234567890"))},
		{`a eq ""`, attr("a").Eq("")},
		{`a eq "\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`, attr("a").Eq("\"\\/\b\f\n\r\té😀")},
		{`a eq "é ) ] and"`, attr("a").Eq("é ) ] and")},
		// Precedence and association.
		{`a pr or b pr and c pr`, filter.Or(attr("a").Pr(), filter.And(attr("b").Pr(), attr("c").Pr()))},
		{`a pr and b pr and c pr`, filter.And(attr("a").Pr(), attr("b").Pr(), attr("c").Pr())},
		{`a pr and (b pr and c pr)`, filter.And(attr("a").Pr(), filter.And(attr("b").Pr(), attr("c").Pr()))},
		{`((a pr))`, attr("a").Pr()},
		{`not(a pr)`, filter.Not(attr("a").Pr())},
		{`NOT ( not (a PR) )`, filter.Not(filter.Not(attr("a").Pr()))},
		{`a[not (b pr or c pr) and d pr]`, attr("a").Has(filter.And(filter.Not(filter.Or(attr("b").Pr(), attr("c").Pr())), attr("d").Pr()))},
		{`  a   EQ   "b"   AND   c   Pr  `, filter.And(attr("a").Eq("b"), attr("c").Pr())},
		// Names like words.
		{`not pr`, attr("not").Pr()},
		{`and eq "or"`, attr("and").Eq("or")},
		{`or pr or and pr`, filter.Or(attr("or").Pr(), attr("and").Pr())},
		{`notes pr`, attr("notes").Pr()},
		{`members.$ref eq "x"`, attr("members.$ref").Eq("x")},
		{`a-b_c9 pr`, attr("a-b_c9").Pr()},
		{enterprise + `:manager.displayName eq "x"`, attr(enterprise + ":manager.displayName").Eq("x")},
		{`members[` + enterprise + `:value eq "x"]`, attr("members").Has(attr(enterprise + ":value").Eq("x"))},
		// What vendors send.
		{`emails[type eq "work"].value eq "x"`, attr("emails").Has(filter.And(attr("type").Eq("work"), attr("value").Eq("x")))},
		{`emails[type eq "work"].value pr`, attr("emails").Has(filter.And(attr("type").Eq("work"), attr("value").Pr()))},
		{`emails[type eq "work" or primary eq true].Value eq "x" and a pr`,
			filter.And(attr("emails").Has(filter.And(filter.Or(attr("type").Eq("work"), attr("primary").Eq(true)), attr("Value").Eq("x"))), attr("a").Pr())},
		{`externalId eq jyoung`, attr("externalId").Eq("jyoung")},
		{`(externalId eq 8a-b@c)`, attr("externalId").Eq("8a-b@c")},
		{`active eq True`, attr("active").Eq(true)},
		{`id eq 0123`, attr("id").Eq("0123")},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			got, err := filter.Parse(test.in, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	tests := []struct {
		name, in string
		offset   int
	}{
		{"empty", ``, 0},
		{"spaces", `   `, 3},
		{"a bare word", `bjensen`, 7},
		{"no operator", `userName "x"`, 9},
		{"unknown operator", `userName is "x"`, 9},
		{"no value", `userName eq`, 11},
		{"no value after space", `userName eq `, 12},
		{"no space before the value", `userName eq"x"`, 11},
		{"string without end", `userName eq "x`, 12},
		{"string ends with an escape", `userName eq "x\`, 12},
		{"wrong escape", `userName eq "\x"`, 12},
		{"control character", "userName eq \"a\nb\"", 14},
		{"not UTF-8", "userName eq \"\xff\"", 12},
		{"something after", `userName eq "x" y`, 16},
		{"nothing after and", `a pr and`, 8},
		{"nothing after and, with space", `a pr and `, 9},
		{"two operators", `a pr and or b pr`, 12},
		{"parenthesis open", `(a pr`, 5},
		{"parenthesis closed", `a pr)`, 4},
		{"empty parentheses", `()`, 1},
		{"bracket open", `a[b pr`, 6},
		{"empty brackets", `a[]`, 2},
		{"bracket and parenthesis", `a[b pr)`, 6},
		{"nothing after not", `not`, 3},
		{"name begins with a digit", `1a pr`, 0},
		{"no sub-attribute", `a. pr`, 2},
		{"two sub-attributes", `a.b.c pr`, 3},
		{"colon without URN", `:a pr`, 0},
		{"strange character", `a%b pr`, 1},
		{"sub-attribute without comparison", `emails[type eq "work"].value`, 28},
		{"deep", strings.Repeat("(", 100_000), 32},
		{"deep not", strings.Repeat("not(", 1000) + "a pr" + strings.Repeat(")", 1000), 32 * 4},
		{"deep brackets", strings.Repeat("a[", 1000), 32 * 2},
		{"long", strings.Repeat("a", 8193), 8192},
		{"many terms", strings.Repeat("a pr or ", 200) + "a pr", 1601},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, err := filter.Parse(test.in, &filter.Options{MaxLength: 200_000})
			if test.name == "long" {
				e, err = filter.Parse(test.in, nil)
			}
			var syntax *filter.SyntaxError
			if !errors.As(err, &syntax) || e != nil {
				t.Fatalf("got %v and %v, want a SyntaxError", e, err)
			}
			if syntax.Offset != test.offset {
				t.Errorf("got offset %d, want %d: %v", syntax.Offset, test.offset, err)
			}
		})
	}
}

func TestParseStrict(t *testing.T) {
	for _, in := range []string{`emails[type eq "work"].value eq "x"`, `externalId eq jyoung`, `active eq True`} {
		var kinds []filter.Deviation
		if _, err := filter.Parse(in, &filter.Options{Tolerated: func(d filter.Deviation, _ int) { kinds = append(kinds, d) }}); err != nil || len(kinds) != 1 {
			t.Errorf("%s: got %v and %v, want one deviation", in, kinds, err)
		}
		if _, err := filter.Parse(in, &filter.Options{Strict: true}); err == nil {
			t.Errorf("%s: taken in the strict dialect", in)
		}
	}
}

func TestParsePath(t *testing.T) {
	tests := []struct {
		in, attribute, values, sub string
		offset                     int // of the error; -1 if there is none
	}{
		{`members`, `members`, ``, ``, -1},
		{`name.familyName`, `name.familyName`, ``, ``, -1},
		{`addresses[type eq "work"]`, `addresses`, `type eq "work"`, ``, -1},
		{`addresses[type eq "work"].streetAddress`, `addresses`, `type eq "work"`, `streetAddress`, -1},
		{`members[value eq "2819c223-7f76-453a-919d-413861904646"].displayName`, `members`, `value eq "2819c223-7f76-453a-919d-413861904646"`, `displayName`, -1},
		{enterprise, enterprise, ``, ``, -1},
		{enterprise + `:manager.value`, enterprise + `:manager.value`, ``, ``, -1},
		{`roles[primary eq "True"].value`, `roles`, `primary eq "True"`, `value`, -1},
		{``, ``, ``, ``, 0},
		{`a.b.c`, ``, ``, ``, 3},
		{`a[b pr`, ``, ``, ``, 6},
		{`a[b pr].`, ``, ``, ``, 8},
		{`a[b pr].c.d`, ``, ``, ``, 9},
		{`a eq "b"`, ``, ``, ``, 1},
		{`a `, ``, ``, ``, 1},
	}
	for _, test := range tests {
		t.Run(test.in, func(t *testing.T) {
			p, err := filter.ParsePath(test.in, nil)
			var syntax *filter.SyntaxError
			if errors.As(err, &syntax) {
				if syntax.Offset != test.offset {
					t.Errorf("got an error at %d, want %d: %v", syntax.Offset, test.offset, err)
				}
				return
			}
			if err != nil || test.offset >= 0 {
				t.Fatalf("got %v, want an error at %d", err, test.offset)
			}
			values := ""
			if p.ValueExpression != nil {
				values, _ = filter.Format(p.ValueExpression)
			}
			if got := p.AttributePath.String(); got != test.attribute || values != test.values || p.SubAttributeName() != test.sub {
				t.Errorf("got %q [%q] %q", got, values, p.SubAttributeName())
			}
			if s, err := filter.FormatPath(p); err != nil || s != test.in {
				t.Errorf("it is written as %q, %v", s, err)
			}
		})
	}
}
