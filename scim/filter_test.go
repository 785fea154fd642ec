package scim_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

const person = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
	"id":"2819c223","externalId":"X1","userName":"bJensen@example.com","name":{"familyName":"O'Malley","givenName":"José"},"displayName":"Straße K",
	"active":true,"title":"","profileUrl":"https://example.com/B",
	"emails":[{"value":"b@Work.example","type":"work","primary":true},{"value":"b@home.example","type":"home"}],
	"addresses":[{"type":"work","locality":"Amsterdam"}],
	"roles":[{"value":"admin","primary":true}],
	"meta":{"created":"2020-01-01T00:00:00Z","lastModified":"2011-05-13T04:42:34.5+02:00","version":"W/\"1\""},
	"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"701984","department":"IT","manager":{"value":"26118915","displayName":"John"}}}`

func TestFilterMatch(t *testing.T) {
	user := scim.NewUserType()
	r := resource(t, person)
	tests := []struct {
		filter string
		want   bool
		err    error
		strict error
	}{
		{`userName eq "bjensen@example.com"`, true, nil, nil},
		{`userName Eq "BJENSEN@EXAMPLE.COM"`, true, nil, nil},
		{`USERNAME eq "bjensen@example.com"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:core:2.0:User:userName sw "BJ"`, true, nil, nil},
		{`userName ne "bjensen@example.com"`, false, nil, nil},
		{`userName co "@Example"`, true, nil, nil},
		{`userName ew ".COM"`, true, nil, nil},
		{`userName ew ".org"`, false, nil, nil},
		{`userName gt "a" and userName lt "c"`, true, nil, nil},
		{`userName ge "bjensen@example.com" and userName le "BJENSEN@example.com"`, true, nil, nil},
		{`externalId eq "x1"`, false, nil, nil}, // caseExact
		{`externalId eq "X1"`, true, nil, nil},
		{`id eq "2819c223"`, true, nil, nil},
		{`name.familyName co "O'Malley"`, true, nil, nil},
		{`name.givenName eq "JOSÉ"`, true, nil, nil},
		{`name.givenName eq "jos\u00e9"`, true, nil, nil},
		{`displayName ew "\u212A"`, true, nil, nil}, // the kelvin sign is a K
		{`displayName co "SSE"`, false, nil, nil},   // ß has no other case of one character but ẞ
		{`displayName co "STRAẞE"`, true, nil, nil},
		{`title pr`, false, nil, nil}, // empty is not present
		{`nickName pr`, false, nil, nil},
		{`nickName ne "x"`, true, nil, nil},
		{`title ne ""`, false, nil, nil}, // it is empty, which is not the same as absent
		{`nickName ne ""`, true, nil, nil},
		{`nickName eq null`, true, nil, nil},
		{`nickName ne null`, false, nil, nil},
		{`userName pr`, true, nil, nil},
		{`name pr`, true, nil, nil},
		{`active eq true`, true, nil, nil},
		{`active eq "True"`, true, nil, scim.ErrInvalidFilter},
		{`active eq True`, true, nil, scim.ErrInvalidFilter},
		{`active ne false`, true, nil, nil},
		{`active gt true`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`active co "r"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`active eq "maybe"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`externalId eq X1`, true, nil, scim.ErrInvalidFilter},
		{`emails eq "b@work.example"`, true, nil, nil},
		{`emails co "HOME"`, true, nil, nil},
		{`emails.value eq "b@home.example"`, true, nil, nil},
		{`emails.type eq "work" and emails.value sw "b@home"`, true, nil, nil}, // of different values
		{`emails[type eq "work" and value sw "b@home"]`, false, nil, nil},      // of one value
		{`emails[type eq "home" and value sw "b@home"]`, true, nil, nil},
		{`emails[type eq "work"].value eq "b@work.example"`, true, nil, scim.ErrInvalidFilter},
		{`emails[type eq "work"].value eq "b@home.example"`, false, nil, scim.ErrInvalidFilter},
		{`emails[type eq "work"].primary eq "True"`, true, nil, scim.ErrInvalidFilter},
		{`emails[TYPE eq "WORK" and not (primary eq false)]`, true, nil, nil},
		{`emails[not (type eq "work")]`, true, nil, nil},
		{`emails[type eq "other"]`, false, nil, nil},
		{`emails[urn:ietf:params:scim:schemas:core:2.0:User:emails.type eq "work"]`, true, nil, nil},
		{`emails pr`, true, nil, nil},
		{`emails.display pr`, false, nil, nil},
		{`emails.value ne "b@work.example"`, true, nil, nil}, // the other one is not
		{`phoneNumbers.value ne "1"`, true, nil, nil},        // there is none
		{`phoneNumbers pr`, false, nil, nil},
		{`roles[primary eq "True"].value eq "admin"`, true, nil, scim.ErrInvalidFilter},
		{`roles[primary eq "True"].value pr`, true, nil, scim.ErrInvalidFilter},
		{`addresses[type eq "work"].locality sw "amster"`, true, nil, scim.ErrInvalidFilter},
		{`addresses eq "x"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`meta.lastModified eq "2011-05-13T02:42:34.500Z"`, true, nil, nil},
		{`meta.lastModified gt "2011-05-13T02:42:34Z"`, true, nil, nil},
		{`meta.lastModified lt "2011-05-13T02:42:34.500Z"`, false, nil, nil},
		{`meta.created ge "2020-01-01T01:00:00+01:00"`, true, nil, nil},
		{`meta.created gt "yesterday"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq 701984`, true, nil, scim.ErrInvalidFilter},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:user:DEPARTMENT eq "it"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayName eq "john"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "26118915"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.department eq "IT"`, true, nil, nil},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr`, true, nil, nil},
		{`userName eq "x" or urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "IT"`, true, nil, nil},
		{`schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`, true, nil, nil},
		{`profileUrl eq "https://example.com/b"`, false, nil, nil},
		{`not (active eq true)`, false, nil, nil},
		{`not (active eq true) or userName pr`, true, nil, nil},
		{`userName pr or active eq false and id eq "x"`, true, nil, nil}, // and binds closer
		{`(userName pr or active eq false) and id eq "x"`, false, nil, nil},
		{`password eq "x"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`shoeSize eq 44`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`emails[shoe eq "x"]`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`name eq "x"`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`userName gt null`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{`bjensen`, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
		{``, false, scim.ErrInvalidFilter, scim.ErrInvalidFilter},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			f, err := user.ParseFilter(test.filter, nil)
			if !errors.Is(err, test.err) {
				t.Fatalf("got error %v, want %v", err, test.err)
			}
			if err == nil && f.Match(r) != test.want {
				t.Errorf("got %v, want %v", !test.want, test.want)
			}
			if _, err := user.ParseFilter(test.filter, &scim.Options{Dialect: scim.Strict}); !errors.Is(err, test.strict) {
				t.Errorf("strict: got error %v, want %v", err, test.strict)
			}
		})
	}
}

func TestFilterTolerated(t *testing.T) {
	user := scim.NewUserType()
	for s, want := range map[string]scim.DeviationKind{
		`externalId eq jyoung`:                scim.UnquotedLiteral,
		`emails[type eq "work"].value eq "x"`: scim.ComparedValuePath,
		`roles[primary eq "True"]`:            scim.LiteralType,
		`userName eq "x" and id eq "y"`:       "",
		`emails[type eq "work" and value pr]`: "",
	} {
		var got scim.DeviationKind
		if _, err := user.ParseFilter(s, &scim.Options{Tolerated: func(d scim.Deviation) { got = d.Kind }}); err != nil || got != want {
			t.Errorf("%s: tolerated %q, %v, want %q", s, got, err, want)
		}
	}
}

func TestFilterEq(t *testing.T) {
	user := scim.NewUserType()
	tests := []struct {
		filter, path string
		want         any
	}{
		{`userName eq "a"`, "userName", "a"},
		{`active eq true and (title pr and userName eq "a")`, "userName", "a"},
		{`userName eq "a" or title pr`, "userName", nil},
		{`not (userName eq "a")`, "userName", nil},
		{`userName ne "a"`, "userName", nil},
		{`emails[type eq "work" and value eq "a"]`, "emails.value", "a"},
		{`emails eq "a"`, "emails.value", "a"},
		{`emails[value eq "a" or value eq "b"]`, "emails.value", nil},
		{`active eq "True"`, "active", true},
		{`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "7"`, scim.EnterpriseUserSchema + ":employeeNumber", "7"},
	}
	for _, test := range tests {
		t.Run(test.filter, func(t *testing.T) {
			f, err := user.ParseFilter(test.filter, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := f.Eq(test.path)
			if got != test.want || ok != (test.want != nil) {
				t.Errorf("got %v %v, want %v", got, ok, test.want)
			}
		})
	}
}

// FuzzFilter holds every text to this: it is refused with an Error that has a detail, or matches without panic,
// as often as wanted with the same answer, and is translated to SQL or refused there.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "a" and not (emails[type eq "work"].value co "b" or name.givenName pr)`, `meta.created gt "2020-01-01T00:00:00Z" or active eq True`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager ne null`, `emails[not (primary eq "true") and value sw ""]`, `externalId le x`, `schemas ew "r"`,
	} {
		f.Add(s, false)
	}
	user := scim.NewUserType()
	q := scim.SQL{Column: func(a *scim.Attribute) (scim.Column, bool) { return scim.Column{Expr: "x"}, len(a.Path())%5 > 0 }}
	f.Fuzz(func(t *testing.T, s string, strict bool) {
		o := &scim.Options{}
		if strict {
			o.Dialect = scim.Strict
		}
		compiled, err := user.ParseFilter(s, o)
		if refused(t, err) {
			if !errors.Is(err, scim.ErrInvalidFilter) {
				t.Fatalf("it is of the wrong class: %v", err)
			}
			return
		}
		r := resource(t, person)
		matches := compiled.Match(r)
		if compiled.Match(r) != matches {
			t.Fatal("it does not know whether it matches")
		}
		compiled.Match(&scim.Resource{})
		compiled.Eq("emails.value")
		if where, args, err := q.Where(compiled); err == nil && strings.Count(where, "?") != len(args) {
			t.Fatalf("%s has not %d arguments", where, len(args))
		}
		again, err := filter.Format(compiled.Expression())
		if err != nil {
			t.Fatal(err)
		}
		f2, err := user.ParseFilter(again, &scim.Options{Limits: scim.Limits{FilterLength: 100_000, FilterDepth: 1000}})
		if err != nil || f2.Match(r) != matches {
			t.Fatalf("%q does not mean the same as %q: %v", again, s, err)
		}
	})
}
