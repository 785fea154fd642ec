package sqlstore

import (
	"testing"

	"github.com/ilumy/usersync/scim"
)

// TestWhere shows which filters the database answers, and what it leaves to us.
func TestWhere(t *testing.T) {
	s := &Store{db: &DB{dialect: SQLite}}
	tests := []struct {
		filter string
		exact  bool
	}{
		{`userName eq "x"`, true},
		{`externalId eq "x" and active eq true`, true},
		{`not (title pr) or name.familyName sw "J"`, true},
		{`emails[type eq "work" and value co "@example.com"]`, true},
		{`emails[type eq "work"].value eq "x"`, true},
		{`emails[not (type eq "work")]`, true},
		{`emails co "x"`, true},
		{`id eq "x" or meta.lastModified gt "2024-01-01T00:00:00Z"`, true},
		{scim.EnterpriseUserSchema + `:department eq "x"`, true},
		{scim.EnterpriseUserSchema + `:manager.value eq "x"`, true},
		{`schemas eq "x"`, true},
		{`title eq null`, true},
		{`groups.value eq "x"`, false},
		{`meta.version eq "x"`, false},
		{`userName eq "x" and groups.display eq "y"`, false},
	}
	users := scim.NewUserType()
	for _, tt := range tests {
		f, err := users.ParseFilter(tt.filter, nil)
		if err != nil {
			t.Fatalf("%s: %v", tt.filter, err)
		}
		if c, exact := s.where(users, 1, f.Expression()); exact != tt.exact || c.sql == "" {
			t.Errorf("%s: exact %v, want %v: %s", tt.filter, exact, tt.exact, c.sql)
		}
	}
	groups := scim.NewGroupType()
	for filter, want := range map[string]bool{`members.value eq "x"`: true, `members eq "x"`: true, `members[value eq "x"]`: true, `members pr`: true, `members.display eq "x"`: false, `members[type eq "User"]`: false} {
		f, err := groups.ParseFilter(filter, nil)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		if c, exact := s.where(groups, 1, f.Expression()); exact != want {
			t.Errorf("%s: exact %v, want %v: %s", filter, exact, want, c.sql)
		}
	}
}
