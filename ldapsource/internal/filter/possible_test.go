package filter_test

import (
	"strings"
	"testing"

	"github.com/ilumy/usersync/ldapsource/internal/filter"
)

func TestPossible(t *testing.T) {
	structural := func(class string) bool {
		return strings.Contains(" user computer group ", " "+strings.ToLower(class)+" ")
	}
	for _, tc := range []struct {
		in, classes string
		want        bool
	}{
		{"(objectClass=user)", "top user", true},
		{"(objectClass=user)", "top group", false},
		{"(&(objectClass=USER)(!(objectClass=computer)))", "top user computer", false},
		{"(&(objectClass=user)(!(objectClass=computer))(employeeType=staff))", "top user", true},
		{"(&(objectClass=group)(employeeType=staff))", "top user", false},
		{"(|(objectClass=group)(employeeType=staff))", "top user", true},
		{"(!(|(objectClass=group)(objectClass=user)))", "top user", false},
		{"(!(employeeType=staff))", "top user", true},
		{"(objectClass=posixAccount)", "top user", true}, // which may have been taken off it
		{"(objectClass=group)", "", true},
		{"(memberOf:1.2.840.113556.1.4.1941:=cn=x)", "user", true},
		{"(&(objectClass=group)(cn>=a)(cn=*)(cn=a*))", "user", false},
	} {
		f, err := filter.Compile(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Possible("objectclass", strings.Fields(tc.classes), structural); got != tc.want {
			t.Errorf("%s of an entry of the classes %q: possible %v", tc.in, tc.classes, got)
		}
	}
}
