package ldapsource_test

import (
	"encoding/base64"
	"errors"
	"fmt"
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

// replica is what one who follows a source by its deltas has.
type replica struct {
	t       *testing.T
	s       *ldapsource.Source
	cursor  provisioning.Cursor
	records map[provisioning.Ref]*provisioning.Record
}

// follow starts a replica with a full read.
func follow(t *testing.T, s *ldapsource.Source) *replica {
	t.Helper()
	r := &replica{t: t, s: s}
	var err error
	r.cursor, err = s.Cursor(t.Context())
	require.NoError(t, err)
	r.records = full(t, s)
	return r
}

func full(t *testing.T, s provisioning.Source) map[provisioning.Ref]*provisioning.Record {
	t.Helper()
	records := map[provisioning.Ref]*provisioning.Record{}
	for _, kind := range both {
		list, bad, err := read(t, s, kind)
		require.NoError(t, err)
		require.Empty(t, bad)
		for _, rec := range list {
			records[rec.Ref()] = rec
		}
	}
	return records
}

// catchUp takes in the deltas since the last time, and gives how many there were.
func (r *replica) catchUp() (int, error) {
	n := 0
	for d, err := range r.s.Deltas(r.t.Context(), r.cursor) {
		if err != nil {
			return n, err
		}
		switch {
		case d.Ref.ID == "":
		case d.Record != nil:
			r.records[d.Ref] = d.Record
			n++
		default:
			if _, ok := r.records[d.Ref]; ok {
				n++
			}
			delete(r.records, d.Ref)
		}
		if d.Cursor != "" {
			r.cursor = d.Cursor
		}
	}
	return n, nil
}

// check catches up, after so many changes of records, and compares with a full read.
func (r *replica) check(what string, changes int) {
	r.t.Helper()
	n, err := r.catchUp()
	if err != nil || n != changes {
		r.t.Errorf("%s: %d changes, error %v; want %d", what, n, err, changes)
	}
	for _, rec := range r.records { // who is gone is gone from everywhere, as with a reconciler
		for name, refs := range rec.Refs {
			rec.Refs[name] = slices.DeleteFunc(refs, func(ref provisioning.Ref) bool { return r.records[ref] == nil })
		}
	}
	if diff := cmp.Diff(full(r.t, r.s), r.records, sets); diff != "" {
		r.t.Errorf("%s: the deltas led to something else than a full read gives (-full +deltas):\n%s", what, diff)
	}
}

// decoded shows what is in a cursor.
func decoded(c provisioning.Cursor) string {
	b, err := base64.RawURLEncoding.DecodeString(string(c))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// edit replaces something in the cursor.
func (r *replica) edit(old, put string) {
	r.t.Helper()
	text := decoded(r.cursor)
	require.Contains(r.t, text, old)
	r.cursor = provisioning.Cursor(base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(text, old, put, 1))))
}

// expired checks that the cursor no longer leads anywhere.
func (r *replica) expired(what, says string) {
	r.t.Helper()
	if n, err := r.catchUp(); !errors.Is(err, provisioning.ErrCursorExpired) || !strings.Contains(err.Error(), says) {
		r.t.Errorf("%s: %d changes, error %v; want ErrCursorExpired that says %q", what, n, err, says)
	}
}

// story makes changes on a real server, and checks after each that it is seen.
func story(t *testing.T, d *lab.Directory, r *replica, attributes map[string]string) {
	admin := d.Admin(t)
	employees := d.Company.People[:20]
	name := func(i int) string { return d.DN(&employees[i].Entry) }
	group := d.DN(&d.Company.GroupOf("Kring A").Entry)
	modify := func(dn string, do func(*ldap.ModifyRequest)) {
		t.Helper()
		m := ldap.NewModifyRequest(dn, nil)
		do(m)
		require.NoError(t, admin.Modify(m))
	}
	r.check("nothing happened", 0)

	modify(name(3), func(m *ldap.ModifyRequest) { m.Replace("mail", []string{"nieuw@x.example"}) })
	r.check("a change", 1)

	modify(name(4), func(m *ldap.ModifyRequest) { m.Replace("mail", nil) })
	r.check("a value removed", 1)

	fresh := "cn=Nieuw,ou=people," + d.Base
	add := ldap.NewAddRequest(strings.NewReplacer("ou=people", attributes["ou"], "cn=", "CN=").Replace(fresh), nil)
	add.Attribute("objectClass", strings.Fields(attributes["objectClass"]))
	for name, value := range attributes {
		if name != "ou" && name != "away" && name != "objectClass" {
			add.Attribute(name, []string{value})
		}
	}
	require.NoError(t, admin.Add(add))
	fresh = add.DN
	r.check("somebody came", 1)

	modify(group, func(m *ldap.ModifyRequest) { m.Add("member", []string{fresh, name(5)}) })
	r.check("two came into a group", 1)

	modify(group, func(m *ldap.ModifyRequest) { m.Delete("member", []string{fresh}) })
	r.check("one left a group", 1)

	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(fresh, "cn=Nieuwer", true, "")))
	fresh = strings.Replace(fresh, "CN=Nieuw,", "cn=Nieuwer,", 1)
	r.check("a rename", 1)

	require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(fresh, "cn=Nieuwer", true, attributes["away"]+d.Base)))
	r.check("moved out of scope", 1)

	require.NoError(t, admin.Del(ldap.NewDelRequest(name(6), nil)))
	n, err := r.catchUp()
	if err != nil || n < 1 {
		t.Errorf("somebody was removed: %d changes, error %v", n, err)
	}
	for ref, rec := range r.records {
		if ref.Kind == provisioning.User && rec.Attributes.Get("cn") == employees[6].CN {
			t.Errorf("somebody was removed: %s is still there", ref)
		}
	}
}

func TestSyncrepl(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 50}})
	o := options(d)
	o.Bases = []string{"ou=people," + d.Base, "ou=groups," + d.Base}
	r := follow(t, newSource(t, d.TLSURL, o))
	story(t, d, r, map[string]string{"ou": "ou=people", "away": "ou=services,", "objectClass": "inetOrgPerson", "sn": "Nieuw", "uid": "nieuw"})

	// The session log is in memory: after a restart the server names what is left, and not what was removed.
	r = follow(t, newSource(t, d.TLSURL, o))
	admin := d.Admin(t)
	require.NoError(t, admin.Del(ldap.NewDelRequest(d.DN(&d.Company.People[7].Entry), nil)))
	admin.Close()
	d.Stop()
	d.Start()
	r.expired("the session log is gone", "session")
}

func TestSambaIncrements(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		t.Run(string(way), func(t *testing.T) {
			d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
			o := sambaOptions(d)
			o.Increments = way
			o.Bind = ldapsource.SimpleBind{DN: d.AdminDN, Password: d.AdminPassword}
			r := follow(t, newSource(t, d.TLSURL, o))
			story(t, d, r, map[string]string{"ou": "OU=Medewerkers", "away": "OU=Service Accounts,", "objectClass": "user", "sAMAccountName": "nieuw"})
		})
	}
}

// fakeFollow follows a fake Active Directory with 30 people and two groups.
func fakeFollow(t *testing.T, o ldapsource.Options) (*ldaptest.Directory, *replica, []string) {
	d := ldaptest.NewDirectory(t)
	for _, ou := range []string{"OU=People,", "OU=Groups,", "OU=Away,"} {
		d.Put(ou+ldaptest.Base, map[string][]string{"objectClass": {"organizationalUnit"}})
	}
	p := putPeople(d, 30)
	putGroup(d, "inner", 1100, p[:5]...)
	putGroup(d, "outer", 1101, groupDN("inner"), p[9])
	d.PageCap = 7
	o.Exclude = []string{"OU=Away," + ldaptest.Base}
	return d, follow(t, plain(t, d, o)), p
}

// DirSync gives what changed in several answers, each of which says that there is more; removals, moves and members too.
func TestDirSync(t *testing.T) {
	d, r, p := fakeFollow(t, ldapsource.Options{})
	if got := decoded(r.cursor); !strings.Contains(got, `"m":"dirsync"`) {
		t.Errorf("cursor %s, want one of DirSync", got)
	}
	r.check("nothing", 0)
	for i, name := range p[:20] {
		d.Put(name, map[string][]string{"cn": {fmt.Sprintf("renamed%d", i)}})
	}
	r.check("twenty changes, seven at a time", 20)
	d.Delete(p[25])
	r.check("a removal", 1)
	d.Move(p[26], "CN=p26,OU=Away,"+ldaptest.Base)
	r.check("moved out of scope", 1)
	d.Move("CN=p26,OU=Away,"+ldaptest.Base, p[26])
	r.check("and back", 1)
	putGroup(d, "inner", 1100, p[3:8]...)
	r.check("other members", 1)
	d.Put("CN=printer,"+ldaptest.Base, map[string][]string{"objectClass": {"printQueue"}})
	r.check("something that is of no kind", 0)
	d.Put("CN=pc,"+ldaptest.Base, map[string][]string{"objectClass": {"user", "computer"}})
	r.check("a computer", 0)
	r.edit(`"`+ldaptest.Base+`":"80000000:`, `"`+ldaptest.Base+`":"80000000:AAAA`)
	r.expired("a cookie that the server does not know", "5003")
}

// Members of nested groups change with groups that are not touched themselves.
func TestDirSyncNested(t *testing.T) {
	d, r, p := fakeFollow(t, ldapsource.Options{Nested: true})
	putGroup(d, "inner", 1100, p[20:22]...)
	r.check("the inner group", 2)
	putGroup(d, "outer", 1101)
	r.check("the outer group lost the inner one", 1)
}

func TestDirSyncMemberOf(t *testing.T) {
	d, r, p := fakeFollow(t, ldapsource.Options{MemberOf: []string{groupDN("outer")}})
	d.Put(p[2], map[string][]string{"cn": {"other"}})
	d.Put(p[20], map[string][]string{"cn": {"out of scope"}})
	r.check("a change of somebody in scope", 1)
	putGroup(d, "inner", 1100, p[:3]...)
	r.expired("the scope changed", "changed")
}

// A domain controller that was restored, or another one, has other numbers for the same changes.
func TestUSNInvocationID(t *testing.T) {
	d, r, p := fakeFollow(t, ldapsource.Options{Increments: ldapsource.USN})
	d.Put(p[1], map[string][]string{"cn": {"changed"}})
	d.Delete(p[2])
	r.check("a change and a removal", 2)
	d.Move(p[3], "CN=p3,OU=Away,"+ldaptest.Base)
	r.check("moved out of scope", 1)
	before := r.cursor
	d.Put(d.Root["dsServiceName"][0], map[string][]string{"invocationId": {"fedcba9876543210"}})
	r.expired("another invocationId", "restored")
	r.cursor = before
	r.edit(strings.TrimPrefix(d.URL, "ldap://"), "127.0.0.1:1")
	r.expired("another server", "no longer one of ours")
}

// What the account may not do is not tried again and again: the next best way is taken, or none.
func TestIncrementsByRight(t *testing.T) {
	for _, tc := range []struct {
		name   string
		before func(q *ldaptest.Search) bool
		want   string // in the cursor; "" for none
	}{
		{name: "may do all", want: `"80000000:`},
		{name: "may not replicate", want: `"80000001:`, before: func(q *ldaptest.Search) bool {
			if flags, ok := q.DirSyncFlags(); ok && flags&1 == 0 {
				q.Done(ldap.LDAPResultInsufficientAccessRights, "00002105: SecErr: DSID-0315270D")
				return true
			}
			return false
		}},
		{name: "old server, no incremental values", want: `"0:`, before: func(q *ldaptest.Search) bool {
			if flags, ok := q.DirSyncFlags(); ok && flags&0x80000000 != 0 {
				q.Done(ldap.LDAPResultUnwillingToPerform, "")
				return true
			}
			return false
		}},
		{name: "may not replicate, old server", want: `"1:`, before: func(q *ldaptest.Search) bool {
			switch flags, ok := q.DirSyncFlags(); {
			case ok && flags&1 == 0:
				q.Done(ldap.LDAPResultInsufficientAccessRights, "")
				return true
			case ok && flags&0x80000000 != 0:
				q.Done(ldap.LDAPResultUnwillingToPerform, "")
				return true
			}
			return false
		}},
		{name: "no DirSync at all", want: `"m":"usn"`, before: func(q *ldaptest.Search) bool {
			if _, ok := q.DirSyncFlags(); ok {
				q.Done(ldap.LDAPResultUnwillingToPerform, "")
				return true
			}
			return false
		}},
		{name: "may not see what was removed either", before: func(q *ldaptest.Search) bool {
			if _, ok := q.Controls[ldap.ControlTypeDirSync]; ok {
				q.Done(ldap.LDAPResultInsufficientAccessRights, "")
				return true
			}
			if strings.HasPrefix(q.Base, "CN=Deleted Objects") {
				q.Done(ldap.LDAPResultNoSuchObject, "")
				return true
			}
			return false
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			putPeople(d, 3)
			d.SetBefore(tc.before)
			c, err := plain(t, d, ldapsource.Options{}).Cursor(t.Context())
			if tc.want == "" && !errors.Is(err, errors.ErrUnsupported) || tc.want != "" && (err != nil || !strings.Contains(decoded(c), tc.want)) {
				t.Errorf("cursor %s, error %v; want %q", c, err, tc.want)
			}
		})
	}
}

// Records that change without a change of their entry cannot be followed.
func TestIncrementsUnsupported(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	for _, o := range []ldapsource.Options{{PrimaryGroups: true}, {Attributes: []string{"cn", "memberof"}}, {Increments: ldapsource.NoIncrements}} {
		if c, err := plain(t, d, o).Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%+v: cursor %s, error %v; want ErrUnsupported", o, c, err)
		}
	}
}

func TestModified(t *testing.T) {
	for _, tc := range labs {
		if tc.way == ldapsource.Changelog || tc.way == ldapsource.USN {
			continue
		}
		t.Run(tc.name, func(t *testing.T) {
			d, o := tc.open(t)
			o.Increments = ldapsource.Modified
			r := follow(t, newSource(t, d.TLSURL, o))
			write(t, d, 3)
			if n := r.whole("three changes"); n < 3 {
				t.Errorf("%d changes, want three at least", n)
			}
			if n := r.whole("nothing more"); n < 3 {
				t.Errorf("%d changes, want the three again: clocks may differ", n)
			}
		})
	}
}
