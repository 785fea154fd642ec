package scim_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// TestFilterRows has a row for each capability that libraries for SCIM are compared by in filters and paths. Each filter is held to
// what it matches of person, in both dialects.
func TestFilterRows(t *testing.T) {
	const ent = scim.EnterpriseUserSchema
	type query struct {
		filter string
		match  bool
		err    error // in both dialects
		strict error // in the strict one besides
	}
	bad := scim.ErrInvalidFilter
	tests := []struct {
		row     string
		queries []query
	}{
		{"full grammar", []query{
			{`emails[not (type eq "work")]`, true, nil, nil},
			{`emails[not (type eq "work") and not (type eq "home")]`, false, nil, nil},
			{`emails[(type eq "work" or type eq "other") and value co "@"]`, true, nil, nil},
			{`not (userName eq "x" or (active eq false and not (title pr)))`, true, nil, nil},
			{`NOT(userName Eq "x")AND(active EQ true)`, false, bad, bad}, // a space goes before and
			{`NOT(userName Eq "x") AND(active EQ true)`, true, nil, nil},
			{`name.givenName eq "jos\u00e9"`, true, nil, nil},
			{`name.givenName eq "jos\u00E9"`, true, nil, nil},
			{`userName eq "x" or userName pr and active eq true`, true, nil, nil},
			{`emails[type eq "work"] and not (emails[type eq "other"])`, true, nil, nil},
			{`emails[emails[type eq "work"]]`, false, bad, bad},
		}},
		{"typed comparison", []query{
			{`active gt true`, false, bad, bad}, {`active co "t"`, false, bad, bad}, {`active eq 1`, false, bad, bad},
			{`meta.lastModified ge "2011-05-13T02:42:34.5Z"`, true, nil, nil},
			{`meta.created eq "2020-01-01T01:00:00+01:00"`, true, nil, nil},
			{`meta.created lt "x"`, false, bad, bad},
			{`userName eq 99999999999999999999999999999`, false, nil, bad},
		}},
		{"comparison after a value filter (Entra ID)", []query{
			{`emails[type eq "work"].value eq "b@work.example"`, true, nil, bad},
			{`emails[type eq "work"].value eq "b@home.example"`, false, nil, bad},
			{`emails[type eq "work" and primary eq "True"].Value ew ".example"`, true, nil, bad},
			{`emails[type eq "work"].value eq "b@work.example" and active eq true`, true, nil, bad},
		}},
		{"implicit value", []query{
			{`emails eq "b@work.example"`, true, nil, nil}, {`emails ew "@home.example"`, true, nil, nil}, {`emails ne "b@work.example"`, true, nil, nil},
			{`roles eq "admin"`, true, nil, nil}, {`roles eq "user"`, false, nil, nil}, {ent + `:manager eq "26118915"`, true, nil, nil}, {`addresses co "x"`, false, bad, bad}, {`name eq "x"`, false, bad, bad},
		}},
		{"sub-attribute of many values", []query{
			{`emails.value eq "b@home.example"`, true, nil, nil}, {`emails.value eq "x"`, false, nil, nil}, {`emails.type eq "work" and emails.value sw "b@home"`, true, nil, nil},
			{`emails.primary eq true`, true, nil, nil}, {`addresses.locality pr`, true, nil, nil}, {`emails.display pr`, false, nil, nil},
		}},
		{"URN in a filter", []query{
			{ent + `:department eq "it"`, true, nil, nil}, {strings.ToUpper(ent) + `:DEPARTMENT sw "I"`, true, nil, nil}, {ent + `:department eq "it" and userName pr`, true, nil, nil},
			{ent + `:manager.displayName eq "John"`, true, nil, nil}, {ent + `:manager[value eq "26118915"]`, true, nil, nil}, {scim.UserSchema + `:name.familyName sw "O'"`, true, nil, nil},
			{scim.UserSchema + `:emails[type eq "work"]`, true, nil, nil}, {scim.UserSchema + `:emails.value co "home"`, true, nil, nil}, {`department eq "IT"`, false, bad, bad}, {`urn:example:no:attribute eq "x"`, false, bad, bad},
		}},
		{"case by caseExact", []query{
			{`USERNAME EQ "BJENSEN@example.com"`, true, nil, nil}, {`externalId eq "x1"`, false, nil, nil}, {`id eq "2819C223"`, false, nil, nil}, {`userName co "JENSEN"`, true, nil, nil},
			{`userName sw "BJ"`, true, nil, nil}, {`userName gt "BJ"`, true, nil, nil}, {`profileUrl eq "https://example.com/b"`, false, nil, nil}, {`emails[value sw "B@WORK"]`, true, nil, nil},
		}},
		{"unquoted and mistyped literals", []query{
			{`externalId eq X1`, true, nil, bad}, {`active eq "True"`, true, nil, bad}, {`active eq True`, true, nil, bad}, {`roles[primary EQ "True"].value pr`, true, nil, bad}, {ent + `:employeeNumber eq 701984`, true, nil, bad},
		}},
		{"bounds", []query{
			{strings.Repeat("(", 40) + `userName pr` + strings.Repeat(")", 40), false, bad, bad}, {strings.Repeat("not(", 1_000), false, bad, bad}, {`userName eq "` + strings.Repeat("x", 9<<10) + `"`, false, bad, bad},
			{strings.Repeat(`userName pr and `, 200) + `userName pr`, false, bad, bad}, {strings.Repeat(`userName pr and `, 199) + `userName pr`, true, nil, nil},
		}},
		{"hidden attributes", []query{{`password eq "x"`, false, bad, bad}, {`password pr`, false, bad, bad}}},
		{"no value", []query{{`nickName eq null`, true, nil, nil}, {`nickName ne "x"`, true, nil, nil}, {`not (nickName pr)`, true, nil, nil}, {`userName ne null`, true, nil, nil}, {`nickName sw ""`, false, nil, nil}}},
	}
	user, r := scim.NewUserType(), resource(t, person)
	for _, test := range tests {
		t.Run(test.row, func(t *testing.T) {
			for _, q := range test.queries {
				name := q.filter[:min(len(q.filter), 80)]
				for _, dialect := range []scim.Dialect{scim.Tolerant, scim.Strict} {
					want := q.err
					if dialect == scim.Strict && q.strict != nil {
						want = q.strict
					}
					f, err := user.ParseFilter(q.filter, &scim.Options{Dialect: dialect})
					if !errors.Is(err, want) {
						t.Errorf("%s (dialect %d): got error %v, want %v", name, dialect, err, want)
					} else if err == nil && f.Match(r) != q.match {
						t.Errorf("%s (dialect %d): got %v", name, dialect, !q.match)
					}
				}
			}
		})
	}
}

// A filter is compiled once and matches without allocation, from many goroutines.
func TestFilterRowCompiledOnce(t *testing.T) {
	user, r := scim.NewUserType(), resource(t, person)
	f, err := user.ParseFilter(`emails[type eq "work" and value co "@Work"] and not (title pr) and `+scim.EnterpriseUserSchema+`:department eq "it"`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if !f.Match(r) {
					t.Error("it does not match")
				}
			}
		})
	}
	wg.Wait()
	if n := testing.AllocsPerRun(100, func() { f.Match(r) }); n > 0 {
		t.Errorf("a match makes %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() { _, _ = filter.Parse(`userName eq "bjensen@example.com"`, nil) }); n > 3 {
		t.Errorf("a parse makes %v allocations, more than 3", n)
	}
}

// A client builds filters and paths without writing their text.
func TestFilterRowBuilder(t *testing.T) {
	attr := filter.Attr
	tests := []struct {
		attribute string
		where     filter.Expression
		sub, want string
	}{
		{"members", attr("value").Eq("2819c223"), "", `members[value eq "2819c223"]`},
		{"emails", attr("type").Eq("work"), "value", `emails[type eq "work"].value`},
		{"emails", filter.And(attr("type").Eq("work"), attr("primary").Eq(true)), "", `emails[type eq "work" and primary eq true]`},
		{"emails", attr("value").Eq(`a"] or value pr or value eq "\`), "", `emails[value eq "a\"] or value pr or value eq \"\\"]`},
		{"urn:example:ext:2.0:Shape:rows", filter.Not(attr("n").Gt(5)), "tags", `urn:example:ext:2.0:Shape:rows[not (n gt 5)].tags`},
		{"a b", attr("type").Eq("work"), "", ""},
		{"emails", attr("type").Eq("work"), "a b", ""},
		{"emails", attr("type").Eq([]string{"work"}), "", ""},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			got, err := attr(test.attribute).Path(test.where, test.sub)
			if (err == nil) != (test.want != "") || err == nil && got != test.want {
				t.Fatalf("got %s, %v", got, err)
			}
			if err != nil {
				return
			}
			if _, err := filter.ParsePath(got, &filter.Options{Strict: true}); err != nil {
				t.Error(err)
			}
		})
	}
	path, err := attr("emails").Path(attr("type").Eq("work"), "value")
	if err != nil {
		t.Fatal(err)
	}
	p := new(scim.PatchRequest).Replace("active", false).Add("emails", []*scim.Object{scim.NewObject(scim.Member{Name: "value", Value: "x"})}).Replace(path, "y").Remove("title").Replace("nickName", nil)
	want := compact(t, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false},{"op":"add","path":"emails","value":[{"value":"x"}]},
		{"op":"replace","path":"emails[type eq \"work\"].value","value":"y"},{"op":"remove","path":"title"},{"op":"replace","path":"nickName","value":null}]}`)
	if got := patchText(t, p); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := fmt.Sprint(len(new(scim.PatchRequest).Split(5))); got != "1" {
		t.Errorf("an empty request is %s", got)
	}
}
