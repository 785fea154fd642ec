package ldapsource_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// The check says in words what works and what is likely wrong.
func TestCheck(t *testing.T) {
	slapd := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 30}})
	samba := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	for _, tc := range []struct {
		name   string
		d      *lab.Directory
		o      *ldapsource.Options
		change func(*ldapsource.Options)
		says   []string
		not    []string
	}{
		{name: "OpenLDAP, all well", d: slapd, o: options(slapd),
			says: []string{"TLS 1.3", "dialect: OpenLDAP", "30 Users 40 Groups", "changes are found by: syncrepl"}, not: []string{"warning"}},
		{name: "Active Directory, all well", d: samba, o: sambaOptions(samba),
			change: func(o *ldapsource.Options) {
				o.Bind = ldapsource.SimpleBind{DN: samba.AdminDN, Password: samba.AdminPassword}
			},
			says: []string{"dialect: Active Directory", "50 Users 40 Groups", "changes are found by: dirsync"}, not: []string{"warning"}},
		{name: "Active Directory, an account without rights", d: samba, o: sambaOptions(samba), says: []string{"50 Users"}},
		{name: "without TLS", d: slapd, o: options(slapd), change: func(o *ldapsource.Options) { o.AllowPlaintext = true },
			says: []string{"without TLS", "in the clear"}},
		{name: "a filter that matches nobody", d: slapd, o: options(slapd),
			change: func(o *ldapsource.Options) {
				o.Filters = map[provisioning.Kind]string{provisioning.User: "(objectClass=user)"}
			}, says: []string{"no User is in scope; check the filter (objectClass=user)"}},
		{name: "a misspelled attribute", d: slapd, o: options(slapd), change: func(o *ldapsource.Options) { o.Attributes = []string{"mail", "fullName"} },
			says: []string{"nothing in scope has the attribute fullName"}, not: []string{"attribute mail"}},
		{name: "the wrong dialect", d: slapd, o: options(slapd), change: func(o *ldapsource.Options) { o.Dialect = ldapsource.ActiveDirectory() },
			says: []string{"the dialect is set to Active Directory, and the server looks like OpenLDAP"}},
		{name: "a scope that is not there", d: slapd, o: options(slapd), change: func(o *ldapsource.Options) {
			o.Exclude = []string{"ou=elsewhere,dc=x", "ou=gone," + slapd.Base}
			o.Include = []string{"ou=people," + slapd.Base}
		}, says: []string{"Exclude: ou=elsewhere,dc=x does not lie below any base", "Exclude: there is no ou=gone", "30 Users 0 Groups", "no Group is in scope"}},
		{name: "the global catalogue", d: samba, o: sambaOptions(samba), change: func(o *ldapsource.Options) {
			o.Dialect, o.Attributes = catalogDialect(), []string{"cn", "members"}
		}, says: []string{"this is the global catalogue", "changes cannot be found"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.change != nil {
				tc.change(tc.o)
				defer func() { *tc.o = ldapsource.Options{} }()
			}
			url := tc.d.TLSURL
			if tc.o.AllowPlaintext {
				url = tc.d.URL
			}
			if tc.name == "the global catalogue" {
				url = tc.d.CatalogURL
			}
			f, err := newSource(t, url, tc.o).Check(t.Context())
			require.NoError(t, err)
			text := f.String()
			for _, s := range tc.says {
				if !strings.Contains(text, s) {
					t.Errorf("the findings do not say %q:\n%s", s, text)
				}
			}
			for _, s := range tc.not {
				if strings.Contains(text, s) {
					t.Errorf("the findings say %q:\n%s", s, text)
				}
			}
		})
	}
}
