package provisioning_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestAdopt(t *testing.T) {
	account := func(id string, attributes ...string) *provisioning.Record { return person(id, attributes...) }
	for _, c := range []struct {
		name   string
		rules  []provisioning.Match
		sink   []*provisioning.Record
		source []*provisioning.Record
		want   map[provisioning.ID]provisioning.ID // by source, what it is in the sink
		held   []string
	}{
		{
			name:   "one match, whatever the case",
			rules:  []provisioning.Match{{Attributes: []string{"userName"}}},
			sink:   []*provisioning.Record{account("t1", "userName", " Anna@Example.com")},
			source: []*provisioning.Record{person("s1", "userName", "anna@example.com")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "t1"},
		},
		{
			name:   "exactly",
			rules:  []provisioning.Match{{Attributes: []string{"employee"}, Exact: true}},
			sink:   []*provisioning.Record{account("t1", "employee", "A1"), account("t2", "employee", "a1")},
			source: []*provisioning.Record{person("s1", "employee", "a1")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "t2"},
		},
		{
			name:   "the second rule, when the first finds nobody",
			rules:  []provisioning.Match{{Attributes: []string{"employee"}}, {Attributes: []string{"userName"}}},
			sink:   []*provisioning.Record{account("t1", "userName", "anna")},
			source: []*provisioning.Record{person("s1", "employee", "1", "userName", "anna")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "t1"},
		},
		{
			name:   "two attributes must both match",
			rules:  []provisioning.Match{{Attributes: []string{"userName", "birthday"}}},
			sink:   []*provisioning.Record{account("t1", "userName", "anna", "birthday", "1")},
			source: []*provisioning.Record{person("s1", "userName", "other", "birthday", "1"), person("s2", "userName", "anna", "birthday", "2")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "user-1"},
		},
		{
			name:   "rules of another kind",
			rules:  []provisioning.Match{{Kind: provisioning.Group, Attributes: []string{"employee"}}},
			sink:   []*provisioning.Record{account("t1", "employee", "1")},
			source: []*provisioning.Record{person("s1", "employee", "1")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "user-1"},
		},
		{
			name:   "values are kept apart, whatever is in them",
			rules:  []provisioning.Match{{Attributes: []string{"company", "employee"}}},
			sink:   []*provisioning.Record{account("t1", "company", "a", "employee", "b\x00c")},
			source: []*provisioning.Record{person("s1", "company", "a\x00b", "employee", "c")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "user-1"},
		},
		{
			name:   "several of the sink",
			rules:  []provisioning.Match{{Attributes: []string{"employee"}}},
			sink:   []*provisioning.Record{account("t1", "employee", "1"), account("t2", "employee", "1")},
			source: []*provisioning.Record{person("s1", "employee", "1")},
			held:   []string{"s1: several records of the sink match it by employee; link the right one by hand: [{User  t1} {User  t2}]"},
		},
		{
			name:   "several of the source",
			rules:  []provisioning.Match{{Attributes: []string{"employee"}}},
			sink:   []*provisioning.Record{account("t1", "employee", "1")},
			source: []*provisioning.Record{person("s1", "employee", "1"), person("s2", "employee", "1")},
			held: []string{
				"s1: several records of the source match the same one of the sink by employee; link the right one by hand: [{User s2 t1}]",
				"s2: several records of the source match the same one of the sink by employee; link the right one by hand: [{User s1 t1}]",
			},
		},
		{
			name:  "never one that is linked",
			rules: []provisioning.Match{{Attributes: []string{"employee"}}},
			sink: []*provisioning.Record{{Kind: provisioning.User, ID: "t1", ExternalID: "of another",
				Attributes: provisioning.Attributes{"employee": {"1"}}}},
			source: []*provisioning.Record{person("s1", "employee", "1")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "user-1"},
		},
		{
			name:   "an empty value matches nobody",
			rules:  []provisioning.Match{{Attributes: []string{"employee"}}},
			sink:   []*provisioning.Record{account("t1", "employee", "")},
			source: []*provisioning.Record{person("s1", "employee", "")},
			want:   map[provisioning.ID]provisioning.ID{"s1": "user-1"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(0)
			j.dst, j.opts.Policy.Adopt = memory.New(nil), c.rules
			j.sink, j.opts.Concurrency = j.dst, 1
			j.dst.Put(c.sink...)
			j.src.Put(c.source...)
			report := j.run(t)
			for source, target := range c.want {
				got := j.of(t, provisioning.Ref{Kind: provisioning.User, ID: source})
				require.NotNil(t, got)
				require.Equal(t, target, got.ID)
			}
			var reasons []string
			for _, h := range report.Held {
				reasons = append(reasons, fmt.Sprintf("%s: %s: %v", h.Source, h.Reason, h.With))
			}
			require.Equal(t, c.held, reasons)
			j.converged(t)
		})
	}
}

// Whom the sink has and nobody adopted is a stranger, whatever the reason: no group gets it as a member.
func TestAStrangerGetsNoMemberships(t *testing.T) {
	for _, c := range []struct {
		name string
		make func(*provisioning.Options)
		sink func(*memory.Store) provisioning.Sink
		bad  bool // the sink refuses the adoption at first
	}{
		{"the sink refuses the adoption", func(*provisioning.Options) {}, nil, true},
		{"the sink refuses it, in a batch", func(*provisioning.Options) {}, func(s *memory.Store) provisioning.Sink { return memory.Batching{Store: s} }, true},
		{"the sink refuses it, and edits no references", func(*provisioning.Options) {}, func(s *memory.Store) provisioning.Sink { return s.Bare() }, true},
		{"the policy forbids it", func(o *provisioning.Options) { o.Policy.Forbid = []provisioning.Op{provisioning.Adopt} }, nil, false},
		{"it waits for approval", func(o *provisioning.Options) {
			o.OnRefused = provisioning.StageRisky
			o.Limits.Adopt = provisioning.Limit{Count: 1}
		}, nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(60)
			bad := c.bad
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if call.Name == "Update" && bad && call.Ref.ID == "by hand 200" {
					return provisioning.ErrInvalid
				}
				return nil
			}})
			j.sink = j.dst
			if c.sink != nil {
				j.sink = c.sink(j.dst)
			}
			j.src.Put(group("admins", 1))
			j.clean(t)
			before := j.opts
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
			c.make(&j.opts)
			for n := 200; n < 205; n++ {
				byHand := user(n)
				byHand.ID = provisioning.ID(fmt.Sprint("by hand ", n))
				j.dst.Put(byHand)
				j.src.Put(user(n))
			}
			j.src.Put(group("admins", 1, 200), group("guests", 200))
			for n := range 4 { // The first time it fails, later it is put off.
				j.run(t)
				require.Len(t, j.of(t, gref("admins")).Refs["members"], 1, "run %d", n)
				require.Empty(t, j.of(t, gref("guests")).Refs["members"], "run %d", n)
			}
			// Once it is adopted it gets what waited for that.
			bad = false
			j.opts.Policy.Forbid, j.opts.OnRefused, j.opts.Limits = nil, before.OnRefused, before.Limits
			mended := user(200)
			mended.Attributes.Set("displayName", "Mended")
			j.src.Put(mended)
			j.clean(t)
			require.Equal(t, provisioning.ID("by hand 200"), j.of(t, uref(200)).ID)
			require.Len(t, j.of(t, gref("admins")).Refs["members"], 2)
			require.Len(t, j.of(t, gref("guests")).Refs["members"], 1)
		})
	}
}

// So it is when the adoption is made on demand, or approved, in a job that reads only what changed: the group is looked at then.
func TestMembershipsComeWithAnAdoption(t *testing.T) {
	for _, approve := range []bool{false, true} {
		t.Run(fmt.Sprintf("approved %v", approve), func(t *testing.T) {
			j := stagedJob(t, true)
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
			j.opts.Limits.Adopt = provisioning.Limit{Count: 1}
			j.clean(t)
			for n := 200; n < 205; n++ {
				byHand := user(n)
				byHand.ID = provisioning.ID(fmt.Sprint("by hand ", n))
				j.dst.Put(byHand)
				j.src.Put(user(n))
			}
			j.src.Put(group("small", 1, 2, 3, 200))
			staged := j.staged(t).Staged
			require.Equal(t, map[string]int{"adopt User": 5}, ops(staged))
			require.Len(t, j.of(t, gref("small")).Refs["members"], 3)
			if approve {
				staged = saved(t, staged)
				require.NoError(t, staged.Approve(staged.Token()))
				report, err := j.reconciler(t).Apply(t.Context(), staged)
				require.NoError(t, err)
				require.NoError(t, report.Err())
			} else {
				trace, err := j.reconciler(t).Sync(t.Context(), uref(200))
				require.NoError(t, err)
				require.NoError(t, trace.Report.Err())
			}
			j.run(t)
			require.Len(t, j.of(t, gref("small")).Refs["members"], 4)
		})
	}
}

func TestUnique(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Unique = []string{"mail"}
	has := func(n int, mail string) *provisioning.Record {
		r := user(n)
		r.Attributes.Set("mail", mail)
		return r
	}
	j.src.Put(has(1, "one@example.com"))
	j.clean(t)
	// The one who has it goes on, the newcomer is held.
	first := has(1, "one@example.com")
	first.Attributes.Set("displayName", "Changed")
	j.src.Put(first, has(30, "One@Example.com"))
	// Neither of two newcomers has it.
	j.src.Put(has(31, "same@example.com"), has(32, "same@example.com"))
	report := j.run(t)
	require.Equal(t, "Changed", j.of(t, uref(1)).Attributes.Get("displayName"))
	var held []string
	for _, h := range report.Held {
		held = append(held, fmt.Sprint(h.Source, " with ", h.With))
	}
	require.Equal(t, []string{"guid-30 with [{User guid-1 }]", "guid-31 with [{User guid-32 }]", "guid-32 with [{User guid-31 }]"}, held)
}

// Who is held for one value is still to have the others, whatever the order in which the policy names them.
func TestUniqueInAnyOrder(t *testing.T) {
	for _, names := range [][]string{{"mail", "phone"}, {"phone", "mail"}} {
		j := newJob(0)
		j.opts.Policy.Unique = names
		for n, attributes := range [][]string{{"mail", "a", "phone", "1"}, {"mail", "a", "phone", "2"}, {"mail", "b", "phone", "2"}} {
			j.src.Put(person(string(uid(n)), append(attributes, "userName", string(uid(n)))...))
		}
		p := j.plan(t)
		require.Empty(t, p.Changes, names)
		require.Len(t, p.Held, 3)
	}
}

// A rule that gives everybody the same value ends in one clear plan, in bounded time and memory.
func TestEverybodyHasTheSameValue(t *testing.T) {
	const people = 20_000
	j := newJob(0)
	j.dst = memory.New(nil)
	j.sink = j.dst
	j.opts.Policy.Unique = []string{"mail"}
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"department"}}}
	for n := range people {
		r := person(fmt.Sprint("s", n), "department", "Sales", "mail", "info@example.com")
		j.src.Put(r)
		r.ID = provisioning.ID(fmt.Sprint("t", n))
		j.dst.Put(r)
	}
	p := j.plan(t)
	require.True(t, p.Empty())
	require.Len(t, p.Held, people)
	for _, h := range p.Held {
		require.LessOrEqual(t, len(h.With), 10)
	}
}
