package filter_test

import (
	"fmt"
	"testing"

	"github.com/ilumy/usersync/scim/filter"
)

func TestTry(t *testing.T) {
	for _, s := range []string{`userName eq "x"`, `userType eq "Employee" and (emails co "example.com" or emails.value co "example.org") and not (title pr)`,
		`emails[type eq "work"].value eq "x"`, `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984"`, `externalId eq jyoung`, `bjensen`} {
		e, err := filter.Parse(s, nil)
		fmt.Println(e, err)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{
		`userName eq "bjensen@example.com"`,
		`userName sw "b" and active eq true and meta.lastModified gt "2011-05-13T04:42:34Z"`,
		`emails[type eq "work" and value co "@example.com"]`,
		`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984"`,
		`userType eq "Employee" and (emails co "example.com" or emails.value co "example.org") and not (title pr)`,
	} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				filter.Parse(s, nil)
			}
		})
	}
}
