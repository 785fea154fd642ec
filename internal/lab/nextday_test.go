package lab

import (
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
)

// After a day, the running server holds what the company's records say.
func TestNextDay(t *testing.T) {
	tests := []struct {
		name  string
		start func() *Directory
	}{
		{"slapd", func() *Directory { return Slapd(t, &SlapdOptions{Contents: Contents{People: 300}}) }},
		{"samba", func() *Directory { return Samba(t, &SambaOptions{Contents: Contents{People: 300}}) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := tt.start()
			story := d.NextDay(t)
			if len(story.Joined) != 5 {
				t.Errorf("%d joined", len(story.Joined))
			}
			names := []string{"mail", "sn", "title", "manager", "member", "employeeType", "userAccountControl", "department", "ou"}
			res, err := d.Admin(t).SearchWithPaging(searchAll(d.Base, "(|(givenName=*)(member=*))", names...), 500)
			require.NoError(t, err)
			got := map[string][]string{}
			for _, e := range res.Entries {
				if strings.Contains(e.DN, "CN=Users,") || strings.Contains(e.DN, "CN=Builtin,") {
					continue // Samba's own
				}
				var values []string
				for _, a := range e.Attributes {
					for _, v := range a.Values {
						if v == "" {
							continue // the member of an empty groupOfNames
						}
						values = append(values, a.Name+"="+plain(v))
					}
				}
				if len(values) == 0 {
					continue
				}
				sort.Strings(values)
				got[plain(e.DN)] = values
			}
			want := map[string][]string{}
			for _, r := range d.Company.Records(tt.name == "samba") {
				if r.Attributes["givenName"] == nil && r.Attributes["member"] == nil {
					continue
				}
				var values []string
				for _, name := range names {
					for _, v := range r.Attributes[name] {
						values = append(values, name+"="+plain(v))
					}
				}
				sort.Strings(values)
				want[plain(r.DN)] = values
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the directory (-want +got):\n%.3000s", diff)
			}
		})
	}
}

// plain makes servers' spellings of a DN the same.
func plain(dn string) string {
	return strings.ToLower(strings.NewReplacer(`\2C`, `\,`, `\2B`, `\+`, `\22`, `\"`, `\3D`, `\=`).Replace(dn))
}
