package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestGone(t *testing.T) {
	for _, c := range []struct {
		name         string
		gone         map[provisioning.Kind]provisioning.Gone
		user, group_ string
	}{
		{"by default users are disabled and groups kept", nil, "disabled", "enabled"},
		{"keep", map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneKeep}, "enabled", "enabled"},
		{"delete at once", map[provisioning.Kind]provisioning.Gone{
			provisioning.User: provisioning.GoneDelete, provisioning.Group: provisioning.GoneDelete}, "deleted", "deleted"},
		{"groups are disabled where they can be", map[provisioning.Kind]provisioning.Gone{provisioning.Group: provisioning.GoneDeactivate},
			"disabled", "disabled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Gone = c.gone
			j.src.Put(group("g", 1, 2), group("other"))
			j.clean(t)
			j.src.Remove(uref(1), gref("g"))
			report := j.clean(t)
			is := func(r *provisioning.Record) string {
				switch {
				case r == nil:
					return "deleted"
				case r.Disabled:
					return "disabled"
				}
				return "enabled"
			}
			require.Equal(t, c.user, is(j.of(t, uref(1))))
			require.Equal(t, c.group_, is(j.of(t, gref("g"))))
			require.Equal(t, 1, report.Plan.Counts[provisioning.Group].Gone)
		})
	}
}

// Who is still in the source and out of scope can be kept while who is gone loses the access, and the other way round.
func TestOutOfScope(t *testing.T) {
	for _, c := range []struct {
		name              string
		gone, outOfScope  provisioning.Gone
		goneOff, scopeOff bool
	}{
		{"as gone by default", "", "", true, true},
		{"kept", "", provisioning.GoneKeep, true, false},
		{"deactivated", provisioning.GoneKeep, provisioning.GoneDeactivate, false, true},
	} {
		for _, delta := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/delta %t", c.name, delta), func(t *testing.T) {
				j := newJob(20)
				if delta {
					j.source = j.src
				}
				j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: c.gone}
				j.opts.Policy.OutOfScope = map[provisioning.Kind]provisioning.Gone{provisioning.User: c.outOfScope}
				j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
					if src.Attributes.Get("displayName") == "Contractor" {
						return nil, provisioning.SkipRecord
					}
					return src, nil
				})
				j.clean(t)
				r := user(3)
				r.Attributes.Set("displayName", "Contractor")
				j.src.Put(r)
				j.src.Remove(uref(4))
				j.clean(t)
				require.Equal(t, c.scopeOff, j.of(t, uref(3)).Disabled, "out of scope")
				require.Equal(t, c.goneOff, j.of(t, uref(4)).Disabled, "gone")
				j.src.Put(user(3), user(4))
				j.clean(t)
				require.Zero(t, j.disabled(t), "who is back has no access")
			})
		}
	}
}

func TestWhoOwnsActive(t *testing.T) {
	for _, c := range []struct {
		active           provisioning.Active
		byHand, bySource bool // disabled, after being disabled by hand and after coming back
	}{
		{provisioning.ActiveSource, false, false},
		{provisioning.ActiveBoth, true, false},
		{provisioning.ActiveSink, true, true},
	} {
		t.Run(string("active "+c.active), func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Active = c.active
			j.clean(t)
			require.NoError(t, j.dst.Deactivate(t.Context(), j.of(t, uref(1)).Ref()))
			j.clean(t)
			require.Equal(t, c.byHand, j.of(t, uref(1)).Disabled, "disabled by hand")

			// Who was disabled because of the source is enabled again because of it.
			j.src.Remove(uref(2))
			j.clean(t)
			require.True(t, j.of(t, uref(2)).Disabled)
			j.src.Put(user(2))
			j.clean(t)
			require.Equal(t, c.bySource, j.of(t, uref(2)).Disabled, "came back")
		})
	}
}

func TestProtect(t *testing.T) {
	j := newJob(20)
	admin := user(3)
	admin.Attributes.Set("roles", "admin")
	j.src.Put(admin)
	j.clean(t)
	j.opts.Policy.Protect = []provisioning.Lookup{{Kind: provisioning.User, By: "roles", Values: []string{"admin"}}}
	j.src.Remove(uref(3))
	report := j.run(t)
	require.False(t, j.of(t, uref(3)).Disabled)
	require.Equal(t, 1, report.Plan.Counts[provisioning.User].Protected)

	admin.Attributes.Set("displayName", "Changed")
	j.src.Put(admin)
	report = j.run(t)
	require.Contains(t, report.Held[0].Reason, "protected by the policy")
	require.Equal(t, "User 3", j.of(t, uref(3)).Attributes.Get("displayName"))
}

func TestForbid(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	j.opts.Policy.Forbid = []provisioning.Op{provisioning.Create, provisioning.Deactivate}
	j.src.Remove(uref(3))
	changed := user(4)
	changed.Attributes.Set("displayName", "Changed")
	newcomer := user(30)
	j.src.Put(changed, newcomer)
	report := j.clean(t)
	require.Equal(t, map[provisioning.Op]int{provisioning.Update: 1}, report.Plan.Ops())
	require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1, provisioning.Deactivate: 1}, report.Plan.Counts[provisioning.User].Forbidden)
}

func TestCreateOnly(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.CreateOnly = []string{"displayName"}
	j.clean(t)
	require.Equal(t, "User 1", j.of(t, uref(1)).Attributes.Get("displayName"))
	changed := user(1)
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed)
	require.True(t, j.clean(t).Plan.Empty())
	changed.Attributes.Set("userName", "other@example.com")
	j.src.Put(changed)
	j.clean(t)
	require.Equal(t, "User 1", j.of(t, uref(1)).Attributes.Get("displayName"))
}

func TestDisabledPeopleAreNotCreated(t *testing.T) {
	for _, create := range []bool{false, true} {
		j := newJob(3)
		j.opts.Policy.CreateDisabled = create
		r := user(1)
		r.Disabled = true
		j.src.Put(r)
		report := j.clean(t)
		require.Equal(t, create, j.of(t, uref(1)) != nil)
		if !create {
			require.Equal(t, 1, report.Plan.Counts[provisioning.User].NotCreated)
		}
	}
}

func TestKinds(t *testing.T) {
	usersOnly := memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.User}})
	usersOnly.Put(user(1))
	t.Run("one that the source does not have is left alone", func(t *testing.T) {
		j := newJob(0)
		j.source = usersOnly
		j.dst.Put(&provisioning.Record{Kind: provisioning.Group, ID: "g", ExternalID: "x"})
		j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.Group: provisioning.GoneDelete}
		report := j.run(t)
		require.NotNil(t, j.of(t, gref("x")))
		require.Contains(t, strings.Join(report.Plan.Notes, "\n"), "kind Group is left alone: the source does not have it")
		j.converged(t)
	})
	t.Run("one that the sink does not have is left alone", func(t *testing.T) {
		j := newJob(1)
		j.src.Put(group("g", 0))
		j.dst = memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.User}})
		j.sink = j.dst
		report, err := j.reconciler(t).Run(t.Context())
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Contains(t, strings.Join(report.Plan.Notes, "\n"), "kind Group is left alone: the sink does not have it")
	})
	t.Run("an empty list is none at all", func(t *testing.T) {
		j := newJob(1)
		j.opts.Kinds = []provisioning.Kind{}
		p := j.plan(t)
		require.Equal(t, 1, p.Ops()[provisioning.Create])
		j.opts.Kinds = nil
		require.Equal(t, j.plan(t).Fingerprint, p.Fingerprint)
	})
	t.Run("one that was asked for must be there", func(t *testing.T) {
		j := newJob(0)
		j.source = usersOnly
		j.opts.Kinds = []provisioning.Kind{provisioning.User, provisioning.Group}
		_, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, errors.ErrUnsupported)
	})
}

// A mapper may give ExternalIDs of its own. References still lead where they should, and a record that cannot be mapped, and so
// does not tell which is its own, keeps all of its kind from being removed.
func TestMapperGivesExternalIDs(t *testing.T) {
	j := newJob(20)
	bad := provisioning.ID("")
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == bad {
			return nil, errors.New("department is unknown")
		}
		src.ExternalID = "external-" + src.ID
		return src, nil
	})
	r := user(1)
	r.Refs = provisioning.Refs{"manager": {uref(2)}}
	j.src.Put(r)
	j.clean(t)
	external := func(n int) provisioning.Ref {
		return provisioning.Ref{Kind: provisioning.User, ID: "external-" + uid(n)}
	}
	require.Equal(t, []provisioning.Ref{j.of(t, external(2)).Ref()}, j.of(t, external(1)).Refs["manager"])

	bad = uid(5)
	j.src.Remove(uref(6))
	report := j.run(t)
	require.Zero(t, j.disabled(t))
	require.Len(t, report.Held, 3)
	bad = ""
	j.clean(t)
	require.Equal(t, 1, j.disabled(t))
}

// A record of the source that does not tell its ID may be anybody.
func TestRecordWithoutID(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	j.source = failing{j.src.Source(), uref(3)}
	j.src.Remove(uref(4))
	report := j.run(t)
	require.False(t, j.of(t, uref(3)).Disabled, "a record that cannot be read was taken for gone")
	require.True(t, j.of(t, uref(4)).Disabled)
	require.Equal(t, "line 7", report.Held[0].Where)

	j.src.Remove(uref(5))
	j.source = anonymous{j.src.Source()}
	report = j.run(t)
	require.False(t, j.of(t, uref(5)).Disabled)
	require.Contains(t, strings.Join(report.Plan.Notes, "\n"), "no User can be proved gone")
}

// anonymous is a source with one record that does not tell its ID.
type anonymous struct{ provisioning.Source }

func (s anonymous) Records(ctx context.Context, kind provisioning.Kind) iterOf {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Source.Records(ctx, kind) {
			if !yield(r, err) {
				return
			}
		}
		yield(nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: kind}, Where: "line 9", Err: errors.New("no objectGUID")})
	}
}

func TestOptionsMistakes(t *testing.T) {
	_, err := provisioning.New(memory.New(nil), asIs, memory.New(nil), &provisioning.Options{
		Job: "../x", Kinds: []provisioning.Kind{"User", "User", ""}, Concurrency: -1,
		Policy: provisioning.Policy{
			Gone: map[provisioning.Kind]provisioning.Gone{"User": "destroy"}, OutOfScope: map[provisioning.Kind]provisioning.Gone{"User": "hide"}, Grace: -1, Adopt: []provisioning.Match{{}},
			Forbid: []provisioning.Op{"x"}, Protect: []provisioning.Lookup{{}}, Active: "x", Owned: provisioning.OwnedLinked,
		},
		Limits:    provisioning.Limits{Delete: provisioning.Limit{Share: 2}, SourceFloor: 3, SinkFloor: 2},
		OnRefused: "ask",
	})
	require.Error(t, err)
	for _, want := range []string{
		"state key \"../x\"", `kind "User" is empty or there twice`, `kind "" is empty`, "must not be negative", `Gone of User is "destroy"`, `OutOfScope of User is "hide"`, `OnRefused is "ask"`,
		"Grace is -1ns", "Adopt rule 1 names no attributes", `Forbid has "x"`, "Protect rule 1", `Active is "x"`, "needs Options.Links",
		"Limits.Delete", "SourceFloor is 3", "SinkFloor is 2",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = provisioning.New(nil, asIs, memory.New(nil), nil)
	require.ErrorContains(t, err, "a source, a mapper and a sink are necessary")
}

// An administrator is protected however their name is spelled.
func TestProtectWhateverTheSpelling(t *testing.T) {
	for _, tt := range []struct {
		by, value string
		want      int
	}{
		{"userName", "USER3@example.com ", 1},
		{"userName", "user3@example.com", 1},
		{"userName", "user4@example.org", 0},
		{provisioning.ByExternalID, "guid-3", 1},
		{provisioning.ByExternalID, "GUID-3", 0},
	} {
		t.Run(tt.by+" "+tt.value, func(t *testing.T) {
			j := newJob(20)
			j.clean(t)
			j.opts.Policy.Protect = []provisioning.Lookup{{Kind: provisioning.User, By: tt.by, Values: []string{tt.value}}}
			require.Equal(t, tt.want, j.plan(t).Counts[provisioning.User].Protected)
		})
	}
}
