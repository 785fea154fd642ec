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

// Active Directory gives 1,500 members at a time and no page of more than 1,000: all 5,000 members come.
func TestRangeRetrieval(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	names := putPeople(d, 5000)
	putGroup(d, "all", 1100, names...)
	putGroup(d, "few", 1101, names[:1499]...)
	s := plain(t, d, ldapsource.Options{PageSize: 5000})
	users, _, err := read(t, s, provisioning.User)
	require.NoError(t, err)
	groups, bad, err := read(t, s, provisioning.Group)
	require.NoError(t, err)
	require.Empty(t, bad)
	seen := map[provisioning.Ref]bool{}
	for _, m := range groups[0].Refs["members"] {
		seen[m] = true
	}
	if len(users) != 5000 || len(seen) != 5000 || len(groups[1].Refs["members"]) != 1499 {
		t.Errorf("%d people, %d and %d members; want 5000, 5000 and 1499", len(users), len(seen), len(groups[1].Refs["members"]))
	}
}

// A group that changes between two ranges is read again, for a member may have slipped from one into the other.
func TestRangeChanges(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.RangeCap = 10
	names := putPeople(d, 40)
	putGroup(d, "all", 1100, names...)
	changes := 1
	d.Before = func(q *ldaptest.Search) bool {
		if changes > 0 && len(q.Attributes) > 0 && q.Attributes[0] == "member;range=20-*" {
			changes--
			putGroup(d, "all", 1100, names[5:]...) // values 10 to 14 move into the range that was read
		}
		return false
	}
	groups, bad, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	require.NoError(t, err)
	require.Empty(t, bad)
	if got := len(groups[0].Refs["members"]); got != 35 {
		t.Errorf("%d members, want 35", got)
	}
	changes = 1000
	groups, bad, err = read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	if err != nil || len(groups) != 0 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "changes faster") {
		t.Errorf("a group that changes all the time: %d records, errors %v, %v; want an error of that group", len(groups), bad, err)
	}
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
	d.Before = func(q *ldaptest.Search) bool {
		if len(q.Attributes) > 1 && q.Wants("member") && names == 0 {
			names++
			late := d.Put(personDN("late"), map[string][]string{"objectClass": {"user"}, "cn": {"late"}})
			putGroup(d, "g", 1100, append(p, late.DN)...)
		}
		return false
	}
	if got := memberNames(t, plain(t, d, ldapsource.Options{}))["g"]; got != "late p0 p1" && got != " p0 p1" {
		t.Errorf("members %q, want late, p0 and p1", got)
	}
	groups, _, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	require.NoError(t, err)
	if len(groups[0].Refs["members"]) != 3 {
		t.Errorf("%d members, want 3", len(groups[0].Refs["members"]))
	}
}

// What a server does to end a read early, or leave something out, is never taken for the end.
func TestIncomplete(t *testing.T) {
	for _, tc := range []struct {
		name   string
		answer func(q *ldaptest.Search)
		is     error
	}{
		{"size limit", func(q *ldaptest.Search) { q.Done(4, "size", ldaptest.Cookie("")) }, ldapsource.ErrIncomplete},
		{"time limit", func(q *ldaptest.Search) { q.Done(3, "", ldaptest.Cookie("")) }, ldapsource.ErrIncomplete},
		{"administrative limit", func(q *ldaptest.Search) { q.Done(11, "") }, ldapsource.ErrIncomplete},
		{"referral", func(q *ldaptest.Search) { q.Done(10, "") }, ldapsource.ErrIncomplete},
		{"partial results", func(q *ldaptest.Search) { q.Done(9, "", ldaptest.Cookie("")) }, ldapsource.ErrIncomplete},
		{"busy", func(q *ldaptest.Search) { q.Done(51, "") }, provisioning.ErrUnavailable},
		{"a reference", func(q *ldaptest.Search) {
			q.Reference("ldap://child.fake.example/DC=child," + ldaptest.Base)
			q.Done(0, "", ldaptest.Cookie(""))
		}, ldapsource.ErrIncomplete},
		{"no paging control", func(q *ldaptest.Search) { q.Done(0, "") }, ldapsource.ErrIncomplete},
		{"hangs up", func(q *ldaptest.Search) { q.Hangup() }, provisioning.ErrUnavailable},
		{"notice of disconnection", func(q *ldaptest.Search) {
			q.Raw("\x30\x24\x02\x01\x00\x78\x1f\x0a\x01\x34\x04\x00\x04\x00\x8a\x16" + "1.3.6.1.4.1.1466.20036")
			q.Hangup()
		}, provisioning.ErrUnavailable},
		{"garbage", func(q *ldaptest.Search) { q.Raw("HTTP/1.1 400 Bad Request\r\n\r\n") }, ldapsource.ErrProtocol},
		{"a length beyond all measure", func(q *ldaptest.Search) { q.Raw("\x30\x84\x7f\xff\xff\xff\x02\x04\x40\x00\x00\x02") }, ldapsource.ErrProtocol},
		{"half a message", func(q *ldaptest.Search) { q.Raw("\x30\x84\x00\x00\x01\xff\x02\x04\x40"); q.Hangup() }, provisioning.ErrUnavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			putPeople(d, 25)
			d.PageCap = 10
			d.Before = func(q *ldaptest.Search) bool {
				if cookie, _, _ := q.Page(); cookie != "20" {
					return false
				}
				tc.answer(q)
				return true
			}
			records, _, end := read(t, plain(t, d, ldapsource.Options{}), provisioning.User)
			if len(records) != 20 || !errors.Is(end, tc.is) {
				t.Errorf("%d records, error %v; want 20 and %v", len(records), end, tc.is)
			}
		})
	}
	t.Run("a reference that was allowed", func(t *testing.T) {
		d := ldaptest.NewDirectory(t)
		putPeople(d, 5)
		d.Before = func(q *ldaptest.Search) bool {
			q.Reference("ldap://child.fake.example/DC=child," + ldaptest.Base)
			return false
		}
		records, _, end := read(t, plain(t, d, ldapsource.Options{IgnoreReferences: true}), provisioning.User)
		if len(records) != 5 || end != nil {
			t.Errorf("%d records, error %v; want 5", len(records), end)
		}
	})
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

// A connection that breaks while a group's ranges are read loses neither that group nor any other.
func TestRangeBroken(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.RangeCap, d.PageCap = 10, 3
	p := putPeople(d, 25)
	for i := range 8 {
		putGroup(d, fmt.Sprintf("g%d", i), uint32(1100+i), p...)
	}
	for broken := range 8 {
		n := 0
		d.Before = func(q *ldaptest.Search) bool {
			if len(q.Attributes) == 0 || q.Attributes[0] != "member;range=10-*" {
				return false
			}
			if n++; n-1 != broken {
				return false
			}
			q.Hangup()
			return true
		}
		groups, bad, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
		require.NoError(t, err)
		seen := map[provisioning.ID]bool{}
		for _, g := range groups {
			seen[g.ID] = len(g.Refs["members"]) == 25
		}
		if len(groups) != 8 || len(seen) != 8 || len(bad) != 0 {
			t.Errorf("broken at group %d: %d groups, %d of them once, errors %v; want 8", broken, len(groups), len(seen), bad)
		}
	}
}

// An entry whose name cannot be read may be in scope: it is held, and not left out.
func TestUnreadableName(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	putPeople(d, 2)
	d.Before = func(q *ldaptest.Search) bool {
		if !q.Wants("cn") {
			return false
		}
		q.Entry("no name at all", map[string][]string{"objectGUID": {"0123456789abcdef"}, "cn": {"x"}})
		return false
	}
	records, bad, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.User)
	if err != nil || len(records) != 2 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "name that cannot be read") {
		t.Errorf("%d records, errors %v, %v; want two and one that is held", len(records), bad, err)
	}
}
