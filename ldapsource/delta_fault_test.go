package ldapsource_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// deltas collects what Deltas gives: how many records, whether a cursor, and the error that ended it.
func deltas(ctx context.Context, s *ldapsource.Source, since provisioning.Cursor) (n int, reached bool, end error) {
	for d, err := range s.Deltas(ctx, since) {
		if err != nil {
			return n, reached, err
		}
		if d.Ref.ID != "" {
			n++
		}
		reached = reached || d.Cursor != ""
	}
	return n, reached, nil
}

// A read of what changed that ends early says so, and gives no cursor, wherever its connection breaks.
func TestDeltasCut(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN, ldapsource.Modified} {
		t.Run(string(way), func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			d.PageCap = 5
			p := putPeople(d, 12)
			cutter := ldaptest.NewCutter(t, d.URL, -1)
			o := ldapsource.Options{Increments: way, AllowPlaintext: true, Attributes: []string{"cn", "members"}}
			start := newSource(t, cutter.URL, &o)
			cursor, err := start.Cursor(t.Context())
			require.NoError(t, err)
			putGroup(d, "g", 1100, p...)
			for _, name := range p {
				d.Put(name, map[string][]string{"cn": {"changed"}})
			}
			whole, reached, err := deltas(t.Context(), start, cursor)
			require.NoError(t, err)
			require.True(t, reached)
			start.Close() // the next read has to connect
			broke := 0
			for cut := 0; cut < 12_000; cut += 97 {
				cutter.Cut(cut)
				n, reached, err := deltas(t.Context(), newSource(t, cutter.URL, &o), cursor)
				switch {
				case err == nil && (n != whole || !reached):
					t.Errorf("cut after %d bytes: %d of %d changes, and no error", cut, n, whole)
				case err != nil && reached:
					t.Errorf("cut after %d bytes: a cursor, and then error %v", cut, err)
				case err != nil && !errors.Is(err, provisioning.ErrUnavailable):
					t.Errorf("cut after %d bytes: error %v, want ErrUnavailable", cut, err)
				case err != nil:
					broke++
				}
			}
			if broke == 0 {
				t.Error("no cut broke a read")
			}
		})
	}
}

func TestDeltasCancelled(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 20)
	s := plain(t, d, ldapsource.Options{})
	cursor, err := s.Cursor(t.Context())
	require.NoError(t, err)
	for _, name := range p {
		d.Put(name, map[string][]string{"cn": {"changed"}})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, reached, err := deltas(ctx, s, cursor); n > 0 || reached || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %d changes, cursor %v, error %v", n, reached, err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	var end error
	for delta, err := range s.Deltas(ctx, cursor) {
		if delta.Cursor != "" {
			t.Error("a cancelled read gave a cursor")
		}
		end = err
		cancel()
	}
	if !errors.Is(end, context.Canceled) {
		t.Errorf("cancelled meanwhile: error %v", end)
	}
	for range s.Deltas(t.Context(), cursor) { // leaving early is safe
		break
	}
	if n, reached, err := deltas(t.Context(), s, cursor); n != 20 || !reached || err != nil {
		t.Errorf("afterwards: %d changes, cursor %v, error %v; want 20", n, reached, err)
	}
}

// What can no longer be followed is expired, never an empty answer.
func TestCursorExpired(t *testing.T) {
	day := func(n int) string { return time.Now().UTC().AddDate(0, 0, -n).Format("2006-01-02") }
	today := day(0)
	for _, tc := range []struct {
		name, old, put string
		options        func(o *ldapsource.Options)
		server         func(d *ldaptest.Directory)
		says           string
	}{
		{name: "nothing was changed", says: ""},
		{name: "40 days old", old: `"t":"` + today, put: `"t":"` + day(40), says: ""},
		{name: "60 days old", old: `"t":"` + today, put: `"t":"` + day(60), says: "forgets"},
		{name: "100 days old, of 180", old: `"t":"` + today, put: `"t":"` + day(100), server: lifetime180, says: ""},
		{name: "180 days old, of 180", old: `"t":"` + today, put: `"t":"` + day(180), server: lifetime180, says: "forgets"},
		{name: "another version", old: `"v":1`, put: `"v":2`, says: "another version"},
		{name: "another domain", old: `"s":"`, put: `"s":"0`, says: "another server"},
		{name: "another filter", options: func(o *ldapsource.Options) {
			o.Filters = map[provisioning.Kind]string{provisioning.User: "(cn=p*)"}
		}, says: "options"},
		{name: "another scope", options: func(o *ldapsource.Options) { o.Exclude = []string{personDN("p1")} }, says: "options"},
		{name: "other attributes", options: func(o *ldapsource.Options) { o.Attributes = []string{"cn"} }, says: "options"},
		{name: "another way", options: func(o *ldapsource.Options) { o.Increments = ldapsource.USN }, says: "Increments"},
		{name: "none any more", options: func(o *ldapsource.Options) { o.Increments = ldapsource.NoIncrements }, says: "none"},
		{name: "the right was taken away", server: func(d *ldaptest.Directory) {
			d.SetBefore(func(q *ldaptest.Search) bool {
				_, ok := q.DirSyncFlags()
				if ok {
					q.Done(ldap.LDAPResultInsufficientAccessRights, "")
				}
				return ok
			})
		}, says: "refuses"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			putPeople(d, 3)
			o := ldapsource.Options{AllowPlaintext: true, Attributes: []string{"cn", "members"}}
			r := &replica{t: t, s: newSource(t, d.URL, &o)}
			var err error
			r.cursor, err = r.s.Cursor(t.Context())
			require.NoError(t, err)
			if tc.old != "" {
				r.edit(tc.old, tc.put)
			}
			if tc.options != nil {
				tc.options(&o)
				r.s = newSource(t, d.URL, &o)
			}
			if tc.server != nil {
				tc.server(d)
			}
			if tc.says == "" {
				_, _, err := deltas(t.Context(), r.s, r.cursor)
				require.NoError(t, err)
			} else {
				r.expired(tc.name, tc.says)
			}
		})
	}
	for _, c := range []provisioning.Cursor{"", "a cursor that nobody gave", "e30"} {
		s, err := ldapsource.New("ldaps://127.0.0.1:1", nil)
		require.NoError(t, err)
		if _, _, err := deltas(t.Context(), s, c); !errors.Is(err, provisioning.ErrCursorExpired) {
			t.Errorf("cursor %q: error %v, want ErrCursorExpired", c, err)
		}
	}
}

// lifetime180 lets a directory remember what was deleted for 180 days, as new ones do.
func lifetime180(d *ldaptest.Directory) {
	d.Put("CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,"+ldaptest.Base,
		map[string][]string{"objectClass": {"nTDSService"}, "tombstoneLifetime": {"180"}})
}

// A domain controller whose database was restored, but kept its identity, counts less than before.
func TestUSNLower(t *testing.T) {
	d, r, p := fakeFollow(t, ldapsource.Options{Increments: ldapsource.USN})
	d.Put(p[1], map[string][]string{"cn": {"changed"}})
	r.check("a change", 1)
	d.Root["highestCommittedUSN"] = []string{"7"}
	r.expired("restored", "counts less")
}

// A server from before incremental values gives whole groups; what they became is seen all the same.
func TestDirSyncWhole(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 5)
	putGroup(d, "g", 1100, p[:2]...)
	d.SetBefore(func(q *ldaptest.Search) bool {
		flags, _ := q.DirSyncFlags()
		if flags&0x80000000 == 0 {
			return false
		}
		q.Done(ldap.LDAPResultUnwillingToPerform, "")
		return true
	})
	r := follow(t, plain(t, d, ldapsource.Options{}))
	putGroup(d, "g", 1100, p[1:4]...)
	if n := r.whole("other members"); n != 1 {
		t.Errorf("%d changes, want 1", n)
	}
}

// DirSync that says "more" for ever, and gives nothing, ends with an error.
func TestDirSyncEndless(t *testing.T) {
	for _, tc := range []struct {
		name string
		done func(q *ldaptest.Search)
		is   error
	}{
		{"the same cookie", func(q *ldaptest.Search) { q.Done(0, "", ldaptest.DirSyncDone(1, "same")) }, ldapsource.ErrIncomplete},
		{"a change of nobody", func(q *ldaptest.Search) {
			q.Entry("cn=a", map[string][]string{"cn": {"a"}})
			q.Done(0, "", ldaptest.DirSyncDone(0, "next"))
		}, ldapsource.ErrIncomplete},
		{"no cookie", func(q *ldaptest.Search) { q.Done(0, "", ldaptest.DirSyncDone(1, "")) }, ldapsource.ErrIncomplete},
		{"no control", func(q *ldaptest.Search) { q.Done(0, "") }, ldapsource.ErrIncomplete},
		{"cut off", func(q *ldaptest.Search) { q.Hangup() }, provisioning.ErrUnavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := ldaptest.NewDirectory(t)
			putPeople(d, 3)
			s := plain(t, d, ldapsource.Options{})
			cursor, err := s.Cursor(t.Context())
			require.NoError(t, err)
			d.SetBefore(func(q *ldaptest.Search) bool {
				_, ok := q.DirSyncFlags()
				if ok {
					tc.done(q)
				}
				return ok
			})
			if n, reached, err := deltas(t.Context(), s, cursor); n > 0 || reached || !errors.Is(err, tc.is) {
				t.Errorf("%d changes, cursor %v, error %v; want %v", n, reached, err, tc.is)
			}
		})
	}
}

// A domain controller that cannot be reached, or that another one answers for, has its own numbers, and may not have heard
// of what the other one has told.
func TestPinned(t *testing.T) {
	for _, way := range []ldapsource.Increments{ldapsource.USN, ldapsource.DirSync} {
		t.Run(string(way), func(t *testing.T) { testPinned(t, way) })
	}
}

func testPinned(t *testing.T, way ldapsource.Increments) {
	first, second := ldaptest.NewDirectory(t), ldaptest.NewDirectory(t)
	putPeople(first, 3)
	putPeople(second, 3)
	second.Put(second.Root["dsServiceName"][0], map[string][]string{"invocationId": {"fedcba9876543210"}})
	o := ldapsource.Options{Increments: way, AllowPlaintext: true, Fallbacks: []string{second.URL}}
	r := &replica{t: t, s: newSource(t, first.URL, &o)}
	var err error
	r.cursor, err = r.s.Cursor(t.Context())
	require.NoError(t, err)
	first.Put(personDN("p1"), map[string][]string{"cn": {"changed"}})

	// Whatever the order in which the servers are named, the one that the cursor is of is asked.
	o.Fallbacks = []string{first.URL}
	r.s = newSource(t, second.URL, &o)
	if n, _, err := deltas(t.Context(), r.s, r.cursor); n != 1 || err != nil {
		t.Errorf("asked for by its address: %d changes, error %v; want 1", n, err)
	}
	address := strings.TrimPrefix(first.URL, "ldap://")
	r.edit(address, strings.TrimPrefix(second.URL, "ldap://"))
	r.expired("another controller at the address", "another server")
	cutter := ldaptest.NewCutter(t, first.URL, 0)
	r.edit(strings.TrimPrefix(second.URL, "ldap://"), strings.TrimPrefix(cutter.URL, "ldap://"))
	o.Fallbacks = []string{cutter.URL}
	r.s = newSource(t, second.URL, &o)
	r.expired("the controller is down", "cannot be reached")
	r.s = newSource(t, cutter.URL, &ldapsource.Options{Increments: way, AllowPlaintext: true})
	if _, _, err := deltas(t.Context(), r.s, r.cursor); !errors.Is(err, provisioning.ErrUnavailable) || errors.Is(err, provisioning.ErrCursorExpired) {
		t.Errorf("the only controller is down: error %v, want ErrUnavailable", err)
	}
}

// A server that is restarted between two reads loses nothing.
func TestDeltasRestart(t *testing.T) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 50}})
	grantDeleted(t, d, "svc-sync")
	for _, way := range []ldapsource.Increments{ldapsource.DirSync, ldapsource.USN} {
		o := sambaOptions(d)
		o.Increments = way
		r := follow(t, newSource(t, d.TLSURL, o))
		m := ldap.NewModifyRequest(d.DN(&d.Company.People[3].Entry), nil)
		m.Replace("mail", []string{string(way) + "@x.example"})
		require.NoError(t, d.Admin(t).Modify(m))
		d.Kill()
		d.Start()
		if n := r.whole("restarted"); n != 1 {
			t.Errorf("%s: %d changes, want 1", way, n)
		}
	}
}
