package ldapsource_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
)

// As it is installed, a 389 Directory Server lets nobody but its manager read the changelog, which does not tell the IDs of
// what was deleted. Changes and renames are seen all the same; after a deletion everything has to be read.
func TestChangelogAsInstalled(t *testing.T) {
	d := lab.DS389(t, &lab.DS389Options{Contents: lab.Contents{People: 200}, ClosedChangelog: true})
	if c, err := newSource(t, d.TLSURL, options(d)).Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "ACI") {
		t.Errorf("cursor %q, error %v; want ErrUnsupported that says what is missing", decoded(c), err)
	}
	d.OpenChangelog(t)
	o := options(d)
	o.Exclude = []string{"ou=elders," + d.Base}
	r := follow(t, newSource(t, d.TLSURL, o))
	admin := d.Admin(t)
	rename := func(from, rdn, parent string) {
		t.Helper()
		require.NoError(t, admin.ModifyDN(ldap.NewModifyDNRequest(from, rdn, true, parent)))
	}
	write(t, d, 2)
	require.Equal(t, 2, r.whole("two changes"))
	add := ldap.NewAddRequest("ou=elders,"+d.Base, nil)
	add.Attribute("objectClass", []string{"organizationalUnit"})
	require.NoError(t, admin.Add(add))
	person := d.DN(&d.Company.People[9].Entry)
	parent := "ou=people," + d.Base
	rename(person, "cn=Een", "")
	rename("cn=Een,"+parent, "cn=Twee", "")
	r.whole("renamed, and renamed again")
	before := len(r.records)
	rename("cn=Twee,"+parent, "cn=Twee", "ou=elders,"+d.Base)
	r.whole("moved out of scope")
	require.Len(t, r.records, before-1)
	rename("cn=Twee,ou=elders,"+d.Base, "cn=Twee", parent)
	r.whole("and back")
	require.Len(t, r.records, before)
	d.Stop()
	d.Start()
	write(t, d, 3)
	require.Equal(t, 3, r.whole("restarted"))
	require.NoError(t, d.Admin(t).Del(ldap.NewDelRequest("cn=Twee,"+parent, nil)))
	r.expired("deleted", "targetUniqueId")
}

// A changelog that was trimmed or made anew, or that the account may read only in part, leaves gaps.
func TestChangelogGaps(t *testing.T) {
	const id = "11111111-22222222-33333333-44444444"
	for _, tc := range []struct {
		name         string
		first, last  int
		has          []int
		time, unique string
		says         string // of the error; "" for none
	}{
		{name: "nothing new", first: 1, last: 5},
		{name: "three changes", first: 1, last: 8, has: []int{6, 7, 8}},
		{name: "trimmed up to the place", first: 6, last: 8, has: []int{6, 7, 8}},
		{name: "trimmed behind the place", first: 7, last: 8, has: []int{7, 8}, says: "change 6 was trimmed"},
		{name: "trimmed altogether", first: 9, last: 8, says: "trimmed"},
		{name: "a change is missing", first: 1, last: 8, has: []int{6, 8}, says: "change 7"},
		{name: "made anew, and shorter", first: 1, last: 3, says: "anew"},
		{name: "made anew, and longer", first: 1, last: 8, has: []int{6, 7, 8}, time: "20270101000000Z", says: "anew"},
		{name: "no ID", first: 1, last: 6, has: []int{6}, unique: "-", says: "targetUniqueId"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := map[string][]string{"namingContexts": {"dc=x"}, "vendorName": {"389 Project"}, "supportedControl": {ldap.ControlTypePaging},
				"changelog": {"cn=changelog"}, "firstchangenumber": {"1"}, "lastchangenumber": {"5"}}
			at := "20260101000000Z"
			s := ldaptest.NewServer(t, root, func(q *ldaptest.Search) {
				_, _, paged := q.Page()
				switch {
				case q.Base == "dc=x" && !paged:
					q.Entry("dc=x", map[string][]string{"nsUniqueId": {"00000000-00000000-00000000-00000001"}})
				case strings.HasPrefix(q.Base, "changenumber="):
					q.Entry(q.Base, map[string][]string{"changeTime": {at}})
				case q.Base == "cn=changelog" && !paged:
					q.Entry(q.Base, map[string][]string{"objectClass": {"top"}})
				case q.Base == "cn=changelog":
					for _, n := range tc.has {
						e := map[string][]string{"changeNumber": {strconv.Itoa(n)}, "changeType": {"delete"}, "targetDn": {"cn=a,dc=x"}}
						if tc.unique == "" {
							e["targetUniqueId"] = []string{id}
						}
						q.Entry(fmt.Sprintf("changenumber=%d,cn=changelog", n), e)
					}
				}
				if paged {
					q.Done(0, "", ldaptest.Cookie(""))
				} else {
					q.Done(0, "")
				}
			})
			r := &replica{t: t, s: newSource(t, s.URL, &ldapsource.Options{AllowPlaintext: true})}
			var err error
			r.cursor, err = r.s.Cursor(t.Context())
			require.NoError(t, err)
			require.Contains(t, decoded(r.cursor), `"m":"changelog"`)
			root["firstchangenumber"], root["lastchangenumber"] = []string{strconv.Itoa(tc.first)}, []string{strconv.Itoa(tc.last)}
			if tc.time != "" {
				at = tc.time
			}
			if tc.says != "" {
				r.expired(tc.name, tc.says)
				return
			}
			n, reached, err := deltas(t.Context(), r.s, r.cursor)
			if want := 2 * min(len(tc.has), 1); err != nil || n != want || !reached { // gone, of each kind
				t.Errorf("%d changes, cursor %v, error %v; want %d", n, reached, err, want)
			}
		})
	}
}

// Content synchronization of 389 Directory Server is taken only when it is named.
func TestSyncrepl389(t *testing.T) {
	root := map[string][]string{"namingContexts": {"dc=x"}, "vendorName": {"389 Project"},
		"supportedControl": {ldap.ControlTypePaging, ldap.ControlTypeSyncRequest}}
	s := ldaptest.NewServer(t, root, func(q *ldaptest.Search) { q.Done(0, "") })
	c, err := newSource(t, s.URL, &ldapsource.Options{AllowPlaintext: true}).Cursor(t.Context())
	if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "loses changes") {
		t.Errorf("cursor %q, error %v; want ErrUnsupported that says why", decoded(c), err)
	}
}
