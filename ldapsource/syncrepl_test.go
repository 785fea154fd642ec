package ldapsource_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
)

// write changes the mail address of the first n people, in a way that is never the same.
func write(t *testing.T, d *lab.Directory, n int) {
	t.Helper()
	admin := d.Admin(t)
	for i := range n {
		m := ldap.NewModifyRequest(d.DN(&d.Company.People[i].Entry), nil)
		m.Replace("mail", []string{fmt.Sprintf("%s%d@x.example", strings.ToLower(t.Name()[len(t.Name())-3:]), i)})
		require.NoError(t, admin.Modify(m))
	}
}

// What a real server does when it cannot tell what changed: everything has to be read, and then it goes on from there.
func TestSyncreplExpired(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options lab.SlapdOptions
		do      func(t *testing.T, d *lab.Directory, r *replica)
		says    string
	}{
		{
			name: "a refresh is required", options: lab.SlapdOptions{Config: "syncprov-reloadhint TRUE"},
			do: func(t *testing.T, d *lab.Directory, r *replica) {
				write(t, d, 3)
				d.Stop() // and with it goes the session log
				d.Start()
				write(t, d, 3)
				r.edit("csn=20", "csn=19") // older than anything it knows
			},
			says: "4096",
		},
		{
			name: "the session log is lost with a restart",
			do: func(t *testing.T, d *lab.Directory, _ *replica) {
				write(t, d, 3)
				d.Kill()
				d.Start()
			},
			says: "session log",
		},
		{
			name: "the session log is too short", options: lab.SlapdOptions{Config: "syncprov-sessionlog 5"},
			do:   func(t *testing.T, d *lab.Directory, _ *replica) { write(t, d, 20) },
			says: "session log",
		},
		{
			name: "more changes than an answer may have", options: lab.SlapdOptions{SizeLimit: 10, PageSize: 100},
			do:   func(t *testing.T, d *lab.Directory, _ *replica) { write(t, d, 20) },
			says: "refuses",
		},
		{
			name: "an older copy was put back",
			do:   func(_ *testing.T, _ *lab.Directory, r *replica) { r.edit("csn=20", "csn=21") },
			says: "refuses",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.options.People = 50
			d := lab.Slapd(t, &tc.options)
			o := options(d)
			o.PageSize = 100
			r := follow(t, newSource(t, d.TLSURL, o))
			tc.do(t, d, r)
			r.expired(tc.name, tc.says)
			r = follow(t, r.s)
			write(t, d, 1)
			if n := r.whole("from then on"); n < 1 || n > 5 { // after a crash its contextCSN may lie a little behind
				t.Errorf("%d changes, want 1", n)
			}
		})
	}
	t.Run("a restart without changes costs nothing", func(t *testing.T) {
		d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 50}})
		r := follow(t, newSource(t, d.TLSURL, options(d)))
		write(t, d, 1)
		require.Equal(t, 1, r.whole("before"))
		d.Stop()
		d.Start()
		require.Zero(t, r.whole("after"))
	})
}

// An account that may not read the contextCSN, or a server without syncprov: everything is read, and nobody has to care.
func TestSyncreplMissing(t *testing.T) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 30}, Config: "access to attrs=userPassword by anonymous auth\naccess to attrs=contextCSN by * none\naccess to * by users read"})
	o := options(d)
	if c, err := newSource(t, d.TLSURL, o).Cursor(t.Context()); !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "contextCSN") {
		t.Errorf("cursor %q, error %v; want ErrUnsupported that says why", decoded(c), err)
	}
	o.Increments = ldapsource.DirSync
	if c, err := newSource(t, d.TLSURL, o).Cursor(t.Context()); err == nil || errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "dirsync") {
		t.Errorf("cursor %q, error %v; want an error that is not passed over, since DirSync was named", decoded(c), err)
	}
}

// syncState and syncDone are controls of RFC 4533 sections 2.2 and 2.4.
func syncState(state int, uuid string) ldap.Control {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, state, ""))
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, uuid, ""))
	return ldap.NewControlString(ldap.ControlTypeSyncState, false, string(p.Bytes()))
}

func syncDone(cookie string, deletes bool) ldap.Control {
	p := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSequence, nil, "")
	p.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, cookie, ""))
	p.AppendChild(ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, deletes, ""))
	return ldap.NewControlString(ldap.ControlTypeSyncDone, false, string(p.Bytes()))
}

// Answers that a server other than OpenLDAP may give.
func TestSyncreplAnswers(t *testing.T) {
	const one = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	entry := func(q *ldaptest.Search, state int) {
		q.Entry("cn=a,dc=x", nil, syncState(state, one))
	}
	for _, tc := range []struct {
		name   string
		answer func(q *ldaptest.Search)
		is     error
		n      int // records that are gone, one for each kind
	}{
		{"nothing", func(q *ldaptest.Search) { q.Done(0, "", syncDone("c2", true)) }, nil, 0},
		{"an entry deleted", func(q *ldaptest.Search) { entry(q, 3); q.Done(0, "", syncDone("c2", true)) }, nil, 2},
		{"an entry changed", func(q *ldaptest.Search) { entry(q, 2); q.Done(0, "", syncDone("c2", true)) }, nil, 2},
		{"an entry present", func(q *ldaptest.Search) { entry(q, 0); q.Done(0, "", syncDone("c2", true)) }, provisioning.ErrCursorExpired, 0},
		{"a present phase", func(q *ldaptest.Search) { entry(q, 1); q.Done(0, "", syncDone("c2", false)) }, provisioning.ErrCursorExpired, 0},
		{"a refresh is required", func(q *ldaptest.Search) { q.Done(4096, "") }, provisioning.ErrCursorExpired, 0},
		{"no state", func(q *ldaptest.Search) { q.Entry("cn=a,dc=x", nil); q.Done(0, "", syncDone("c2", true)) }, ldapsource.ErrProtocol, 0},
		{"no end", func(q *ldaptest.Search) { entry(q, 2); q.Done(0, "") }, ldapsource.ErrIncomplete, 0},
		{"a referral", func(q *ldaptest.Search) {
			q.Reference("ldap://other/dc=y,dc=x")
			q.Done(0, "", syncDone("c2", true))
		}, ldapsource.ErrIncomplete, 0},
		{"cut off", func(q *ldaptest.Search) { entry(q, 2); q.Hangup() }, provisioning.ErrUnavailable, 0},
		{"busy", func(q *ldaptest.Search) { q.Done(51, "") }, provisioning.ErrUnavailable, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			asked := 0
			s := ldaptest.NewServer(t, map[string][]string{"namingContexts": {"dc=x"},
				"supportedControl": {ldap.ControlTypePaging, ldap.ControlTypeSyncRequest}}, func(q *ldaptest.Search) {
				_, sync := q.Controls[ldap.ControlTypeSyncRequest]
				_, _, paged := q.Page()
				switch {
				case sync && asked == 0: // the first refresh, for the cookie
					asked++
					entry(q, 1)
					q.Done(0, "", syncDone("c1", false))
				case sync:
					tc.answer(q)
				case paged:
					q.Done(0, "", ldaptest.Cookie(""))
				default: // the naming context, which has no contextCSN
					q.Entry("dc=x", map[string][]string{"entryUUID": {"00000000-0000-0000-0000-000000000001"}})
					q.Done(0, "")
				}
			})
			source := newSource(t, s.URL, &ldapsource.Options{AllowPlaintext: true, Increments: ldapsource.Syncrepl})
			cursor, err := source.Cursor(t.Context())
			require.NoError(t, err)
			require.Contains(t, decoded(cursor), `"dc=x":"c1"`)
			n, reached, err := deltas(t.Context(), source, cursor)
			if !errors.Is(err, tc.is) || n != tc.n || reached != (tc.is == nil) {
				t.Errorf("%d changes, cursor %v, error %v; want %d, %v", n, reached, err, tc.n, tc.is)
			}
		})
	}
}
