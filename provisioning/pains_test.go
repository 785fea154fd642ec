package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// The tests in this file and the next are named after what users of other engines suffered most from, ranked by damage.

func TestPain01SuccessButFewer(t *testing.T) {
	const people = 100
	t.Run("with an error at every record", func(t *testing.T) {
		j := newJob(people)
		j.clean(t)
		before := j.have(t)
		for n := range people + 1 {
			j.source = cutSource{j.src, n, errReset}
			report, err := j.reconciler(t).Run(t.Context())
			require.ErrorIs(t, err, errReset)
			require.Nil(t, report.Plan, "a plan was made from a read that broke after %d", n)
		}
		if diff := cmp.Diff(before, j.have(t)); diff != "" {
			t.Errorf("reads that broke changed the sink:\n%s", diff)
		}
	})
	t.Run("without an error at every record", func(t *testing.T) {
		for n := range people {
			j := newJob(people)
			j.clean(t)
			j.source = cutSource{j.src, n, nil}
			_, err := j.reconciler(t).Run(t.Context())
			if got := j.disabled(t); got > people/5 || got > 0 && err != nil {
				t.Errorf("a read that lost %d of %d records disabled %d people (error %v)", people-n, people, got, err)
			}
		}
	})
	t.Run("success with no records", func(t *testing.T) {
		for _, people := range []int{1, 3, 100} {
			j := newJob(people)
			j.clean(t)
			j.source = memory.New(nil)
			refused := j.refused(t)
			require.Equal(t, "sourceFloor", refused.Refusals[len(refused.Refusals)-1].Rule)
		}
	})
	t.Run("a page is lost in the middle", func(t *testing.T) {
		j := newJob(people)
		j.clean(t)
		for n := 30; n < 60; n++ {
			j.src.Remove(uref(n))
		}
		j.refused(t)
	})
	t.Run("a canary is missing", func(t *testing.T) {
		j := newJob(people)
		j.opts.Limits.Canaries = []provisioning.Ref{uref(99)}
		j.clean(t)
		j.src.Remove(uref(99))
		refused := j.refused(t)
		require.Len(t, refused.Refusals, 1)
		require.Equal(t, "canary", refused.Refusals[0].Rule)
		require.ErrorContains(t, refused, "the source did not give User/guid-99, which must always be there (Options.Limits.Canaries)")
	})
	t.Run("a canary is out of scope, or held", func(t *testing.T) {
		for _, why := range []error{provisioning.SkipRecord, errors.New("department is unknown")} {
			j := newJob(people)
			j.clean(t)
			j.opts.Limits.Canaries = []provisioning.Ref{uref(99)}
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.ID == uid(99) {
					return nil, why
				}
				return src, nil
			})
			require.Equal(t, "canary", j.refused(t).Refusals[0].Rule)
		}
	})
}

func TestPain02NoOrBadlyPlacedThreshold(t *testing.T) {
	t.Run("judged before the first write, and says how to let it through", func(t *testing.T) {
		j := newJob(100)
		j.clean(t)
		for n := range 19 {
			j.src.Remove(uref(n))
		}
		j.opts.Limits.Deactivate = provisioning.Limit{Share: 0.1}
		refused := j.refused(t)
		want := []*provisioning.Refusal{{
			Rule: "deactivate", Kind: provisioning.User, Number: 19, Limit: 10, Of: 100, Option: "Options.Limits.Deactivate",
			Text: "it deactivates 19 Users of 100; at most 10 may be",
		}}
		if diff := cmp.Diff(want, refused.Refusals, cmpopts.IgnoreFields(provisioning.Refusal{}, "Concerns")); diff != "" {
			t.Errorf("refusals (-want +got):\n%s", diff)
		}
		j.opts.Approve = refused.Token()
		j.clean(t)
		require.Equal(t, 19, j.disabled(t))
	})
	t.Run("a slow drain trips as a sudden one does", func(t *testing.T) {
		j := newJob(100)
		j.clean(t)
		for day := range 4 {
			for n := range 6 {
				j.src.Remove(uref(day*6 + n))
			}
			if day < 3 {
				j.clean(t)
				continue
			}
			refused := j.refused(t)
			require.Equal(t, "Options.DayLimits.Deactivate", refused.Refusals[0].Option)
			require.Equal(t, 24, refused.Refusals[0].Number)
		}
	})
	t.Run("a share of few is no catastrophe", func(t *testing.T) {
		j := newJob(5)
		j.clean(t)
		j.src.Remove(uref(0))
		j.clean(t)
	})
	t.Run("updates count too", func(t *testing.T) {
		j := newJob(200)
		j.clean(t)
		j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
			src.Attributes.Set("displayName")
			return src, nil
		})
		require.Equal(t, "update", j.refused(t).Refusals[0].Rule)
	})
	t.Run("an emptied group counts too", func(t *testing.T) {
		j := newJob(100)
		all := make([]int, 100)
		for n := range all {
			all[n] = n
		}
		j.src.Put(group("everybody", all...))
		j.clean(t)
		j.src.Put(group("everybody"))
		rules := map[string]bool{}
		for _, r := range j.refused(t).Refusals {
			rules[r.Rule] = true
		}
		require.Equal(t, map[string]bool{"removeRefs": true, "removeRefsEach": true}, rules)
	})
}

func TestPain03ForeignRecordsDeleted(t *testing.T) {
	j := newJob(3)
	foreign := &provisioning.Record{Kind: provisioning.User, ID: "foreign", Attributes: provisioning.Attributes{"userName": {"admin"}}}
	other := &provisioning.Record{Kind: provisioning.User, ID: "other", ExternalID: "of another connector", Attributes: provisioning.Attributes{"userName": {"other"}}}
	j.dst.Put(foreign, other)
	j.opts.Links = true
	j.opts.Policy = provisioning.Policy{
		Owned: provisioning.OwnedLinked,
		Gone:  map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete},
	}
	before := j.have(t)
	report := j.clean(t)
	j.src.Remove(uref(0))
	j.clean(t)
	for ref, r := range before {
		if diff := cmp.Diff(r, j.have(t)[ref]); diff != "" {
			t.Errorf("%s is not ours and was touched:\n%s", ref, diff)
		}
	}
	require.Nil(t, j.of(t, uref(0)))
	require.Equal(t, 2, report.Plan.Counts[provisioning.User].Unmanaged)
}

func TestPain04HardDeleteThenRecreate(t *testing.T) {
	j := newJob(20)
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	j.opts.Policy.Grace = time.Hour
	j.clean(t)
	id := j.of(t, uref(0)).ID

	j.src.Remove(uref(0))
	report := j.clean(t)
	require.Equal(t, report.Plan.Made.Add(time.Hour), report.Plan.Due)
	gone := j.of(t, uref(0))
	require.NotNil(t, gone, "somebody was deleted in one step")
	require.True(t, gone.Disabled)

	j.src.Put(user(0))
	j.clean(t)
	back := j.of(t, uref(0))
	require.Equal(t, id, back.ID, "who came back within the grace period is another record")
	require.False(t, back.Disabled)
}

func TestPain05RenameIsANewPerson(t *testing.T) {
	t.Run("a rename is an update", func(t *testing.T) {
		j := newJob(3)
		j.clean(t)
		id := j.of(t, uref(1)).ID
		renamed := user(1)
		renamed.Attributes.Set("userName", "married@example.com")
		j.src.Put(renamed)
		report := j.clean(t)
		require.Equal(t, map[provisioning.Op]int{provisioning.Update: 1}, report.Plan.Ops())
		require.Equal(t, id, j.of(t, uref(1)).ID)
	})
	t.Run("an address that is used again is another person", func(t *testing.T) {
		j := newJob(3)
		j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
		j.clean(t)
		old := j.of(t, uref(1))
		j.src.Remove(uref(1))
		heir := user(9)
		heir.Attributes.Set("userName", user(1).Attributes.Get("userName"))
		j.src.Put(heir)
		report := j.run(t)
		require.Error(t, report.Err(), "the address is still taken")
		require.Equal(t, old.ID, j.of(t, uref(1)).ID)
		require.True(t, j.of(t, uref(1)).Disabled)
		require.Nil(t, j.of(t, uref(9)), "the newcomer was given the leaver's account")
	})
	t.Run("adoption is off by default", func(t *testing.T) {
		j := newJob(1)
		j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "mine", Attributes: provisioning.Attributes{"displayName": {"User 0"}}})
		j.clean(t)
		require.NotEqual(t, provisioning.ID("mine"), j.of(t, uref(0)).ID)
	})
}

func TestPain06OneBadObjectStopsTheRun(t *testing.T) {
	j := newJob(50)
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == uid(7) {
			return nil, fmt.Errorf("department is unknown")
		}
		return src, nil
	})
	bad := user(8)
	bad.Attributes.Set("userName", user(9).Attributes.Get("userName"))
	j.src.Put(bad)
	report := j.run(t)
	require.Error(t, report.Err())
	require.Equal(t, 48, j.dst.Len(provisioning.User))
	require.Len(t, report.Held, 1)
	require.Equal(t, provisioning.Link{Kind: provisioning.User, Source: uid(7)}, report.Held[0].Link)
	require.Equal(t, "map it: department is unknown", report.Held[0].Reason)
	require.Len(t, report.Failures, 1)
	require.Equal(t, provisioning.Mend, report.Failures[0].Class)
}

func TestPain07Churn(t *testing.T) {
	t.Run("what the sink spells otherwise is no change", func(t *testing.T) {
		j := newJob(5)
		j.sink = lowering{j.dst}
		r := user(1)
		r.Attributes.Set("userName", "User.One@Example.com")
		j.src.Put(r)
		j.clean(t)
	})
	t.Run("what does not stick is reported and left alone", func(t *testing.T) {
		j := newJob(3)
		j.sink = forgetful{j.dst.Bare(), "displayName"}
		for range 3 {
			j.run(t)
		}
		report := j.run(t)
		require.True(t, report.Plan.Empty(), "it is written for ever")
		require.Len(t, report.Held, 3)
		require.Contains(t, report.Held[0].Reason, "does not keep what is written to displayName")

		changed := user(1)
		changed.Attributes.Set("userName", "changed@example.com")
		j.src.Put(changed)
		report = j.run(t)
		require.Equal(t, map[provisioning.Op]int{provisioning.Update: 1}, report.Plan.Ops())
		require.Equal(t, []string{"userName"}, report.Plan.Changes[0].Changed())
	})
}

// lowering is a sink that keeps names in lower case, and says so.
type lowering struct{ *memory.Store }

func (s lowering) Canonical(r *provisioning.Record) (*provisioning.Record, error) {
	c := r.Clone()
	for i, v := range c.Attributes["userName"] {
		c.Attributes["userName"][i] = lower(v)
	}
	return c, nil
}

// forgetful is a sink that takes an attribute and does not keep it.
type forgetful struct {
	provisioning.Sink
	name string
}

func (s forgetful) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	c := r.Clone()
	delete(c.Attributes, s.name)
	return s.Sink.Create(ctx, c)
}

func (s forgetful) Update(ctx context.Context, c *provisioning.Change) error {
	d := *c
	d.After = c.After.Clone()
	delete(d.After.Attributes, s.name)
	return s.Sink.Update(ctx, &d)
}
