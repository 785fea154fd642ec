package ldapsource_test

import (
	"testing"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

var both = []provisioning.Kind{provisioning.User, provisioning.Group}

// The conformance kit against OpenLDAP, by LDAPS and by StartTLS, in small pages.
func TestKitSlapd(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}, RequireTLS: true})
	for name, url := range map[string]string{"ldaps": d.TLSURL, "StartTLS": d.URL} {
		t.Run(name, func(t *testing.T) {
			o := options(d)
			o.PageSize = 100
			sourcetest.Test(t, sourcetest.Fixture{
				New:   func(t *testing.T) provisioning.Source { return newSource(t, url, o) },
				Kinds: both,
				Want:  wanted(d.Company),
				Cut: func(t *testing.T, n int) provisioning.Source {
					return newSource(t, ldaptest.NewCutter(t, url, n).URL, o)
				},
				Cuts: []int{0, 3000, 9000, 20_000, 60_000},
			})
		})
	}
}
