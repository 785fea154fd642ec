package peerbench

import (
	"testing"

	library "github.com/scim2/filter-parser/v2"

	"github.com/ilumy/usersync/scim/filter"
)

// filters are those by which the budget of scim/filter is set.
var filters = []struct{ name, text string }{
	{"eq", `userName eq "bjensen@example.com"`},
	{"three", `userName sw "b" and active eq true and meta.lastModified gt "2011-05-13T04:42:34Z"`},
	{"valuePath", `emails[type eq "work" and value co "@example.com"]`},
	{"urn", `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber eq "701984"`},
	{"nested", `userType eq "Employee" and (emails co "example.com" or emails.value co "example.org") and not (title pr)`},
}

func BenchmarkParseFilter(b *testing.B) {
	for _, f := range filters {
		b.Run(f.name+"/usersync", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := filter.Parse(f.text, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(f.name+"/filter-parser", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := library.ParseFilter([]byte(f.text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
