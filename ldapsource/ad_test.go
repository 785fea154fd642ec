package ldapsource_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

func personDN(name string) string { return "CN=" + name + ",OU=People," + ldaptest.Base }
func groupDN(name string) string  { return "CN=" + name + ",OU=Groups," + ldaptest.Base }

// putPeople adds people 0 to n-1 and gives their names.
func putPeople(d *ldaptest.Directory, n int) []string {
	var names []string
	for i := range n {
		name := personDN(fmt.Sprintf("p%d", i))
		d.Put(name, map[string][]string{"objectClass": {"user"}, "cn": {fmt.Sprintf("p%d", i)}, "primaryGroupID": {"513"},
			"objectSid": {sid(2000 + uint32(i))}})
		names = append(names, name)
	}
	return names
}

func sid(rid uint32) string {
	return "\x01\x05\x00\x00\x00\x00\x00\x05\x15\x00\x00\x00\x63\x9c\x6c\x29\xc0\xef\x52\xad\xbe\xef\xe2\x4f" +
		string([]byte{byte(rid), byte(rid >> 8), byte(rid >> 16), byte(rid >> 24)})
}

func putGroup(d *ldaptest.Directory, name string, rid uint32, members ...string) {
	d.Put(groupDN(name), map[string][]string{"objectClass": {"group"}, "cn": {name}, "member": members, "objectSid": {sid(rid)}})
}

// plain reads a directory of the tests, which speaks no TLS.
func plain(t testing.TB, d *ldaptest.Directory, o ldapsource.Options) *ldapsource.Source {
	o.AllowPlaintext = true
	if o.Attributes == nil {
		o.Attributes = []string{"cn", "manager", "members"}
	}
	return newSource(t, d.URL, &o)
}

// memberNames gives, for each group, how many members it has, and their names when they are few.
func memberNames(t *testing.T, s provisioning.Source) map[string]string {
	t.Helper()
	users, _, err := read(t, s, provisioning.User)
	require.NoError(t, err)
	groups, bad, err := read(t, s, provisioning.Group)
	require.NoError(t, err)
	require.Empty(t, bad)
	name := map[provisioning.Ref]string{}
	for _, r := range append(users, groups...) {
		name[r.Ref()] = r.Attributes.Get("cn")
	}
	got := map[string]string{}
	for _, g := range groups {
		var list []string
		for _, m := range g.Refs["members"] {
			list = append(list, name[m])
		}
		got[g.Attributes.Get("cn")] = sortedJoin(list)
	}
	return got
}

func TestGroups(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 5)
	d.Put("CN=contact,OU=People,"+ldaptest.Base, map[string][]string{"objectClass": {"contact"}})
	putGroup(d, "Domain Users", 513)
	putGroup(d, "a", 1100, p[0], groupDN("b"), groupDN("Domain Users"))
	putGroup(d, "b", 1101, p[1], p[0], groupDN("c"), "CN=contact,OU=People,"+ldaptest.Base)
	putGroup(d, "c", 1102, p[2], groupDN("b"), "CN=S-1-5-21-7-8-9-1000,CN=ForeignSecurityPrincipals,"+ldaptest.Base)
	putGroup(d, "empty", 1103)
	d.Put(p[4], map[string][]string{"primaryGroupID": {"1103"}})
	d.Put(p[3], map[string][]string{"manager": {p[0]}})
	for _, tc := range []struct {
		name string
		o    ldapsource.Options
		want map[string]string
	}{
		{name: "direct", want: map[string]string{"Domain Users": "", "a": "Domain Users b p0", "b": "c p0 p1", "c": "b p2", "empty": ""}},
		{name: "nested, in a circle", o: ldapsource.Options{Nested: true},
			want: map[string]string{"Domain Users": "", "a": "p0 p1 p2", "b": "p0 p1 p2", "c": "p0 p1 p2", "empty": ""}},
		{name: "primary groups", o: ldapsource.Options{PrimaryGroups: true},
			want: map[string]string{"Domain Users": "p0 p1 p2 p3", "a": "Domain Users b p0", "b": "c p0 p1", "c": "b p2", "empty": "p4"}},
		{name: "nested primary groups", o: ldapsource.Options{PrimaryGroups: true, Nested: true},
			want: map[string]string{"Domain Users": "p0 p1 p2 p3", "a": "p0 p1 p2 p3", "b": "p0 p1 p2", "c": "p0 p1 p2", "empty": "p4"}},
		{name: "only people of a group", o: ldapsource.Options{MemberOf: []string{groupDN("C")}},
			want: map[string]string{"Domain Users": "", "a": "Domain Users b p0", "b": "c p0 p1", "c": "b p2", "empty": ""}},
		{name: "only people of a flat group", o: ldapsource.Options{MemberOf: []string{groupDN("empty")}, PrimaryGroups: true},
			want: map[string]string{"Domain Users": "", "a": "Domain Users b", "b": "c", "c": "b", "empty": "p4"}},
		{name: "without a person", o: ldapsource.Options{Exclude: []string{p[0]}, Nested: true},
			want: map[string]string{"Domain Users": "", "a": "p1 p2", "b": "p1 p2", "c": "p1 p2", "empty": ""}},
		{name: "two bases, one inside the other", o: ldapsource.Options{Bases: []string{"OU=Groups," + ldaptest.Base, groupDN("a"), p[1]}},
			want: map[string]string{"Domain Users": "", "a": "Domain Users b", "b": "c p1", "c": "b", "empty": ""}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, base := range []string{"OU=Groups," + ldaptest.Base} {
				d.Put(base, map[string][]string{"objectClass": {"organizationalUnit"}})
			}
			if diff := cmp.Diff(tc.want, memberNames(t, plain(t, d, tc.o))); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("a group that is not there", func(t *testing.T) {
		_, _, err := read(t, plain(t, d, ldapsource.Options{MemberOf: []string{groupDN("gone")}}), provisioning.User)
		if !errors.Is(err, provisioning.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound: everybody would be out of scope", err)
		}
	})
}

// A person who comes while the directory is read is found all the same, not taken for somebody out of scope.
func TestResolveLate(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 2)
	putGroup(d, "g", 1100, p...)
	names := 0
	d.SetBefore(func(q *ldaptest.Search) bool {
		if len(q.Attributes) > 1 && q.Wants("member") && names == 0 {
			names++
			late := d.Put(personDN("late"), map[string][]string{"objectClass": {"user"}, "cn": {"late"}})
			putGroup(d, "g", 1100, append(p, late.DN)...)
		}
		return false
	})
	if got := memberNames(t, plain(t, d, ldapsource.Options{}))["g"]; got != "late p0 p1" && got != " p0 p1" {
		t.Errorf("members %q, want late, p0 and p1", got)
	}
	groups, _, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	require.NoError(t, err)
	if len(groups[0].Refs["members"]) != 3 {
		t.Errorf("%d members, want 3", len(groups[0].Refs["members"]))
	}
}

// An account is disabled by one bit of userAccountControl, whatever the others are, and expires by a file time, of which two
// values mean never.
func TestDisabledAndExpired(t *testing.T) {
	for _, tc := range []struct {
		name, control, expires string
		disabled               bool
		until                  string
	}{
		{name: "normal", control: "512", expires: "9223372036854775807"},
		{name: "disabled", control: "514", expires: "0", disabled: true},
		{name: "password never expires", control: "66048", expires: "0"},
		{name: "disabled, password never expires", control: "66050", expires: "0", disabled: true},
		{name: "smart card", control: "262656", expires: "0"},
		{name: "disabled, smart card", control: "262658", expires: "0", disabled: true},
		{name: "locked, not disabled", control: "528", expires: "0"},
		{name: "disabled, no password", control: "546", expires: "0", disabled: true},
		{name: "expires", control: "512", expires: "133801632000000000", until: "2025-01-01"},
		{name: "neither is there"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			attributes := map[string][]string{"objectClass": {"user"}, "cn": {"x"}}
			if tc.control != "" {
				attributes["userAccountControl"], attributes["accountExpires"] = []string{tc.control}, []string{tc.expires}
			}
			d.Put(personDN("x"), attributes)
			records, _, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.User)
			require.NoError(t, err)
			until := ""
			if !records[0].ValidUntil.IsZero() {
				until = records[0].ValidUntil.Format("2006-01-02")
			}
			if records[0].Disabled != tc.disabled || until != tc.until {
				t.Errorf("disabled %v until %q, want %v and %q", records[0].Disabled, until, tc.disabled, tc.until)
			}
		})
	}
}

// Values that are no text come only when they are asked for; times and identifiers come as text.
func TestSyntaxes(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.Put(personDN("x"), map[string][]string{"objectClass": {"user"}, "cn": {"x"}, "thumbnailPhoto": {"\xff\xd8"}, "strange": {"\xff"},
		"objectSid": {sid(1104)}, "pwdLastSet": {"0"}, "accountExpires": {"133801632000000000"}, "whenCreated": {"20260131093000.0Z"},
		"memberOf": {groupDN("g")}, "unicodePwd": {"x"}, "msExchMailboxGuid": {"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"}})
	timed := ldapsource.ActiveDirectory()
	timed.Syntaxes["pwdLastSet"], timed.Syntaxes["accountExpires"], timed.Syntaxes["whenCreated"] = ldapsource.FileTime, ldapsource.FileTime, ldapsource.Time
	for _, tc := range []struct {
		name string
		o    ldapsource.Options
		want provisioning.Attributes
		bad  string
	}{
		{name: "all", o: ldapsource.Options{Attributes: []string{}}, want: provisioning.Attributes{"objectClass": {"user"}, "cn": {"x"},
			"objectSid": {"S-1-5-21-694983779-2907893696-1340272574-1104"}, "pwdLastSet": {"0"}, "accountExpires": {"133801632000000000"},
			"whenCreated": {"20260131093000.0Z"}, "msExchMailboxGuid": {"03020100-0504-0706-0809-0a0b0c0d0e0f"}}},
		{name: "by name", o: ldapsource.Options{Attributes: []string{"CN", "ThumbnailPhoto", "dn", "gone"}},
			want: provisioning.Attributes{"CN": {"x"}, "ThumbnailPhoto": {"/9g="}, "dn": {personDN("x")}, "gone": {}}},
		{name: "by two names", o: ldapsource.Options{Attributes: []string{"cn", "CN", "cn"}},
			want: provisioning.Attributes{"cn": {"x"}, "CN": {"x"}}},
		{name: "as times", o: ldapsource.Options{Attributes: []string{"pwdLastSet", "accountExpires", "whenCreated"}, Dialect: timed},
			want: provisioning.Attributes{"pwdLastSet": {}, "accountExpires": {"2025-01-01T00:00:00Z"}, "whenCreated": {"2026-01-31T09:30:00Z"}}},
		{name: "bytes that nobody knows", o: ldapsource.Options{Attributes: []string{"strange"}}, bad: "attribute strange"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.o.AllowPlaintext = true
			records, bad, err := read(t, newSource(t, d.URL, &tc.o), provisioning.User)
			require.NoError(t, err)
			if tc.bad != "" {
				if len(bad) != 1 || !strings.Contains(bad[0].Error(), tc.bad) {
					t.Errorf("errors %v, want one that says %q", bad, tc.bad)
				}
				return
			}
			delete(records[0].Attributes, "objectGUID")
			delete(records[0].Attributes, "uSNChanged")
			if diff := cmp.Diff(tc.want, records[0].Attributes, sets); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// A manager who is out of scope is no reference.
func TestManagerOutOfScope(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 4)
	putGroup(d, "g", 1100, p[0], p[1], p[2])
	d.Put(p[0], map[string][]string{"manager": {p[1]}})
	d.Put(p[1], map[string][]string{"manager": {p[2]}})
	d.Put(p[2], map[string][]string{"manager": {p[3]}})
	dangling := 0
	o := ldapsource.Options{Exclude: []string{p[2]}, MemberOf: []string{groupDN("g")},
		Dangling: func(_ provisioning.Ref, _ string, n int) { dangling += n }}
	users, _, err := read(t, plain(t, d, o), provisioning.User)
	require.NoError(t, err)
	if len(users) != 2 || len(users[0].Refs["manager"]) != 1 || len(users[1].Refs["manager"]) != 0 || dangling != 1 {
		t.Errorf("%d people, %d dangling references, want p0 with manager p1, and p1 without", len(users), dangling)
	}
}
