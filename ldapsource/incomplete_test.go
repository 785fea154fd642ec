package ldapsource_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

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
			d.SetBefore(func(q *ldaptest.Search) bool {
				if cookie, _, _ := q.Page(); cookie != "20" {
					return false
				}
				tc.answer(q)
				return true
			})
			records, _, end := read(t, plain(t, d, ldapsource.Options{}), provisioning.User)
			if len(records) != 20 || !errors.Is(end, tc.is) {
				t.Errorf("%d records, error %v; want 20 and %v", len(records), end, tc.is)
			}
		})
	}
	t.Run("a reference that was allowed", func(t *testing.T) {
		d := ldaptest.NewDirectory(t)
		putPeople(d, 5)
		d.SetBefore(func(q *ldaptest.Search) bool {
			q.Reference("ldap://child.fake.example/DC=child," + ldaptest.Base)
			return false
		})
		records, _, end := read(t, plain(t, d, ldapsource.Options{IgnoreReferences: true}), provisioning.User)
		if len(records) != 5 || end != nil {
			t.Errorf("%d records, error %v; want 5", len(records), end)
		}
	})
}

// An entry whose name cannot be read may be in scope: it is held, and not left out.
func TestUnreadableName(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	putPeople(d, 2)
	d.SetBefore(func(q *ldaptest.Search) bool {
		if !q.Wants("cn") {
			return false
		}
		q.Entry("no name at all", map[string][]string{"objectGUID": {"0123456789abcdef"}, "cn": {"x"}})
		return false
	})
	records, bad, err := read(t, plain(t, d, ldapsource.Options{}), provisioning.User)
	if err != nil || len(records) != 2 || len(bad) != 1 || !strings.Contains(bad[0].Error(), "name that cannot be read") {
		t.Errorf("%d records, errors %v, %v; want two and one that is held", len(records), bad, err)
	}
}
