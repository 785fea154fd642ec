package provisioning_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
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
				// What changed does not tell who else of the source an account may belong to.
				require.Equal(t, delta && c.rule != "adopt", report.Plan.Partial)
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
