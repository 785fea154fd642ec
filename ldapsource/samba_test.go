package ldapsource_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/sourcetest"
)

// sambaOptions are those to read the company in a Samba domain with, without what the domain itself holds.
func sambaOptions(d *lab.Directory) *ldapsource.Options {
	o := options(d)
	o.Include = []string{"OU=Medewerkers," + d.Base, "OU=Uit dienst," + d.Base, "OU=Groepen," + d.Base}
	return o
}

// The conformance kit against an Active Directory domain controller.
func TestKitSamba(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 200}})
	grantDeleted(t, d, "svc-sync")
	o := sambaOptions(d)
	o.PageSize = 50
	sourcetest.Test(t, sourcetest.Fixture{
		New:   func(t *testing.T) provisioning.Source { return newSource(t, d.TLSURL, o) },
		Kinds: both,
		Count: map[provisioning.Kind]int{provisioning.User: 200, provisioning.Group: 40},
		Cut: func(t *testing.T, n int) provisioning.Source {
			return newSource(t, ldaptest.NewCutter(t, d.TLSURL, n).URL, o)
		},
		Cuts: []int{0, 6000, 20_000, 40_000},
	})
	t.Run("content", func(t *testing.T) { testSambaContent(t, d, o) })
}

// testSambaContent compares people, their managers and their memberships with what was loaded, by name, since the domain gives
// the IDs.
func testSambaContent(t *testing.T, d *lab.Directory, o *ldapsource.Options) {
	s := newSource(t, d.URL, o)
	users, bad, err := read(t, s, provisioning.User)
	require.NoError(t, err)
	require.Empty(t, bad)
	groups, _, err := read(t, s, provisioning.Group)
	require.NoError(t, err)
	name := map[provisioning.Ref]string{}
	byName := map[string]*provisioning.Record{}
	for _, r := range append(users, groups...) {
		name[r.Ref()] = r.Attributes.Get("cn")
		byName[r.Attributes.Get("cn")] = r
	}
	for _, p := range d.Company.People {
		if p.Class != people.Employee {
			continue
		}
		r := byName[p.CN]
		if r == nil {
			t.Errorf("%s is not among the records", p.Login)
			continue
		}
		if r.Disabled != p.Disabled || !r.ValidUntil.Equal(p.Expires) {
			t.Errorf("%s: disabled %v until %v, want %v and %v", p.Login, r.Disabled, r.ValidUntil, p.Disabled, p.Expires)
		}
		manager := ""
		if p.Manager != nil && p.Manager.Class == people.Employee {
			manager = p.Manager.CN
		}
		if len(r.Refs["manager"]) > 1 || manager != "" && name[r.Refs["manager"][0]] != manager {
			t.Errorf("%s: manager %v, want one", p.Login, r.Refs["manager"])
		}
	}
	for _, g := range d.Company.Groups {
		want := map[string]bool{}
		for _, m := range g.Members {
			if m.Class == people.Employee || m.Class == people.GroupEntry {
				want[m.CN] = true
			}
		}
		got := byName[g.CN].Refs["members"]
		for _, m := range got {
			if !want[name[m]] {
				t.Errorf("group %s: a member %v too many", g.CN, m)
			}
		}
		if len(got) != len(want) {
			t.Errorf("group %s: %d members, want %d", g.CN, len(got), len(want))
		}
	}
}
