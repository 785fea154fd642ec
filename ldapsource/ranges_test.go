package ldapsource_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

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

// Any attribute may come in ranges, also one that everything was asked for with.
func TestRangeText(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.RangeCap = 10
	name := putPeople(d, 1)[0]
	var want []string
	for i := range 35 {
		want = append(want, fmt.Sprintf("smtp:p%d@x.example", i))
	}
	d.Put(name, map[string][]string{"proxyAddresses": want})
	for _, asked := range [][]string{{"cn", "ProxyAddresses"}, {}} {
		users, bad, err := read(t, plain(t, d, ldapsource.Options{Attributes: asked}), provisioning.User)
		require.NoError(t, err)
		require.Empty(t, bad)
		got := append(users[0].Attributes["ProxyAddresses"], users[0].Attributes["proxyAddresses"]...)
		if diff := cmp.Diff(want, got, sets); diff != "" {
			t.Errorf("asked for %q: values (-want +got):\n%s", asked, diff)
		}
	}
}

// A group that changes between two ranges is read again, for a member may have slipped from one into the other.
func TestRangeChanges(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	d.RangeCap = 10
	names := putPeople(d, 40)
	putGroup(d, "all", 1100, names...)
	var changes atomic.Int64
	changes.Store(1)
	d.SetBefore(func(q *ldaptest.Search) bool {
		if changes.Load() > 0 && len(q.Attributes) > 0 && q.Attributes[0] == "member;range=20-*" {
			changes.Add(-1)
			putGroup(d, "all", 1100, names[5:]...) // values 10 to 14 move into the range that was read
		}
		return false
	})
	groups, bad, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	require.NoError(t, err)
	require.Empty(t, bad)
	if got := len(groups[0].Refs["members"]); got != 35 {
		t.Errorf("%d members, want 35", got)
	}
	changes.Store(1000)
	groups, bad, err = read(t, plain(t, d, ldapsource.Options{}), provisioning.Group)
	if err != nil || len(groups) != 0 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "changes faster") {
		t.Errorf("a group that changes all the time: %d records, errors %v, %v; want an error of that group", len(groups), bad, err)
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
		var n atomic.Int64
		d.SetBefore(func(q *ldaptest.Search) bool {
			if len(q.Attributes) == 0 || q.Attributes[0] != "member;range=10-*" {
				return false
			}
			if n.Add(1)-1 != int64(broken) {
				return false
			}
			q.Hangup()
			return true
		})
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
