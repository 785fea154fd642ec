package ldapsource_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
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

// Several bases, one after the other or at once, give everybody once; so do bases that lie in each other.
func TestSeveralBases(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}})
	want := full(t, newSource(t, d.TLSURL, options(d)))
	for _, n := range []int{0, 1, 2, 8} {
		o := options(d)
		o.Bases = []string{"ou=groups," + d.Base, "ou=people," + d.Base, "ou=services," + d.Base, d.DN(&d.Company.People[3].Entry)}
		o.Parallel, o.PageSize = n, 20
		s := newSource(t, d.TLSURL, o)
		if diff := cmp.Diff(want, full(t, s), sets); diff != "" {
			t.Errorf("%d at once: records (-want +got):\n%s", n, diff)
		}
		for range s.Records(t.Context(), provisioning.User) {
			break
		}
		ctx, cancel := context.WithCancel(t.Context())
		var end error
		for _, err := range s.Records(ctx, provisioning.User) {
			cancel()
			end = err
		}
		cancel()
		if !errors.Is(end, context.Canceled) {
			t.Errorf("%d at once, cancelled: error %v", n, end)
		}
		o.Bases = append(o.Bases, "ou=gone,"+d.Base)
		if _, _, end = read(t, newSource(t, d.TLSURL, o), provisioning.User); !errors.Is(end, ldapsource.ErrIncomplete) {
			t.Errorf("%d at once, one not there: error %v", n, end)
		}
	}
}

// A server that closes idle connections is connected to again.
func TestIdleDropped(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 20}})
	s := newSource(t, d.TLSURL, options(d))
	for range 3 {
		records, _, err := read(t, s, provisioning.User)
		if err != nil || len(records) != 20 {
			t.Errorf("%d records, error %v; want 20", len(records), err)
		}
		d.Stop()
		d.Start()
	}
}

// The conformance kit against 389 Directory Server, whose identifier and disabled test are its own.
func TestKitDS389(t *testing.T) {
	d := lab.DS389(t, &lab.DS389Options{Contents: lab.Contents{People: 100}})
	o := options(d)
	o.PageSize = 30
	want := wanted(d.Company)
	locked := d.Company.People[4]
	m := ldap.NewModifyRequest(d.DN(&locked.Entry), nil)
	m.Replace("nsAccountLock", []string{"true"})
	require.NoError(t, d.Admin(t).Modify(m))
	for _, r := range want {
		r.Disabled = r.ID == provisioning.ID(locked.UUID())
		for i, name := range r.Attributes["manager"] { // it spells names in its own way
			r.Attributes["manager"][i] = strings.ReplaceAll(name, `\,`, `\2C`)
		}
	}
	sourcetest.Test(t, sourcetest.Fixture{
		New:   func(t *testing.T) provisioning.Source { return newSource(t, d.TLSURL, o) },
		Kinds: both,
		Want:  want,
		Cut: func(t *testing.T, n int) provisioning.Source {
			return newSource(t, ldaptest.NewCutter(t, d.TLSURL, n).URL, o)
		},
		Cuts: []int{0, 5000, 15_000},
	})
}
