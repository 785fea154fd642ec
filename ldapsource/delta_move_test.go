package ldapsource_test

import (
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/internal/lab/people"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// In Active Directory somebody who is moved, or a unit with everybody in it, changes groups, reports and names that are not
// touched themselves.
func TestMovedSamba(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		t.Run(string(way), func(t *testing.T) {
			d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 200}})
			grantDeleted(t, d, "svc-sync")
			o := sambaOptions(d)
			o.Increments = way
			o.Attributes = append([]string{"dn"}, attributes...)
			r := follow(t, newSource(t, d.TLSURL, o))
			admin := d.Admin(t)
			move := func(from, rdn, parent string) {
				t.Helper()
				require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(from, rdn, true, parent)))
			}
			away := ldap.NewAddRequest("OU=Elders,"+d.Base, nil)
			away.Attribute("objectClass", []string{"organizationalUnit"})
			require.NoError(t, admin.Add(away))

			boss := manager(d.Company)
			at := d.DN(boss)
			rdn, parent, _ := strings.Cut(at, ",OU=")
			parent = "OU=" + parent
			before := len(r.records)
			move(at, rdn, away.DN)
			require.Greater(t, r.whole("a manager is moved out of scope"), 2)
			require.Len(t, r.records, before-1)
			move(rdn+","+away.DN, rdn, parent)
			require.Greater(t, r.whole("and back"), 2)
			require.Len(t, r.records, before)
			move(at, rdn, "OU=Uit dienst,"+d.Base)
			r.whole("within the scope")

			_, city, _ := strings.Cut(parent, "OU=")
			city, rest, _ := strings.Cut(city, ",")
			move("OU="+city+","+rest, "OU=Hernoemd", "")
			if n := r.whole("a unit is renamed"); n < 5 {
				t.Errorf("a unit was renamed: %d records were given, want all of it", n)
			}
			move("OU=Hernoemd,"+rest, "OU=Hernoemd", away.DN)
			r.whole("a unit is moved out of scope")
			if len(r.records) > before-3 {
				t.Errorf("%d records are left of %d though a unit left the scope", len(r.records), before)
			}
			move("OU=Hernoemd,"+away.DN, "OU="+city, rest)
			r.whole("and back")
			require.Len(t, r.records, before)
		})
	}
}

// manager gives somebody with reports, who stands in a unit of a city.
func manager(c *people.Company) *people.Entry {
	for _, p := range c.People {
		if p.Manager != nil && p.Manager.Class == people.Employee && len(p.Manager.OU) > 1 {
			return p.Manager
		}
	}
	return nil
}

func TestMovedSlapd(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 100}})
	o := options(d)
	o.Attributes = append([]string{"dn"}, attributes...)
	o.Exclude = []string{"ou=elders," + d.Base}
	r := follow(t, newSource(t, d.TLSURL, o))
	admin := d.Admin(t)
	for _, name := range []string{"ou=elders,", "ou=team,ou=people,"} {
		add := ldap.NewAddRequest(name+d.Base, nil)
		add.Attribute("objectClass", []string{"organizationalUnit"})
		require.NoError(t, admin.Add(add))
	}
	for _, cn := range []string{"Ad", "Bo", "Co", "Do", "Ed"} {
		add := ldap.NewAddRequest("cn="+cn+",ou=team,ou=people,"+d.Base, nil)
		add.Attribute("objectClass", []string{"inetOrgPerson"})
		add.Attribute("sn", []string{cn})
		require.NoError(t, admin.Add(add))
	}
	m := ldap.NewModifyRequest(d.DN(&d.Company.GroupOf("Kring A").Entry), nil)
	m.Add("member", []string{"cn=Ad,ou=team,ou=people," + d.Base})
	require.NoError(t, admin.Modify(m))
	require.Equal(t, 6, r.whole("five came, one into a group"))
	before := len(r.records)
	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest("ou=team,ou=people,"+d.Base, "ou=ploeg", true, "")))
	if n := r.whole("their unit is renamed"); n < 5 {
		t.Errorf("a unit was renamed: %d records were given, want 5", n)
	}
	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest("ou=ploeg,ou=people,"+d.Base, "ou=ploeg", true, "ou=elders,"+d.Base)))
	r.whole("their unit is moved out of scope")
	require.Len(t, r.records, before-5)
	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest("ou=ploeg,ou=elders,"+d.Base, "ou=ploeg", true, d.Base)))
	r.whole("and back")
	require.Len(t, r.records, before)
}

// Who no longer matches the filter, or does again, is gone or there, for the groups too.
func TestFilterLeft(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		d := ldaptest.NewDirectory(t)
		p := putPeople(d, 6)
		for _, name := range p {
			d.Put(name, map[string][]string{"employeeType": {"staff"}})
		}
		putGroup(d, "g", 1100, p...)
		d.Put(p[1], map[string][]string{"manager": {p[0]}})
		r := follow(t, plain(t, d, ldapsource.Options{Increments: way,
			Filters: map[provisioning.Kind]string{provisioning.User: "(&(objectClass=user)(employeeType=staff))"}}))
		d.Put(p[0], map[string][]string{"employeeType": {"external"}})
		if n := r.whole("no longer staff"); n != 3 { // the person, the group and the report
			t.Errorf("%s: %d changes, want 3", way, n)
		}
		d.Put(p[0], map[string][]string{"employeeType": {"staff"}})
		if n := r.whole("staff again"); n != 3 {
			t.Errorf("%s: %d changes, want 3", way, n)
		}
	}
}

// Somebody who is deleted may have been a group on which the scope, or the members of others, depend.
func TestDeletedGroup(t *testing.T) {
	for name, o := range map[string]ldapsource.Options{"Nested": {Nested: true}, "MemberOf": {MemberOf: []string{groupDN("outer")}}} {
		t.Run(name, func(t *testing.T) {
			d, r, p := fakeFollow(t, o)
			d.Delete(p[29])
			if _, err := r.catchUp(); err != nil {
				t.Errorf("a person is deleted: %v", err)
			}
			d.Delete(groupDN("inner"))
			r.expired("a group is deleted", "a group with others in it")
		})
	}
}
