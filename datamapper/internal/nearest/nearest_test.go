package nearest

import "testing"

func TestName(t *testing.T) {
	known := []string{"givenName", "sn", "mail", "mailNickname", "department", "userPrincipalName"}
	for _, tt := range []struct{ in, want string }{
		{"givenname", "givenName"},
		{"frist", ""},
		{"giveName", "givenName"},
		{"givneName", "givenName"},
		{"departmnet", "department"},
		{"emial", ""},
		{"mial", "mail"},
		{"s", "sn"},
		{"userprincipalNam", "userPrincipalName"},
		{"", ""},
		{"completelyDifferent", ""},
	} {
		if got := Name(tt.in, known); got != tt.want {
			t.Errorf("Name(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}
