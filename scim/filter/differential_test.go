package filter_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	library "github.com/scim2/filter-parser/v2"

	"github.com/ilumy/usersync/scim/filter"
)

// differences are the inputs that one of the two parsers takes and the other refuses, each with its
// reason. What both take they read alike: see canonical for the two exceptions.
var differences = []struct {
	here   bool // taken here; else by the library
	where  *regexp.Regexp
	reason string
}{
	{true, regexp.MustCompile(`\\u[0-9A-Fa-f]*[a-f]`), `RFC 8259 section 7 allows \u00e9; the library takes \u00E9 only`},
	{true, regexp.MustCompile(`\[`), "RFC 7644 figure 1 allows any valFilter; the library takes two comparisons at most, and no parentheses"},
	{true, regexp.MustCompile(`^ | $`), "a space around a filter does no harm"},
	{true, regexp.MustCompile(`(?i)(and|or)\(`), "a parenthesis separates as well as a space"},
	{true, regexp.MustCompile(`:`), "RFC 8141 allows more characters in a URN than the library"},
	{false, regexp.MustCompile(`(?i)(true|false|null)`), "RFC 8259 has true, false and null in lower case; the tolerant dialect takes them too"},
	{false, regexp.MustCompile(`(?i)\[.*(pr|["0-9a-z])(and|or)|\[.*(and|or)["0-9$a-z]`), `the library lets spaces around "and" be missing in a value filter`},
	{false, regexp.MustCompile(`[\x00-\x1f\x7f]`), "JSON has no control characters in strings; the library ends at U+0000"},
	{false, regexp.MustCompile(`(?i)\\u(0000|D[89A-F])`), "the library does not unescape, so it does not see half of a surrogate pair"},
	{false, regexp.MustCompile(`[^\x00-\x7f]`), "the library takes what is not UTF-8 for U+FFFD"},
}

func excused(in string, here bool) bool {
	for _, d := range differences {
		if d.here == here && d.where.MatchString(in) {
			return true
		}
	}
	return false
}

// FuzzParse compares the parser with the library, and checks that what it parses can be written and read
// again.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`userName eq "bjensen"`, `a pr and b pr or not (c co "x\"y")`, `emails[type eq "work" and value co "@example.com"]`,
		`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J"`, `a ge 1.5e3`, `a[not (b pr)]`, `(a eq true) and ((b ne null))`,
		`emails[type eq "work"].value eq "x"`, `externalId eq jyoung`, `not pr`, `a eq "\u00E9"`, `a.b le -0`, `$ref pr`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := filter.Parse(in, nil)
		if err != nil && got != nil {
			t.Fatal("both a tree and an error")
		}
		if err == nil {
			written, err := filter.Format(got)
			if err != nil {
				t.Fatalf("cannot write what was read: %v", err)
			}
			again, err := filter.Parse(written, &filter.Options{MaxLength: 10 * len(in), MaxDepth: 1000})
			if err != nil {
				t.Fatalf("cannot read %q again: %v", written, err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Fatalf("%q is read differently:\n%s", written, diff)
			}
		}
		if len(in) > 300 || strings.Count(in, "(")+strings.Count(in, "[") > 32 {
			return // the library's stack is not bounded
		}
		strict, err := filter.Parse(in, &filter.Options{Strict: true})
		want, libraryErr := library.ParseFilterNumber([]byte(in))
		switch {
		case err == nil && libraryErr == nil:
			if diff := cmp.Diff(canonical(want, true), canonical(strict, false)); diff != "" && utf8.ValidString(in) {
				t.Fatalf("the trees differ (-library +here):\n%s", diff)
			}
		case err == nil && !excused(in, true):
			t.Fatalf("the library refuses it: %v", libraryErr)
		case libraryErr == nil && !excused(in, false):
			t.Fatalf("it is refused here: %v", err)
		}
	})
}

// canonical gives a tree with its strings unescaped, which the library does not do itself, and exponents with a small e,
// since it writes numbers anew.
func canonical(e filter.Expression, escaped bool) filter.Expression {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		c := *e
		switch v := e.CompareValue.(type) {
		case string:
			var s string
			if escaped && json.Unmarshal([]byte(`"`+v+`"`), &s) == nil {
				c.CompareValue = s
			}
		case json.Number:
			c.CompareValue = json.Number(strings.ToLower(string(v)))
		}
		return &c
	case *filter.NotExpression:
		return filter.Not(canonical(e.Expression, escaped))
	case *filter.LogicalExpression:
		return &filter.LogicalExpression{Left: canonical(e.Left, escaped), Operator: e.Operator, Right: canonical(e.Right, escaped)}
	case *filter.ValuePath:
		return &filter.ValuePath{AttributePath: e.AttributePath, ValueFilter: canonical(e.ValueFilter, escaped)}
	}
	return e
}

// FuzzParsePath checks that what is read as a path can be written and read again, and that the library
// agrees where it takes it too.
func FuzzParsePath(f *testing.F) {
	for _, s := range []string{`members`, `name.familyName`, `addresses[type eq "work"].streetAddress`, `urn:a:b:c.d`, `a[b pr and c eq 1]`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := filter.ParsePath(in, nil)
		if err != nil {
			return
		}
		written, err := filter.FormatPath(got)
		if err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		again, err := filter.ParsePath(written, &filter.Options{MaxLength: 10 * len(in), MaxDepth: 1000})
		if err != nil {
			t.Fatalf("cannot read %q again: %v", written, err)
		}
		if diff := cmp.Diff(got, again); diff != "" {
			t.Fatalf("%q is read differently:\n%s", written, diff)
		}
		if len(in) > 300 || strings.ContainsAny(in, `\"`) {
			return
		}
		strict, err := filter.ParsePath(in, &filter.Options{Strict: true})
		if err != nil {
			return
		}
		want, err := library.ParsePathNumber([]byte(in))
		if err != nil {
			if !excused(in, true) {
				t.Fatalf("the library refuses it: %v", err)
			}
			return
		}
		got = strict
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("the paths differ (-library +here):\n%s", diff)
		}
	})
}
