package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// stagedJob is a job of 100 people and two groups that stages what guards refuse, after its first run.
func stagedJob(t *testing.T, delta bool) *job {
	t.Helper()
	j := newJob(100)
	if delta {
		j.source = j.src
	}
	j.src.Put(group("big", numbers(100)...), group("small", 1, 2, 3))
	j.clean(t)
	off := provisioning.Limit{Off: true}
	j.opts.OnRefused = provisioning.StageRisky
	j.opts.Limits = provisioning.Limits{Create: off, Update: off, Deactivate: off, Reactivate: off, Delete: off, RemoveRefs: off, RemoveRefsEach: off}
	return j
}

// staged runs once and wants it to come to its end with something staged.
func (j *job) staged(t testing.TB) *provisioning.Report {
	t.Helper()
	report := j.run(t)
	require.NotNil(t, report.Staged, "nothing was staged")
	require.Empty(t, report.Failures)
	require.ErrorContains(t, report.Err(), "are staged until "+report.Token+" is approved")
	j.untouched(t, report.Staged)
	return report
}

// untouched wants that nothing of a staged plan was written.
func (j *job) untouched(t testing.TB, staged *provisioning.Plan) {
	t.Helper()
	for _, c := range staged.Changes {
		h := j.of(t, provisioning.Ref{Kind: c.Kind, ID: c.Source})
		switch {
		case c.Op == provisioning.Create:
			require.Nil(t, h, "%s was created", c.Source)
			continue
		case c.Op == provisioning.Adopt:
			require.Nil(t, h, "%s was adopted", c.Source)
			continue
		case h == nil:
			t.Fatalf("%s %s is no longer there", c.Op, c.Source)
		case c.Op == provisioning.Deactivate && h.Disabled, c.Op == provisioning.Reactivate && !h.Disabled:
			t.Fatalf("%s of %s was done", c.Op, c.Source)
		}
		for _, name := range c.Changed() {
			require.ElementsMatch(t, c.Before.Attributes[name], h.Attributes[name], "%s of %s was written", name, c.Source)
		}
	}
}

// ops counts the changes of a plan by what they do to which kind.
func ops(p *provisioning.Plan) map[string]int {
	n := map[string]int{}
	for _, c := range p.Changes {
		n[fmt.Sprintf("%s %s", c.Op, c.Kind)]++
	}
	return n
}

// Each guard stages the changes that it is against; the others are made; two runs stage the same; and what was approved is done.
func TestStage(t *testing.T) {
	few := provisioning.Limit{Count: 3}
	leave := func(j *job) {
		for n := 10; n < 20; n++ {
			j.src.Remove(uref(n))
		}
		j.src.Put(group("big", append(numbers(10), numbers(100)[20:]...)...))
	}
	rename := func(j *job, name string, from, to int) {
		for n := from; n < to; n++ {
			r := user(n)
			r.Attributes.Set(name, "Changed "+string(uid(n)))
			j.src.Put(r)
		}
	}
	for _, c := range []struct {
		name   string
		limits func(*provisioning.Options)
		before func(*job) // before another run without limits
		do     func(*job)
		rule   string
		option string
		staged map[string]int
		done   map[string]int
	}{
		{"create", func(o *provisioning.Options) { o.Limits.Create = few }, nil, func(j *job) {
			for n := 200; n < 205; n++ {
				j.src.Put(user(n))
			}
			rename(j, "displayName", 30, 33)
		}, "create", "Options.Limits.Create", map[string]int{"create User": 5}, map[string]int{"update User": 3}},
		{"adopt", func(o *provisioning.Options) {
			o.Limits.Adopt, o.Policy.Adopt = few, []provisioning.Match{{Attributes: []string{"userName"}}}
		}, nil, func(j *job) {
			for n := 200; n < 205; n++ {
				byHand := user(n)
				byHand.ID = provisioning.ID(fmt.Sprint("by hand ", n))
				j.dst.Put(byHand)
				j.src.Put(user(n))
			}
			rename(j, "displayName", 30, 33)
		}, "adopt", "Options.Limits.Adopt", map[string]int{"adopt User": 5}, map[string]int{"update User": 3}},
		{"update", func(o *provisioning.Options) { o.Limits.Update = few }, nil, func(j *job) {
			rename(j, "displayName", 30, 40)
			j.src.Put(user(200), group("small", 1, 2, 3, 4))
			j.src.Remove(uref(50))
			j.src.Put(group("big", append(numbers(50), numbers(100)[51:]...)...))
		}, "update", "Options.Limits.Update", map[string]int{"update User": 10},
			map[string]int{"create User": 1, "update Group": 2, "deactivate User": 1}},
		{"deactivate", func(o *provisioning.Options) { o.Limits.Deactivate = few }, nil, func(j *job) {
			leave(j)
			rename(j, "displayName", 30, 33)
		}, "deactivate", "Options.Limits.Deactivate", map[string]int{"deactivate User": 10}, map[string]int{"update User": 3}},
		{"deactivate, of the day", func(o *provisioning.Options) { o.DayLimits.Deactivate = provisioning.Limit{Count: 10} }, func(j *job) { leave(j) },
			func(j *job) {
				j.src.Remove(uref(60))
				j.src.Put(user(200), group("big"))
			}, "deactivate", "Options.DayLimits.Deactivate", map[string]int{"deactivate User": 1},
			map[string]int{"create User": 1, "update Group": 1}},
		{"reactivate", func(o *provisioning.Options) { o.Limits.Reactivate = few }, func(j *job) { leave(j) }, func(j *job) {
			for n := 10; n < 20; n++ {
				j.src.Put(user(n))
			}
			rename(j, "displayName", 30, 33)
		}, "reactivate", "Options.Limits.Reactivate", map[string]int{"reactivate User": 10}, map[string]int{"update User": 3}},
		{"delete", func(o *provisioning.Options) {
			o.Limits.Delete = few
			o.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
		}, nil, func(j *job) {
			leave(j)
			rename(j, "displayName", 30, 33)
		}, "delete", "Options.Limits.Delete", map[string]int{"delete User": 10}, map[string]int{"update User": 3}},
		{"references of all", func(o *provisioning.Options) { o.Limits.RemoveRefs = few }, nil, func(j *job) {
			j.src.Put(group("big", numbers(50)...), group("small", 1, 2))
			rename(j, "displayName", 30, 33)
		}, "removeRefs", "Options.Limits.RemoveRefs", map[string]int{"update Group": 2}, map[string]int{"update User": 3}},
		{"references of one, with all that is to become of it", func(o *provisioning.Options) { o.Limits.RemoveRefsEach = few }, nil, func(j *job) {
			g := group("big", numbers(50)...)
			g.Attributes.Set("displayName", "Renamed")
			j.src.Put(g, group("small", 1, 2))
		}, "removeRefsEach", "Options.Limits.RemoveRefsEach", map[string]int{"update Group": 1}, map[string]int{"update Group": 1}},
		{"one attribute", func(o *provisioning.Options) {
			o.Limits.Attributes = map[string]provisioning.Limit{"userName": few}
		}, nil, func(j *job) {
			rename(j, "userName", 30, 40)
			rename(j, "displayName", 40, 60)
		}, "attribute", `Options.Limits.Attributes["userName"]`, map[string]int{"update User": 10}, map[string]int{"update User": 20}},
		{"a guard of one's own", func(o *provisioning.Options) {
			o.Guards = []provisioning.Guard{func(p *provisioning.Plan, _ *provisioning.History) error {
				if p.Empty() {
					return nil
				}
				return &provisioning.Refusal{Rule: "freeze, of groups", Option: "the change calendar", Text: "3 groups change; at most 0 may", Number: 3,
					Concerns: func(c *provisioning.Change) bool { return c.Kind == provisioning.Group }}
			}}
		}, nil, func(j *job) {
			j.src.Put(group("big", numbers(50)...), user(200))
		}, "freeze, of groups", "the change calendar", map[string]int{"update Group": 1}, map[string]int{"create User": 1}},
	} {
		for _, delta := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/delta %t", c.name, delta), func(t *testing.T) {
				j := stagedJob(t, delta)
				if c.before != nil {
					c.before(j)
					j.clean(t)
				}
				c.limits(&j.opts)
				if delta {
					j.clean(t) // the policy is another
				}
				c.do(j)

				report := j.staged(t)
				require.Equal(t, delta, report.Plan.Partial)
				if diff := cmp.Diff(c.staged, ops(report.Staged)); diff != "" {
					t.Errorf("staged (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(c.done, ops(report.Plan)); diff != "" {
					t.Errorf("done (-want +got):\n%s", diff)
				}
				r := report.Refusals[0]
				require.Equal(t, c.rule, r.Rule)
				require.Contains(t, r.Error(), c.option)
				require.Contains(t, r.Error(), fmt.Sprint(r.Number))
				require.Contains(t, r.Error(), fmt.Sprintf("at most %d may", r.Limit))

				// The next run has only the staged rest, under the same name, whether it reads everything or not.
				again := j.staged(t)
				require.Empty(t, again.Plan.Changes)
				require.Equal(t, report.Token, again.Token)
				full := j.plan(t)
				var refused *provisioning.RefusedError
				require.ErrorAs(t, j.reconciler(t).Judge(t.Context(), full), &refused)
				require.NotNil(t, refused.Staged)
				require.Equal(t, report.Token, refused.Token())
				require.ErrorContains(t, refused, "approve it with "+report.Token)

				j.opts.Approve = report.Token
				j.clean(t)
			})
		}
	}
}

// What puts the whole read in doubt has nothing done at all.
func TestStageReadInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		rule string
		opts func(*provisioning.Options)
	}{
		"source floor": {"sourceFloor", func(*provisioning.Options) {}},
		"canary": {"canary", func(o *provisioning.Options) {
			o.Limits.SourceFloor, o.Limits.Canaries = -1, []provisioning.Ref{uref(5)}
		}},
		"a guard that does not say what it is against": {"guard", func(o *provisioning.Options) {
			o.Limits.SourceFloor = -1
			o.Guards = []provisioning.Guard{func(*provisioning.Plan, *provisioning.History) error { return errors.New("the auditor is on leave") }}
		}},
		"a guard that is against no change there is": {"odd", func(o *provisioning.Options) {
			o.Limits.SourceFloor = -1
			o.Guards = []provisioning.Guard{func(*provisioning.Plan, *provisioning.History) error {
				return &provisioning.Refusal{Rule: "odd", Text: "odd", Concerns: func(*provisioning.Change) bool { return false }}
			}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			j := stagedJob(t, false)
			c.opts(&j.opts)
			for n := range 30 {
				j.src.Remove(uref(n))
			}
			j.src.Put(user(200))
			refused := j.refused(t)
			require.Nil(t, refused.Staged)
			require.Equal(t, c.rule, refused.Refusals[0].Rule)
			require.ErrorContains(t, refused, "nothing was changed")
			refused = j.refused(t)
			j.opts.Approve = refused.Token()
			require.NoError(t, j.run(t).Err())
		})
	}
}

// An approval is of one staged part, and of the guards that it names.
func TestStageApproval(t *testing.T) {
	build := func(t *testing.T) (*job, *provisioning.Report) {
		j := stagedJob(t, true)
		j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
		for n := 10; n < 15; n++ {
			j.src.Remove(uref(n))
		}
		return j, j.staged(t)
	}
	t.Run("of a plan that is another by now approves nothing", func(t *testing.T) {
		j, report := build(t)
		j.src.Remove(uref(15))
		j.src.Put(user(200))
		j.opts.Approve = report.Token
		again := j.staged(t)
		require.NotEqual(t, report.Token, again.Token)
		require.NotNil(t, j.of(t, uref(200)), "the safe part waits for the other")
		require.Zero(t, j.disabled(t))
	})
	t.Run("lets the safe part of the next morning go on too", func(t *testing.T) {
		j, report := build(t)
		j.src.Put(user(200))
		j.opts.Approve = report.Token
		j.clean(t)
		require.NotNil(t, j.of(t, uref(200)))
		require.Equal(t, 5, j.disabled(t))
	})
	t.Run("passes no guard that it does not name", func(t *testing.T) {
		j, report := build(t)
		j.opts.Guards = []provisioning.Guard{func(*provisioning.Plan, *provisioning.History) error {
			return &provisioning.Refusal{Rule: "freeze", Text: "it is December", Concerns: func(c *provisioning.Change) bool { return c.Op == provisioning.Deactivate }}
		}}
		j.opts.Approve = report.Token
		again := j.staged(t)
		require.Equal(t, report.Staged.Digest(), again.Staged.Digest())
		require.Equal(t, report.Staged.Digest()+":deactivate,freeze", again.Token)
		j.opts.Approve = again.Token
		j.clean(t)
	})
	t.Run("a staged plan can be saved, approved and applied", func(t *testing.T) {
		j, report := build(t)
		p := saved(t, report.Staged)
		require.Equal(t, report.Token, p.Token())
		require.Equal(t, "Options.Limits.Deactivate", p.Refusals[0].Option)
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.ErrorIs(t, err, provisioning.ErrRefused)
		j.opts.Limits.Deactivate = provisioning.Limit{Off: true}
		_, err = j.reconciler(t).Apply(t.Context(), p)
		require.ErrorIs(t, err, provisioning.ErrRefused, "what was staged waits even when no guard is against it any more")
		require.Zero(t, j.disabled(t))

		require.ErrorContains(t, p.Approve("0123:deactivate"), `names plan "0123"`)
		require.NoError(t, p.Approve(p.Token()))
		report, err = j.reconciler(t).Apply(t.Context(), saved(t, p))
		require.NoError(t, err)
		require.NoError(t, report.Err())
		require.Equal(t, 5, j.disabled(t))
		require.Equal(t, []provisioning.Ref{gref("big")}, j.partial(t).Plan.Concerned, "whose members were kept until then")
		require.Empty(t, j.partial(t).Plan.Concerned, "it is still remembered as staged")
	})
}

// A reference to somebody whose creation is staged waits, and is written when the creation is.
func TestStagePending(t *testing.T) {
	for _, delta := range []bool{false, true} {
		j := stagedJob(t, delta)
		j.opts.Limits.Create = provisioning.Limit{Count: 3}
		for n := 200; n < 205; n++ {
			j.src.Put(user(n))
		}
		led := user(1)
		led.Attributes.Set("displayName", "Led")
		led.Refs = provisioning.Refs{"manager": {uref(200)}}
		j.src.Put(led, group("small", 1, 2, 3, 200, 201), group("new", 1, 202))
		report := j.staged(t)
		require.Equal(t, map[string]int{"create Group": 1, "update User": 1}, ops(report.Plan))
		require.Len(t, report.Plan.Pending, 4)
		require.Equal(t, "Led", j.of(t, uref(1)).Attributes.Get("displayName"))
		require.Len(t, j.of(t, gref("new")).Refs["members"], 1)
		require.Empty(t, j.staged(t).Plan.Changes)

		// Approved as it was saved, it has the references written by the next run.
		p := saved(t, report.Staged)
		require.NoError(t, p.Approve(p.Token()))
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		j.clean(t)
		require.Len(t, j.of(t, gref("small")).Refs["members"], 5)
		require.Equal(t, []provisioning.Ref{j.of(t, uref(200)).Ref()}, j.of(t, uref(1)).Refs["manager"])
	}
}

// Whose removal is staged loses no membership before it is approved, and then does, also when only what changed is read.
func TestStageKeepsMemberships(t *testing.T) {
	for _, delta := range []bool{false, true} {
		t.Run(fmt.Sprint("delta ", delta), func(t *testing.T) {
			j := stagedJob(t, delta)
			led := user(50)
			led.Refs = provisioning.Refs{"manager": {uref(2)}}
			j.src.Put(led)
			j.clean(t)
			j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
			for n := range 5 {
				j.src.Remove(uref(n))
			}
			led.Refs = provisioning.Refs{"manager": {uref(60)}}
			j.src.Put(led, group("big", append([]int{}, numbers(99)[5:]...)...), group("small", 7))
			report := j.staged(t)
			require.Len(t, j.of(t, gref("big")).Refs["members"], 99, "only who is not among them is taken out")
			require.Len(t, j.of(t, gref("small")).Refs["members"], 4, "the new one is added, and nobody is taken out")
			require.Equal(t, []provisioning.Ref{j.of(t, uref(60)).Ref()}, j.of(t, uref(50)).Refs["manager"], "a manager is replaced")
			require.Empty(t, j.staged(t).Plan.Changes)

			p := saved(t, report.Staged)
			require.NoError(t, p.Approve(p.Token()))
			_, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			next := j.clean(t)
			require.Equal(t, delta, next.Plan.Partial)
			require.Equal(t, []provisioning.Ref{j.of(t, uref(7)).Ref()}, j.of(t, gref("small")).Refs["members"])
			require.Len(t, j.of(t, gref("big")).Refs["members"], 94)
		})
	}
}

// Of one person the rename can wait while the access is taken away, and neither disturbs the other.
func TestStageTwoChangesOfOneRecord(t *testing.T) {
	j := stagedJob(t, true)
	j.opts.Limits.Attributes = map[string]provisioning.Limit{"displayName": {Count: 3}}
	for n := 10; n < 20; n++ {
		r := user(n)
		r.Attributes.Set("displayName", "Changed")
		r.Disabled = n == 10
		j.src.Put(r)
	}
	report := j.staged(t)
	require.True(t, j.of(t, uref(10)).Disabled, "somebody keeps the access because of a rename")
	require.Equal(t, report.Token, j.staged(t).Token)

	p := saved(t, report.Staged)
	require.NoError(t, p.Approve(p.Token()))
	report, err := j.reconciler(t).Apply(t.Context(), p)
	require.NoError(t, err)
	require.NoError(t, report.Err(), "%+v", report.Failures)
	require.True(t, j.of(t, uref(10)).Disabled, "the rename gave the access back")
	j.converged(t)
}

// The grace period of somebody whose deactivation is staged has not begun, and that of somebody whose deletion is staged is over.
func TestStageGrace(t *testing.T) {
	for _, delta := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			j := stagedJob(t, delta)
			j.opts.FullEvery = 1000 * time.Hour
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.opts.Policy.Grace = 48 * time.Hour
			j.clean(t)
			j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
			j.opts.Limits.Delete = provisioning.Limit{Count: 3}
			for n := 10; n < 20; n++ {
				j.src.Remove(uref(n))
			}
			j.src.Put(group("big", append(numbers(10), numbers(100)[20:]...)...))
			token := j.staged(t).Token
			time.Sleep(72 * time.Hour)
			report := j.staged(t)
			require.Equal(t, map[string]int{"deactivate User": 10}, ops(report.Staged), "somebody is deleted who was never disabled")
			require.Equal(t, token, report.Token)
			j.opts.Approve = token
			j.clean(t)
			require.Equal(t, 10, j.disabled(t))

			time.Sleep(48 * time.Hour)
			report = j.staged(t)
			require.Equal(t, map[string]int{"delete User": 10}, ops(report.Staged))
			require.Equal(t, report.Token, j.staged(t).Token, "the grace period began anew")
			j.opts.Approve = report.Token
			j.clean(t)
			require.Nil(t, j.of(t, uref(10)))
		})
	}
}

// The history has what was done, and a source that has fewer is not the measure of the next one before that is approved.
func TestStageHistory(t *testing.T) {
	j := stagedJob(t, false)
	j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
	for n := 10; n < 20; n++ {
		j.src.Remove(uref(n))
	}
	j.src.Put(user(200))
	j.staged(t)
	j.staged(t)
	history := func() *provisioning.History {
		_, h, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		return h
	}
	require.Equal(t, 0, history().Done(provisioning.User, provisioning.Deactivate, time.Time{}))
	require.Equal(t, 1, history().Done(provisioning.User, provisioning.Create, time.Time{}))
	require.Equal(t, 100, history().Source[provisioning.User])
	j.opts.Approve = j.staged(t).Token
	j.opts.DayLimits.Deactivate = provisioning.Limit{Off: true}
	j.clean(t)
	require.Equal(t, 10, history().Done(provisioning.User, provisioning.Deactivate, time.Time{}))
	require.Equal(t, 91, history().Source[provisioning.User])
}

// One record on demand is staged in the same way.
func TestStageOneRecord(t *testing.T) {
	j := stagedJob(t, true)
	j.opts.Limits.RemoveRefsEach = provisioning.Limit{Count: 3}
	j.src.Put(group("big", 1, 2, 3))
	trace, err := j.reconciler(t).Sync(t.Context(), gref("big"))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"update Group": 1}, ops(trace.Report.Staged))
	require.Len(t, j.of(t, gref("big")).Refs["members"], 100)
	require.Equal(t, trace.Report.Token, j.staged(t).Token)
	j.opts.Approve = trace.Report.Token
	trace, err = j.reconciler(t).Sync(t.Context(), gref("big"))
	require.NoError(t, err)
	require.NoError(t, trace.Report.Err())
	j.clean(t)
}

// A run that is killed at any write loses nothing of what was staged, neither before it is approved nor while it is applied.
func TestStageKilled(t *testing.T) {
	for _, approve := range []bool{false, true} {
		points := 0
		for point := 1; killStaged(t, point, approve) && !t.Failed(); point++ {
			points++
		}
		t.Logf("killed at %d writes, approved %t", points, approve)
		require.GreaterOrEqual(t, points, 4)
	}
}

func killStaged(t *testing.T, point int, approve bool) bool {
	t.Helper()
	j := newJob(30)
	j.source = j.src
	state := &mortalState{values: map[string][]byte{}}
	j.opts.State = state
	writes := -1 // counted from when it is zero
	killed := false
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Records" || c.Name == "Find" || writes < 0 || c.After {
			return nil
		}
		if writes++; writes >= point {
			killed = true
			state.kill()
			return errKilled
		}
		return nil
	}})
	j.sink = j.dst
	j.opts.Concurrency = 1
	j.clean(t)
	j.opts.OnRefused = provisioning.StageRisky
	off := provisioning.Limit{Off: true}
	j.opts.Limits, j.opts.DayLimits = provisioning.Limits{Deactivate: provisioning.Limit{Count: 3}, SourceFloor: -1}, provisioning.Limits{Deactivate: off}
	for n := range 5 {
		j.src.Remove(uref(n))
		j.src.Put(user(100 + n))
	}
	if approve {
		j.opts.Approve = j.staged(t).Token
		for n := range 5 {
			j.src.Put(user(200 + n))
		}
	}
	writes = 0
	_, err := j.reconciler(t).Run(t.Context())
	writes = -1
	state.revive()
	if !killed {
		require.NoError(t, err)
		return false
	}
	j.opts.Approve = ""
	for range 3 {
		report := j.run(t)
		require.Empty(t, report.Failures)
		if report.Staged == nil {
			continue
		}
		j.untouched(t, report.Staged)
		require.Equal(t, 5, len(report.Staged.Changes)+j.disabled(t), "a staged deactivation was lost")
		j.opts.Approve = report.Token
	}
	j.converged(t)
	require.Equal(t, 5, j.disabled(t), "killed at write %d", point)
	return true
}
