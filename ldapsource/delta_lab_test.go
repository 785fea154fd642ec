package ldapsource_test

import (
	"testing"

	"github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/lab"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/ldapsource/internal/ldaptest"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// whole checks that the deltas lead to what a full read gives, to the last value and reference.
func (r *replica) whole(what string) int {
	r.t.Helper()
	n, err := r.catchUp()
	require.NoError(r.t, err, what)
	if diff := cmp.Diff(full(r.t, r.s), r.records, sets); diff != "" {
		r.t.Errorf("%s: the deltas led to something else than a full read gives (-full +deltas):\n%s", what, diff)
	}
	return n
}

// labs are the directories of the lab with the ways that each has.
var labs = []struct {
	name string
	way  ldapsource.Increments
	open func(t *testing.T) (*lab.Directory, *ldapsource.Options)
}{
	{"slapd", ldapsource.Syncrepl, openSlapd},
	{"samba", ldapsource.DirSync, openReplicator},
	{"samba, without the right to replicate", ldapsource.DirSync, openSamba},
	{"samba", ldapsource.USN, openSamba},
	{"389 Directory Server", ldapsource.Changelog, openDS389},
}

func openSlapd(t *testing.T) (*lab.Directory, *ldapsource.Options) {
	d := lab.Slapd(t, &lab.SlapdOptions{Contents: lab.Contents{People: 300}})
	return d, options(d)
}

func openSamba(t *testing.T) (*lab.Directory, *ldapsource.Options) {
	d := lab.Samba(t, &lab.SambaOptions{Contents: lab.Contents{People: 200}})
	grantDeleted(t, d, "svc-sync")
	return d, sambaOptions(d)
}

func openReplicator(t *testing.T) (*lab.Directory, *ldapsource.Options) {
	d, o := openSamba(t)
	grantDeleted(t, d, "svc-dirsync")
	o.Bind = ldapsource.SimpleBind{DN: d.ReplicatorDN, Password: d.Password}
	return d, o
}

func openDS389(t *testing.T) (*lab.Directory, *ldapsource.Options) {
	d := lab.DS389(t, &lab.DS389Options{Contents: lab.Contents{People: 200}})
	return d, options(d)
}

// A full read and the deltas of a day lead to what a full read gives after it, by every way. The best way is the one named.
func TestDeltasLaw(t *testing.T) {
	for _, tc := range labs {
		t.Run(tc.name+" "+string(tc.way), func(t *testing.T) {
			d, o := tc.open(t)
			if tc.way != ldapsource.USN {
				c, err := newSource(t, d.TLSURL, o).Cursor(t.Context())
				require.NoError(t, err)
				require.Contains(t, decoded(c), `"m":"`+string(tc.way)+`"`)
			}
			o.Increments = tc.way
			r := follow(t, newSource(t, d.TLSURL, o))
			require.Zero(t, r.whole("nothing happened"))
			d.NextDay(t)
			if n := r.whole("a day"); n < 20 || n > 100 {
				t.Errorf("%d records were given, want those that the day changed", n)
			}
			require.Zero(t, r.whole("nothing more happened"))
		})
	}
}

// A reconciler that runs from what changed leaves nothing for a full plan to do.
func TestReconcileIncrements(t *testing.T) {
	for _, tc := range labs {
		t.Run(tc.name+" "+string(tc.way), func(t *testing.T) {
			d, o := tc.open(t)
			o.Increments = tc.way
			source := newSource(t, d.TLSURL, o)
			sink := memory.New(nil)
			r, err := provisioning.New(source, plainMapper{}, sink, nil)
			require.NoError(t, err)
			report, err := r.Run(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
			require.False(t, report.Plan.Partial)
			d.NextDay(t)
			report, err = r.Run(t.Context())
			require.NoError(t, err)
			require.NoError(t, report.Err())
			require.True(t, report.Plan.Partial, "everything was read")
			require.NotEmpty(t, report.Plan.Changes)
			plan, err := r.Plan(t.Context())
			require.NoError(t, err)
			for _, c := range plan.Changes {
				t.Errorf("left to do: %s %s/%s (%v)", c.Op, c.Kind, c.Source, c.RefNames())
			}
		})
	}
}

// plainMapper gives what the source has, with the people who are gone left alone otherwise.
type plainMapper struct{}

func (plainMapper) Map(src *provisioning.Record) (*provisioning.Record, error) {
	r := src.Clone()
	r.ID, r.Version = "", ""
	delete(r.Attributes, "manager") // a name, which is not known before the manager is
	return r, nil
}

// A source that cannot tell what changed is read whole by each run, and that is no failure.
func TestReconcileWithout(t *testing.T) {
	d := ldaptest.NewDirectory(t)
	p := putPeople(d, 5)
	source := plain(t, d, ldapsource.Options{Attributes: []string{"cn", "memberOf"}})
	r, err := provisioning.New(source, plainMapper{}, memory.New(nil), nil)
	require.NoError(t, err)
	for _, name := range p[:3] {
		report, err := r.Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.False(t, report.Plan.Partial)
		require.NotEmpty(t, report.Plan.Changes)
		d.Put(name, map[string][]string{"cn": {"changed"}})
	}
}

// BenchmarkDeltas reads three changes of a directory of 10,000 people, beside a full read.
func BenchmarkDeltas(b *testing.B) {
	d := lab.Slapd(b, &lab.SlapdOptions{Contents: lab.Contents{People: 10_000}})
	s := newSource(b, d.TLSURL, options(d))
	cursor, err := s.Cursor(b.Context())
	require.NoError(b, err)
	admin := d.Admin(b)
	for _, p := range d.Company.People[:3] {
		m := ldap.NewModifyRequest(d.DN(&p.Entry), nil)
		m.Replace("mail", []string{"changed@x.example"})
		require.NoError(b, admin.Modify(m))
	}
	b.Run("deltas", func(b *testing.B) {
		for b.Loop() {
			n := 0
			for delta, err := range s.Deltas(b.Context(), cursor) {
				require.NoError(b, err)
				if delta.Record != nil {
					n++
				}
			}
			require.Equal(b, 3, n)
		}
	})
	b.Run("full", func(b *testing.B) {
		for b.Loop() {
			for _, kind := range both {
				for _, err := range s.Records(b.Context(), kind) {
					require.NoError(b, err)
				}
			}
		}
	})
}
