package filter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/filter"
)

var jan = &entry.Entry{DN: "CN=Jan,DC=x", Attributes: []entry.Attribute{
	{Name: "objectClass", Values: []string{"top", "user"}},
	{Name: "objectCategory", Values: []string{"CN=Person,CN=Schema,CN=Configuration,DC=x"}},
	{Name: "cn", Values: []string{"Jan de Boer"}},
	{Name: "userAccountControl", Values: []string{"514"}},
	{Name: "memberOf", Values: []string{`CN=Boer\, alle,DC=x`}},
	{Name: "empty", Values: nil},
}}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{"(cn=jan DE boer)", true},
		{"(CN=jan)", false},
		{"(cn=*)", true},
		{"(empty=*)", false},
		{"(mail=*)", false},
		{"(!(mail=*))", true},
		{"(cn=jan*)", true},
		{"(cn=*boer)", true},
		{"(cn=j*de*r)", true},
		{"(cn=j*r*r)", false},
		{"(cn=*de*)", true},
		{"(&(objectClass=user)(objectCategory=person))", true},
		{"(&(objectClass=user)(!(objectClass=computer)))", true},
		{"(|(objectClass=group)(objectClass=user))", true},
		{"(|(objectClass=group)(objectClass=computer))", false},
		{"(userAccountControl:1.2.840.113556.1.4.803:=2)", true},
		{"(userAccountControl:1.2.840.113556.1.4.803:=3)", false},
		{"(userAccountControl:1.2.840.113556.1.4.804:=3)", true},
		{"(mail:1.2.840.113556.1.4.803:=2)", false},
		{"(userAccountControl>=514)", true},
		{"(userAccountControl>=1000)", false},
		{"(userAccountControl<=1000)", true},
		{"(userAccountControl=0514)", true},
		{`(memberOf=cn=boer\5c2c alle,dc=X)`, true},
		{"(memberOf=cn=boer,dc=x)", false},
		{"(cn:caseIgnoreMatch:=JAN DE BOER)", true},
		{`(cn=\4aan de boer)`, true},
	} {
		f, err := filter.Compile(tc.in)
		if err != nil || f.Local() != nil {
			t.Errorf("Compile(%s): %v, %v", tc.in, err, f.Local())
			continue
		}
		if got := f.Match(jan); got != tc.want {
			t.Errorf("%s matches: %v", tc.in, got)
		}
	}
}

func TestCompileBad(t *testing.T) {
	for _, in := range []string{"", "cn", "(cn=a", "(&(cn=a)", "(cn=a))", strings.Repeat("(!", 100) + "(a=b)" + strings.Repeat(")", 100)} {
		if _, err := filter.Compile(in); !errors.Is(err, filter.ErrSyntax) {
			t.Errorf("Compile(%.20q): error %v", in, err)
		}
	}
}

func TestRemote(t *testing.T) {
	f, err := filter.Compile("(&(memberOf:1.2.840.113556.1.4.1941:=cn=x,dc=y)(mail=*)(sn>=a)(!(cn=*x*)))")
	if err != nil || !errors.Is(f.Local(), filter.ErrSyntax) {
		t.Errorf("a filter for servers: %v, local %v", err, f.Local())
	}
	if got, want := f.Attributes(), []string{"memberOf", "mail", "sn", "cn"}; !slices.Equal(got, want) {
		t.Errorf("attributes %v, want %v", got, want)
	}
}

// A filter that compiles can be evaluated, and its negation says the opposite.
func FuzzCompile(f *testing.F) {
	f.Add("(&(objectClass=user)(!(cn=*a*b)))")
	f.Add("(userAccountControl:1.2.840.113556.1.4.803:=2)")
	f.Add("(cn:dn:2.4.6:=x)")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := filter.Compile(text)
		if err != nil || c.Local() != nil {
			return
		}
		c.Attributes()
		n, err := filter.Compile("(!" + strings.TrimSpace(text) + ")")
		if err != nil {
			return
		}
		if c.Match(jan) == n.Match(jan) {
			t.Errorf("%s and its negation agree", text)
		}
	})
}
