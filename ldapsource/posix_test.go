package ldapsource_test

import (
	"errors"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// Groups of Unix name their members by login name, groupOfUniqueNames by names with a bit string behind them, and groups that
// the server works out (dynlist) as others do.
func TestOtherGroups(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 30}, Config: `include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/dyngroup.schema
moduleload dynlist
overlay dynlist
dynlist-attrset groupOfURLs memberURL member`})
	admin := d.Admin(t)
	put := func(dn string, attributes map[string][]string) {
		t.Helper()
		add := ldap.NewAddRequest(dn, nil)
		for name, values := range attributes {
			add.Attribute(name, values)
		}
		require.NoError(t, admin.Add(add))
	}
	unix := func(login, number string) {
		put("uid="+login+",ou=people,"+d.Base, map[string][]string{"objectClass": {"account", "posixAccount"}, "uid": {login}, "cn": {login},
			"uidNumber": {number}, "gidNumber": {"100"}, "homeDirectory": {"/home"}})
	}
	unix("ada", "2001")
	unix("bob", "2002")
	put("cn=twin,ou=people,"+d.Base, map[string][]string{"objectClass": {"inetOrgPerson"}, "uid": {"twin"}, "cn": {"twin"}, "sn": {"x"}})
	put("cn=twin2,ou=people,"+d.Base, map[string][]string{"objectClass": {"inetOrgPerson"}, "uid": {"TWIN"}, "cn": {"twin2"}, "sn": {"x"}})
	put("cn=unix,ou=groups,"+d.Base, map[string][]string{"objectClass": {"posixGroup"}, "cn": {"unix"}, "gidNumber": {"300"},
		"memberUid": {"ada", "bob", "twin", "nobody-at-all"}})
	put("cn=empty,ou=groups,"+d.Base, map[string][]string{"objectClass": {"posixGroup"}, "cn": {"empty"}, "gidNumber": {"301"}})
	put("cn=unique,ou=groups,"+d.Base, map[string][]string{"objectClass": {"groupOfUniqueNames"}, "cn": {"unique"},
		"uniqueMember": {"uid=ada,ou=people," + d.Base, "uid=bob,ou=people," + d.Base + "#'0101'B", "cn=gone,ou=people," + d.Base + "#'1'B"}})
	put("cn=dynamic,ou=groups,"+d.Base, map[string][]string{"objectClass": {"groupOfURLs"}, "cn": {"dynamic"},
		"memberURL": {"ldap:///ou=people," + d.Base + "??one?(uidNumber>=2002)"}})

	o := options(d)
	o.Attributes = []string{"cn", "members"}
	o.Dialect = ldapsource.RFC2307()
	o.Dialect.Kinds[provisioning.Group] = "(|(objectClass=posixGroup)(objectClass=groupOfUniqueNames)(objectClass=groupOfURLs))"
	dangling := map[string]int{}
	o.Dangling = func(_ provisioning.Ref, name string, n int) { dangling[name] += n }
	want := map[string]string{"unix": "ada bob", "empty": "", "unique": "ada bob", "dynamic": "bob"}
	if diff := cmp.Diff(want, memberNames(t, newSource(t, d.TLSURL, o))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if dangling["members"] != 3 { // the twins, nobody-at-all, and the one who is gone
		t.Errorf("%d references lead nowhere, want 3", dangling["members"])
	}
	if _, err := newSource(t, d.TLSURL, o).Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("cursor: error %v, want ErrUnsupported: a new login name is no change of the group", err)
	}

	t.Run("only people of a group of Unix", func(t *testing.T) {
		o := *o
		o.MemberOf = []string{"cn=unix,ou=groups," + d.Base}
		users, _, err := read(t, newSource(t, d.TLSURL, &o), provisioning.User)
		require.NoError(t, err)
		var names []string
		for _, r := range users {
			names = append(names, r.Attributes.Get("cn"))
		}
		if got := sortedJoin(names); got != "ada bob twin twin2" {
			t.Errorf("people %q, want ada, bob, and both who claim to be twin", got)
		}
	})
	t.Run("nested", func(t *testing.T) {
		put("cn=outer,ou=groups,"+d.Base, map[string][]string{"objectClass": {"groupOfUniqueNames"}, "cn": {"outer"},
			"uniqueMember": {"cn=unix,ou=groups," + d.Base, "uid=bob,ou=people," + d.Base}})
		o := *o
		o.Nested = true
		want := map[string]string{"unix": "ada bob", "empty": "", "unique": "ada bob", "outer": "ada bob", "dynamic": "bob"}
		if diff := cmp.Diff(want, memberNames(t, newSource(t, d.TLSURL, &o))); diff != "" {
			t.Errorf("members (-want +got):\n%s", diff)
		}
	})
}

// So it is in an export.
func TestOtherGroupsLDIF(t *testing.T) {
	const export = `dn: uid=ada,dc=x
objectClass: posixAccount
uid: ada
cn: ada
entryUUID: 00000000-0000-4000-8000-000000000001

dn: cn=unix,dc=x
objectClass: posixGroup
cn: unix
memberUid: ADA
memberUid: bob
entryUUID: 00000000-0000-4000-8000-000000000002

`
	got := memberNames(t, openLDIF(t, export, &ldapsource.Options{Dialect: ldapsource.RFC2307(), Attributes: []string{"cn", "members"}}))
	if diff := cmp.Diff(map[string]string{"unix": "ada"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}
