package ldapsource_test

import (
	"fmt"
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// What is deleted is gone, in the recycle bin and after it. What is restored is the same record again, and everything is read then,
// since of the groups that it was in before none tells whether it still is.
func TestRecycleBin(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		t.Run(string(way), func(t *testing.T) {
			d, r, p := fakeFollow(t, ldapsource.Options{Increments: way})
			d.EnableRecycleBin()
			d.Put(p[7], map[string][]string{"manager": {p[2]}})
			r = follow(t, r.s)
			person := d.Entry(p[2])
			id := provisioning.ID(person.GUID.String())
			ref := provisioning.Ref{Kind: provisioning.User, ID: id}
			gone := func(what string) {
				t.Helper()
				_, err := r.catchUp()
				require.NoError(t, err, what)
				require.NotContains(t, r.records, ref, what)
			}
			d.Delete(p[2])
			gone("deleted")
			d.Restore(person)
			r.expired("restored", "restored")
			r = follow(t, r.s)
			require.Contains(t, r.records, ref)
			d.Delete(p[2])
			gone("deleted again")
			d.Recycle(person)
			gone("recycled")

			other := d.Entry(p[3])
			d.Delete(p[3])
			d.Restore(other)
			r.expired("deleted and restored between two reads", "restored")
		})
	}
}

// reconcile runs a reconciler into memory, from what changed.
func reconcile(t *testing.T, s provisioning.Source) (run func(partial bool) *provisioning.Report, sink *memory.Store, r *provisioning.Reconciler) {
	sink = memory.New(nil)
	r, err := provisioning.New(s, plainMapper{}, sink, nil)
	require.NoError(t, err)
	return func(partial bool) *provisioning.Report {
		t.Helper()
		report, err := r.Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, partial, report.Plan.Partial)
		return report
	}, sink, r
}

// inSink gives the record of a name in the sink, and the names of a group's members there.
func inSink(t *testing.T, sink *memory.Store, cn string) (rec *provisioning.Record, members string) {
	t.Helper()
	name := map[provisioning.Ref]string{}
	for _, kind := range both {
		list, _, err := read(t, sink, kind)
		require.NoError(t, err)
		for _, r := range list {
			name[r.Ref()] = r.Attributes.Get("cn")
			if r.Attributes.Get("cn") == cn {
				rec = r
			}
		}
	}
	require.NotNil(t, rec, cn)
	var list []string
	for _, m := range rec.Refs["members"] {
		list = append(list, name[m])
	}
	return rec, sortedJoin(list)
}

// Active Directory does not mark the groups of somebody who is deleted. The run from what changed deactivates the account, which
// until the next full run stays a member of its groups, and that one takes it out of them: nothing is lost. Restored,
// the same account is active and in its groups again.
func TestDeletedPersonsGroups(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		t.Run(string(way), func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			d.EnableRecycleBin()
			p := putPeople(d, 30)
			putGroup(d, "g", 1100, p[0], p[1], p[2])
			run, sink, r := reconcile(t, plain(t, d, ldapsource.Options{Increments: way}))
			run(false)
			before, _ := inSink(t, sink, "p1")
			person := d.Entry(p[1])
			d.Delete(p[1])
			run(true)
			after, _ := inSink(t, sink, "p1")
			if !after.Disabled || after.ID != before.ID {
				t.Errorf("deleted: disabled %v, want the same account, disabled", after.Disabled)
			}
			plan, err := r.Plan(t.Context())
			require.NoError(t, err)
			require.Len(t, plan.Changes, 1, "the group and nothing else")
			report, err := r.Apply(t.Context(), plan)
			require.NoError(t, err)
			require.NoError(t, report.Err())
			if _, members := inSink(t, sink, "g"); members != "p0 p2" {
				t.Errorf("after a full run: members %q, want p0 and p2", members)
			}
			d.Restore(person)
			run(false)
			again, _ := inSink(t, sink, "p1")
			_, members := inSink(t, sink, "g")
			if again.Disabled || again.ID != before.ID || members != "p0 p1 p2" {
				t.Errorf("restored: disabled %v, members %q; want the same account, active, in its group", again.Disabled, members)
			}
		})
	}
}

// So it is with a real domain controller: with the recycle bin (out of which Samba 4.17 cannot restore, since it wants to remove
// an attribute that is not there), and without, where a tombstone is brought back with little but its identifier.
func TestRecycleBinSamba(t *testing.T) {
	for _, tc := range []struct {
		way ldapsource.Increments
		bin bool
	}{{ldapsource.DirSync, true}, {ldapsource.USN, true}, {ldapsource.DirSync, false}, {ldapsource.USN, false}} {
		t.Run(fmt.Sprintf("%s, bin %v", tc.way, tc.bin), func(t *testing.T) {
			d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}, RecycleBin: tc.bin})
			grantDeleted(t, d, "svc-sync")
			admin := d.Admin(t)
			o := sambaOptions(d)
			o.Increments = tc.way
			r := follow(t, newSource(t, d.TLSURL, o))
			group := d.Company.GroupOf("Kring A")
			person := group.Members[0]
			guid := func() string {
				res, err := admin.Search(ldap.NewSearchRequest(d.DN(person), ldap.ScopeBaseObject, 0, 0, 0, false, "(objectClass=*)", []string{"objectGUID"}, nil))
				require.NoError(t, err)
				return string(res.Entries[0].GetRawAttributeValue("objectGUID"))
			}()
			id := provisioning.ID(guidText(t, guid))
			before := len(r.records)
			require.NoError(t, admin.Del(ldap.NewDelRequest(d.DN(person), nil)))
			_, err := r.catchUp()
			require.NoError(t, err)
			require.Len(t, r.records, before-1)
			if tc.bin {
				return
			}
			res, err := admin.Search(ldap.NewSearchRequest("CN=Deleted Objects,"+d.Base, ldap.ScopeWholeSubtree, 0, 0, 0, false,
				"(objectGUID="+ldap.EscapeFilter(guid)+")", []string{"lastKnownParent"}, []ldap.Control{ldap.NewControlMicrosoftShowDeleted()}))
			require.NoError(t, err)
			require.Len(t, res.Entries, 1)
			restore := ldap.NewModifyRequest(res.Entries[0].DN, []ldap.Control{ldap.NewControlMicrosoftShowDeleted()})
			restore.Delete("isDeleted", nil)
			restore.Replace("distinguishedName", []string{d.DN(person)})
			require.NoError(t, admin.Modify(restore))
			r.expired("restored", "restored")
			r = follow(t, r.s)
			require.Len(t, r.records, before)
			require.Contains(t, r.records, provisioning.Ref{Kind: provisioning.User, ID: id})
		})
	}
}

// guidText gives the text of an objectGUID.
func guidText(t *testing.T, raw string) string {
	t.Helper()
	g, err := adtype.DecodeGUID(raw)
	require.NoError(t, err)
	return g.String()
}
