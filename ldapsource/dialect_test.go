package ldapsource_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// AD LDS is recognised, has its own test for disabled accounts, no default naming context, and the ways of Active
// Directory to tell what changed.
func TestLightweightDirectory(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		t.Run(string(way), func(t *testing.T) {
			d := ldaptest.NewDomain(t, "OU=Staff,O=App")
			d.Root["supportedCapabilities"] = []string{"1.2.840.113556.1.4.1851"}
			configuration := "CN=Configuration,CN={00000000-0000-0000-0000-000000000001}"
			d.Root["namingContexts"] = []string{configuration, "CN=Schema," + configuration, d.Base}
			d.Root["configurationNamingContext"] = []string{configuration}
			delete(d.Root, "defaultNamingContext")
			for _, name := range []string{"a", "b", "c"} {
				d.Put("CN="+name+","+d.Base, map[string][]string{"objectClass": {"user"}, "cn": {name}, "msDS-UserAccountDisabled": {"FALSE"}})
			}
			d.Put("CN=a,"+d.Base, map[string][]string{"msDS-UserAccountDisabled": {"TRUE"}})
			d.Put("CN=g,"+d.Base, map[string][]string{"objectClass": {"group"}, "cn": {"g"}, "member": {"CN=a," + d.Base}})
			s := plain(t, d, ldapsource.Options{Increments: way})
			r := follow(t, s)
			disabled := func() string {
				var list []string
				for _, rec := range r.records {
					if rec.Disabled {
						list = append(list, rec.Attributes.Get("cn"))
					}
				}
				return sortedJoin(list)
			}
			if got := disabled(); got != "a" || len(r.records) != 4 {
				t.Errorf("%d records, disabled %q; want 4 and a", len(r.records), got)
			}
			d.Put("CN=b,"+d.Base, map[string][]string{"msDS-UserAccountDisabled": {"TRUE"}})
			r.check("disabled", 1)
			d.Delete("CN=c," + d.Base)
			r.check("deleted", 1)
			if got := disabled(); got != "a b" {
				t.Errorf("disabled %q, want a and b", got)
			}
			f, err := plain(t, d, ldapsource.Options{}).Check(t.Context())
			require.NoError(t, err)
			if diff := cmp.Diff([]ldapsource.Increments{ldapsource.DirSync, ldapsource.USN}, f.Increments); diff != "" || f.Dialect != "AD LDS" {
				t.Errorf("dialect %s, ways that work (-want +got):\n%s", f.Dialect, diff)
			}
		})
	}
}

// What an Active Directory works out is given when it is asked for by name, and everything is read each time then.
func TestComputed(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	grantDeleted(t, d, "svc-sync")
	o := sambaOptions(d)
	o.Attributes = nil
	all, _, err := read(t, newSource(t, d.TLSURL, o), provisioning.User)
	require.NoError(t, err)
	for _, r := range all {
		for _, name := range slices.Concat(ldapsource.ActiveDirectory().Computed, []string{"memberOf"}) {
			if _, ok := r.Attributes[name]; ok {
				t.Fatalf("%s is given, though nobody asked for it", name)
			}
		}
	}
	names := []string{"msDS-User-Account-Control-Computed", "msDS-UserPasswordExpiryTimeComputed", "memberOf"}
	o.Attributes = append([]string{"cn"}, names...)
	s := newSource(t, d.TLSURL, o)
	asked, bad, err := read(t, s, provisioning.User)
	require.NoError(t, err)
	require.Empty(t, bad)
	groups := 0
	for _, r := range asked {
		if r.Attributes.Get(names[0]) == "" || r.Attributes.Get(names[1]) == "" {
			t.Errorf("%s: %v, want both attributes", r.ID, r.Attributes)
		}
		groups += len(r.Attributes["memberOf"])
	}
	if len(asked) != 50 || groups == 0 {
		t.Errorf("%d people in %d groups, want 50 in some", len(asked), groups)
	}
	for _, name := range names {
		o.Attributes = []string{"cn", strings.ToLower(name)}
		if c, err := newSource(t, d.TLSURL, o).Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(name)) {
			t.Errorf("%s: cursor %q, error %v; want ErrUnsupported that names it", name, decoded(c), err)
		}
	}
}

// Contacts and members of other domains are no people of this one: they are left out, and told of. A dialect of one's own
// takes contacts in.
func TestContacts(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	admin := d.Admin(t)
	contact := "CN=Leverancier,OU=Medewerkers," + d.Base
	add := ldap.NewAddRequest(contact, nil)
	add.Attribute("objectClass", []string{"contact"})
	require.NoError(t, admin.Add(add))
	group := d.Company.GroupOf("Kring A")
	m := ldap.NewModifyRequest(d.DN(&group.Entry), nil)
	m.Add("member", []string{contact, "CN=S-1-5-11,CN=ForeignSecurityPrincipals," + d.Base})
	require.NoError(t, admin.Modify(m))

	dangling := 0
	o := sambaOptions(d)
	o.Dangling = func(of provisioning.Ref, name string, n int) {
		if name == "members" {
			dangling += n
		}
	}
	members := func() (list []provisioning.Ref) {
		t.Helper()
		dangling = 0
		groups, bad, err := read(t, newSource(t, d.TLSURL, o), provisioning.Group)
		require.NoError(t, err)
		require.Empty(t, bad)
		for _, g := range groups {
			if g.Attributes.Get("cn") == "Kring A" {
				return g.Refs["members"]
			}
		}
		return nil
	}
	without := members()
	left := dangling
	users, _, err := read(t, newSource(t, d.TLSURL, o), provisioning.User)
	require.NoError(t, err)
	if len(users) != 50 || left < 2 {
		t.Errorf("%d people, %d members that lead nowhere; want 50 and two at least", len(users), left)
	}

	const kind = provisioning.Kind("Contact")
	mine := ldapsource.ActiveDirectory()
	mine.Name = "with contacts"
	mine.Kinds[kind] = "(objectClass=contact)"
	for i := range mine.References {
		if mine.References[i].Name == "members" {
			mine.References[i].To = append(slices.Clone(mine.References[i].To), kind)
		}
	}
	o.Dialect = mine
	contacts, _, err := read(t, newSource(t, d.TLSURL, o), kind)
	require.NoError(t, err)
	require.Len(t, contacts, 1)
	with := members()
	if len(with) != len(without)+1 || !slices.Contains(with, contacts[0].Ref()) || dangling != left-1 {
		t.Errorf("%d members, %d that lead nowhere; want %d with the contact, and %d", len(with), dangling, len(without)+1, left-1)
	}
}
