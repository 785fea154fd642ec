package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestStalePlan(t *testing.T) {
	t.Run("the configuration was changed", func(t *testing.T) {
		for name, change := range map[string]func(*provisioning.Options){
			"fingerprint of the rules": func(o *provisioning.Options) { o.Fingerprint = "other rules" },
			"policy":                   func(o *provisioning.Options) { o.Policy.Grace = time.Hour },
			"kinds":                    func(o *provisioning.Options) { o.Kinds = []provisioning.Kind{provisioning.User, provisioning.Group} },
			"link table":               func(o *provisioning.Options) { o.Links = true },
		} {
			j := changedJob(t)
			p := saved(t, j.plan(t))
			before := j.have(t)
			change(&j.opts)
			_, err := j.reconciler(t).Apply(t.Context(), p)
			require.ErrorIs(t, err, provisioning.ErrStale, name)
			var stale *provisioning.StaleError
			require.ErrorAs(t, err, &stale)
			require.Equal(t, p.Digest(), stale.Digest)
			require.Equal(t, before, j.have(t))
		}
	})
	t.Run("records were changed: the rest goes on", func(t *testing.T) {
		j := changedJob(t)
		p := saved(t, j.plan(t))
		byHand := j.of(t, uref(4))
		byHand.Attributes.Set("displayName", "By hand")
		j.dst.Put(byHand)
		j.dst.Remove(j.of(t, uref(5)).Ref())
		report, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		var stale []provisioning.ID
		for _, f := range report.Failures {
			require.Equal(t, provisioning.Stale, f.Class)
			require.Equal(t, provisioning.NotTried, f.Outcome)
			stale = append(stale, f.Source)
		}
		require.ElementsMatch(t, []provisioning.ID{uid(4), uid(5)}, stale)
		var named *provisioning.StaleError
		require.ErrorAs(t, report.Err(), &named)
		require.ErrorIs(t, report.Err(), provisioning.ErrStale)
		require.Len(t, named.Records, 2)
		for _, l := range named.Records {
			require.ErrorContains(t, report.Err(), "User/"+string(l.Target))
		}
		require.Equal(t, "By hand", j.of(t, uref(4)).Attributes.Get("displayName"))
		require.NotNil(t, j.of(t, uref(40)))
		require.True(t, j.of(t, uref(6)).Disabled)
	})
	t.Run("whatever of a record was changed that the plan is about", func(t *testing.T) {
		for name, c := range map[string]struct {
			of   provisioning.Ref
			do   func(*job, *provisioning.Record)
			want bool
		}{
			"an attribute":    {uref(4), func(_ *job, r *provisioning.Record) { r.Attributes.Set("userName", "by hand") }, true},
			"it was disabled": {uref(4), func(_ *job, r *provisioning.Record) { r.Disabled = true }, true},
			"it has the member already": {gref("g"), func(j *job, r *provisioning.Record) {
				r.Refs["members"] = append(r.Refs["members"], j.of(t, uref(7)).Ref())
			}, true},
			"it does not have the member": {gref("g"), func(_ *job, r *provisioning.Record) { r.Refs["members"] = nil }, true},
			"another member": {gref("g"), func(j *job, r *provisioning.Record) {
				r.Refs["members"] = append(r.Refs["members"], j.of(t, uref(9)).Ref())
			}, false},
			"an attribute that is not ours":      {uref(4), func(_ *job, r *provisioning.Record) { r.Attributes.Set("phone", "1") }, false},
			"one who is to be disabled, changed": {uref(6), func(_ *job, r *provisioning.Record) { r.Attributes.Set("displayName", "By hand") }, false},
		} {
			j := changedJob(t)
			j.sink = unversioned{j.dst.Bare()}
			j.src.Put(group("g", 1, 2, 7, 40))
			p := saved(t, j.plan(t))
			byHand := j.of(t, c.of)
			c.do(j, byHand)
			j.dst.Put(byHand)
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			var stale *provisioning.StaleError
			require.Equal(t, c.want, errors.As(report.Err(), &stale), "%s: %v", name, report.Err())
			if c.want {
				require.Len(t, stale.Records, 1, name)
				require.Equal(t, c.of.ID, stale.Records[0].Source, name)
			}
		}
	})
	t.Run("anything was changed, where there are versions", func(t *testing.T) {
		j := changedJob(t)
		p := saved(t, j.plan(t))
		byHand := j.of(t, uref(4))
		byHand.Attributes.Set("phone", "1")
		j.dst.Put(byHand)
		report, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		require.ErrorIs(t, report.Err(), provisioning.ErrStale)
		require.Len(t, report.Failures, 1)
		require.Equal(t, provisioning.NotTried, report.Failures[0].Outcome)
	})
	t.Run("somebody else created it", func(t *testing.T) {
		j := changedJob(t)
		p := saved(t, j.plan(t))
		made := user(40)
		made.ID, made.ExternalID = "", uid(40)
		_, err := j.dst.Create(t.Context(), made)
		require.NoError(t, err)
		report, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, uid(40), report.Failures[0].Source)
		require.NotNil(t, j.of(t, uref(40)))
	})
	t.Run("an observer is told of the plan before what is stale in it", func(t *testing.T) {
		j := changedJob(t)
		p := saved(t, j.plan(t))
		j.dst.Remove(j.of(t, uref(5)).Ref())
		var told []string
		j.opts.Observer = &provisioning.Observer{
			Applying: func(context.Context, *provisioning.Plan) { told = append(told, "applying") },
			Applied:  func(_ context.Context, r *provisioning.Result) { told = append(told, string(r.Outcome)) },
		}
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		require.Equal(t, []string{"applying", "not tried", "done"}, told[:3])
	})
	t.Run("it was kept by the reconciler that made it", func(t *testing.T) {
		j := changedJob(t)
		j.sink = unversioned{j.dst.Bare()}
		r := j.reconciler(t)
		p, err := r.Plan(t.Context())
		require.NoError(t, err)
		byHand := j.of(t, uref(4))
		byHand.Attributes.Set("displayName", "By hand")
		j.dst.Put(byHand)
		report, err := r.Apply(t.Context(), p)
		require.NoError(t, err)
		require.ErrorIs(t, report.Err(), provisioning.ErrStale)
		require.Len(t, report.Failures, 1)
		require.Equal(t, "By hand", j.of(t, uref(4)).Attributes.Get("displayName"))
	})
}

// In a sink that keeps no ExternalID the link table says whose a record is.
func TestStalePlanOfALinkTable(t *testing.T) {
	linked := func(t *testing.T) *job {
		j := newJob(20)
		j.dst = memory.New(nil)
		j.opts.Links = true
		j.sink = unversioned{nameless{j.dst.Bare()}}
		j.clean(t)
		return j
	}
	apply := func(t *testing.T, j *job, p *provisioning.Plan) *provisioning.Report {
		report, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		return report
	}
	t.Run("nothing was changed", func(t *testing.T) {
		j := linked(t)
		renamed, off := user(3), user(4)
		renamed.Attributes.Set("displayName", "New")
		off.Disabled = true
		j.src.Put(renamed, off, user(30))
		j.src.Remove(uref(5))
		report := apply(t, j, saved(t, j.plan(t)))
		require.NoError(t, report.Err(), "%+v", report.Failures)
		require.Equal(t, 2, report.Ops[provisioning.Deactivate].Done)
		j.converged(t)
	})
	t.Run("another run created it", func(t *testing.T) {
		j := linked(t)
		j.src.Put(user(30))
		p := saved(t, j.plan(t))
		j.clean(t)
		for _, sink := range []provisioning.Sink{j.sink, finding{j.sink}} {
			j.sink = sink
			require.ErrorIs(t, apply(t, j, saved(t, p)).Err(), provisioning.ErrStale)
			require.Equal(t, 21, j.dst.Len(provisioning.User), "somebody is there twice")
		}
	})
	t.Run("it was unlinked by hand", func(t *testing.T) {
		j := linked(t)
		renamed := user(3)
		renamed.Attributes.Set("displayName", "New")
		j.src.Put(renamed)
		p := saved(t, j.plan(t))
		require.NoError(t, j.reconciler(t).Unlink(t.Context(), p.Changes[0].Link))
		require.ErrorIs(t, apply(t, j, p).Err(), provisioning.ErrStale)
	})
	t.Run("it was linked with another by hand", func(t *testing.T) {
		j := linked(t)
		j.src.Remove(uref(3))
		p := saved(t, j.plan(t))
		require.Equal(t, provisioning.Deactivate, p.Changes[0].Op)
		// The account was made anew in the directory: another ID, the same person.
		anew := user(3)
		anew.ID = "guid-anew"
		j.src.Put(anew)
		require.NoError(t, j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.User, Source: "guid-anew", Target: p.Changes[0].Target}))
		require.ErrorIs(t, apply(t, j, p).Err(), provisioning.ErrStale)
		require.Zero(t, j.disabled(t))
	})
	t.Run("it was deleted, and came back as another record", func(t *testing.T) {
		j := linked(t)
		j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
		j.src.Remove(uref(3))
		p := saved(t, j.plan(t))
		j.clean(t)
		j.src.Put(user(3))
		j.clean(t)
		apply(t, j, p)
		j.clean(t)
		require.Equal(t, 20, j.dst.Len(provisioning.User), "somebody is there twice")
	})
}

// Versions or not, a saved plan leaves alone what became another's, or protected, since it was made.
func TestStalePlanOfWhatIsNoLongerOurs(t *testing.T) {
	for _, versions := range []bool{true, false} {
		for _, c := range []struct {
			name   string
			before func(j *job) // the plan
			since  func(t *testing.T, j *job)
		}{
			{"who is to be deleted was linked with another", func(j *job) { j.src.Remove(uref(3)) }, func(t *testing.T, j *job) {
				anew := user(3)
				anew.ID = "guid-anew"
				j.src.Put(anew)
				link := provisioning.Link{Kind: provisioning.User, Source: "guid-anew", Target: j.of(t, uref(3)).ID}
				require.NoError(t, j.reconciler(t).Relink(t.Context(), link))
			}},
			{"who is to be deleted is protected", func(j *job) { j.src.Remove(uref(3)) }, func(t *testing.T, j *job) {
				h := j.of(t, uref(3))
				h.Attributes.Set("roles", "admin")
				j.dst.Put(h)
			}},
			{"a group that is to lose members is protected", func(j *job) { j.src.Put(group("g", 1)) }, func(t *testing.T, j *job) {
				h := j.of(t, gref("g"))
				h.Attributes.Set("roles", "admin")
				j.dst.Put(h)
			}},
		} {
			t.Run(fmt.Sprintf("%s, versions %v", c.name, versions), func(t *testing.T) {
				j := newJob(10)
				if !versions {
					j.sink = unversioned{j.dst.Bare()}
				}
				j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
				j.opts.Policy.Protect = []provisioning.Lookup{
					{Kind: provisioning.User, By: "roles", Values: []string{"admin"}}, {Kind: provisioning.Group, By: "roles", Values: []string{"admin"}},
				}
				j.src.Put(group("g", 1, 4, 5))
				j.clean(t)
				c.before(j)
				p := saved(t, j.plan(t))
				require.Len(t, p.Changes, 1)
				c.since(t, j)
				before := j.have(t)
				report, err := j.reconciler(t).Apply(t.Context(), p)
				require.NoError(t, err)
				require.ErrorIs(t, report.Err(), provisioning.ErrStale)
				require.Equal(t, before, j.have(t))
			})
		}
	}
}

// unversioned is a sink that has no versions.
type unversioned struct{ provisioning.Sink }

func (s unversioned) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if r != nil {
				r.Version = ""
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// finding gives the records that are looked for alone.
type finding struct{ provisioning.Sink }

func (s finding) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return provisioning.Find(ctx, s.Sink, l)
}

// A saved plan that is applied once more does not repeat a creation whose answer was lost, nor does it forget that there was one:
// the next run finds what was made.
func TestStalePlanOfALostCreation(t *testing.T) {
	for _, c := range []struct {
		name  string
		keeps bool
	}{{"a sink that keeps no ExternalID", false}, {"a sink of which only what is linked is ours", true}} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(2)
			j.opts.Links, j.opts.Concurrency = true, 1
			lose := true
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if call.Name == "Create" && call.After && lose {
					lose = false
					return provisioning.ErrUnavailable
				}
				return nil
			}})
			j.sink = nameless{j.dst.Bare()}
			if c.keeps {
				j.sink = j.dst
				j.opts.Policy.Owned = provisioning.OwnedLinked
			}
			p := saved(t, j.plan(t))
			again := saved(t, p)
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			require.Equal(t, 1, report.Ops[provisioning.Create].Failed)
			report, err = j.reconciler(t).Apply(t.Context(), again)
			require.NoError(t, err)
			require.ErrorIs(t, report.Err(), provisioning.ErrStale)
			j.clean(t)
			require.Equal(t, 2, j.dst.Len(provisioning.User), "somebody is there twice")
		})
	}
}

// What a run was about to create when it ended, and did not, is created by a plan that is saved afterwards.
func TestSavedPlanOfWhatWasNotCreated(t *testing.T) {
	s := newState()
	j := newJob(3)
	j.opts.State, j.opts.Links = s, true
	j.opts.Concurrency = 1
	kill := true
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
		if call.Name == "Create" && kill {
			s.kill()
			return errKilled
		}
		return nil
	}})
	j.sink = nameless{j.dst.Bare()}
	_, err := j.reconciler(t).Run(t.Context())
	require.Error(t, err)
	kill = false
	s.revive()
	report, err := j.reconciler(t).Apply(t.Context(), saved(t, j.plan(t)))
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report.Failures)
	require.Equal(t, 3, j.dst.Len(provisioning.User))
	j.converged(t)
}
