package scim1

import (
	"testing"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

func TestPath(t *testing.T) {
	for in, want := range map[string]string{
		"userName":                                "userName",
		"name.familyName":                         "name.familyName",
		"":                                        "",
		"urn:scim:schemas:core:1.0":               "urn:scim:schemas:core:1.0",
		"urn:scim:schemas:core:1.0:userName":      "userName",
		"URN:SCIM:schemas:core:1.0:name.x":        "name.x",
		"urn:scim:schemas:core:1.0.userName":      "userName",
		"urn:scim:schemas:core:1.00:userName":     "urn:scim:schemas:core:1.00:userName",
		EnterpriseSchema:                          scim.EnterpriseUserSchema,
		EnterpriseSchema + ":department":          scim.EnterpriseUserSchema + ":department",
		EnterpriseSchema + ".department":          scim.EnterpriseUserSchema + ":department",
		EnterpriseSchema + ":manager":             scim.EnterpriseUserSchema + ":manager",
		EnterpriseSchema + ":Manager.managerID":   scim.EnterpriseUserSchema + ":manager.value",
		scim.EnterpriseUserSchema + ":department": scim.EnterpriseUserSchema + ":department",
		"urn:example:Place:room":                  "urn:example:Place:room",
	} {
		if got := path2(in); got != want {
			t.Errorf("path2(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFilter(t *testing.T) {
	h := &Handler{}
	const enterprise = scim.EnterpriseUserSchema
	for _, tt := range []struct{ in, want string }{
		{`userName eq "a"`, `userName eq "a"`},
		{`urn:scim:schemas:core:1.0:userName eq "urn:scim:schemas:core:1.0:x"`, `userName eq "urn:scim:schemas:core:1.0:x"`},
		{`urn:scim:schemas:core:1.0:title eq "a \" ( urn:scim:schemas:core:1.0:b" or title pr`, `title eq "a \" ( urn:scim:schemas:core:1.0:b" or title pr`},
		{`(` + EnterpriseSchema + `:department sw "x") and ` + EnterpriseSchema + `:manager.managerId pr`, `(` + enterprise + `:department sw "x") and ` + enterprise + `:manager.value pr`},
		{`externalId eq jyoung`, `externalId eq jyoung`}, // taken or not by the Handler behind
		{`externalId eq urn:scim:schemas:core:1.0:x and (urn:scim:schemas:core:1.0:eq pr) and urn:scim:schemas:core:1.0:pr eq "x" or a pr`, `externalId eq urn:scim:schemas:core:1.0:x and (eq pr) and pr eq "x" or a pr`},
		{`userName is "a"`, `userName is "a"`}, // which says what is wrong
		{`urn:scim:schemas:core:1.0:x is`, `urn:scim:schemas:core:1.0:x is`},
		{`title ne "a"`, ""}, {`title EW "a"`, ""}, {`not (title pr)`, ""}, {`a pr and (b pr or c ne 1)`, ""},
		{`emails[type eq "work"]`, ""}, {`emails[type eq "work"].value eq "x"`, ""},
		{`not pr`, `not pr`}, {`ne eq "ew"`, `ne eq "ew"`},
	} {
		got, err := h.filter2(tt.in)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: got %s and error %v, want %s", tt.in, got, err, tt.want)
		}
	}
}

// FuzzFilter: a filter that can be parsed can be parsed after its names were changed, and compares with the same values.
func FuzzFilter(f *testing.F) {
	f.Add(`urn:scim:schemas:core:1.0:title eq "a \" (" or (` + EnterpriseSchema + `:manager.managerId pr)`)
	f.Add(`x eq urn:scim:schemas:core:1.0:y and(urn:scim:schemas:core:1.0:eq pr) and pr eq "x" or a pr`)
	f.Add(`a eq 1 and b.c sw true or externalId eq jyoung`)
	f.Fuzz(func(t *testing.T, s string) {
		before, err := filter.Parse(s, nil)
		if err != nil {
			return
		}
		out, err := (&Handler{}).filter2(s)
		if err != nil {
			return
		}
		after, err := filter.Parse(out, nil)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", s, out, err)
		}
		var was, is []any
		compared(before, &was)
		compared(after, &is)
		if len(was) != len(is) {
			t.Fatalf("%q becomes %q", s, out)
		}
		for i := range was {
			if was[i] != is[i] {
				t.Errorf("%q becomes %q: %v and %v", s, out, was[i], is[i])
			}
		}
	})
}

// compared lists the operators and values of a filter.
func compared(e filter.Expression, list *[]any) {
	switch e := e.(type) {
	case *filter.LogicalExpression:
		compared(e.Left, list)
		*list = append(*list, e.Operator)
		compared(e.Right, list)
	case *filter.AttributeExpression:
		*list = append(*list, e.Operator, e.CompareValue)
	}
}
