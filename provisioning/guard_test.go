package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// Each limit has a test in which the number it allows passes and one more does not.
func TestLimits(t *testing.T) {
	remove := func(j *job, n int) {
		for i := range n {
			j.src.Remove(uref(i))
		}
	}
	change := func(j *job, n int) {
		for i := range n {
			r := user(i)
			r.Attributes.Set("displayName", "Changed")
			j.src.Put(r)
		}
	}
	create := func(j *job, n int) {
		for i := range n {
			j.src.Put(user(1000 + i))
		}
	}
	comeBack := func(j *job, n int) {
		for i := range n {
			j.src.Put(user(500 + i))
		}
	}
	members := func(j *job, n int) { j.src.Put(group("g", numbers(100)[n:]...)) }
	unlinked := func(j *job, n int) {
		j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
		for i := range n {
			j.src.Put(user(1000 + i))
			j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("by-hand-%d", i)),
				Attributes: provisioning.Attributes{"userName": user(1000 + i).Attributes["userName"]}})
		}
	}
	lost := func(j *job, n int) {
		for i := range n {
			j.dst.Remove(j.of(t, uref(i)).Ref())
		}
	}
	deletes := func(o *provisioning.Options) {
		o.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	}
	for _, c := range []struct {
		name  string
		rule  string
		opts  func(*provisioning.Options)
		do    func(j *job, n int)
		most  int
		limit provisioning.Limits
	}{
		{"deactivate, by default a fifth", "deactivate", nil, remove, 20, provisioning.Limits{SourceFloor: -1}},
		{"deactivate, a number", "deactivate", nil, remove, 3, provisioning.Limits{Deactivate: provisioning.Limit{Count: 3}}},
		{"deactivate, the lesser of both", "deactivate", nil, remove, 3, provisioning.Limits{Deactivate: provisioning.Limit{Count: 3, Share: 0.5}}},
		{"delete, by default a tenth", "delete", deletes, remove, 10, provisioning.Limits{}},
		{"update, by default a half", "update", nil, change, 50, provisioning.Limits{}},
		{"create", "create", nil, create, 10, provisioning.Limits{Create: provisioning.Limit{Share: 0.1}}},
		{"create, at least 500", "create", nil, create, 500, provisioning.Limits{}},
		{"adopt", "adopt", nil, unlinked, 11, provisioning.Limits{Adopt: provisioning.Limit{Share: 0.1}}},
		{"adopt, at least 50", "adopt", nil, unlinked, 50, provisioning.Limits{}},
		{"reactivate, by default a fifth", "reactivate", nil, comeBack, 26, provisioning.Limits{}},
		{"references of one record, by default a half", "removeRefsEach", nil, members, 50, provisioning.Limits{RemoveRefs: provisioning.Limit{Off: true}}},
		{"references of all, by default 60 pass", "removeRefs", nil, members, 60, provisioning.Limits{RemoveRefsEach: provisioning.Limit{Off: true}}},
		{"one attribute", "attribute", nil, change, 5, provisioning.Limits{Attributes: map[string]provisioning.Limit{"displayName": {Share: 0.05}}}},
		{"source floor, by default four fifths", "sourceFloor", nil, remove, 20, provisioning.Limits{Deactivate: provisioning.Limit{Off: true}}},
		{"sink floor, by default four fifths", "sinkFloor", nil, lost, 20, provisioning.Limits{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			build := func(n int) *job {
				j := newJob(100)
				j.src.Put(group("g", numbers(100)...))
				if c.rule == "reactivate" {
					for i := range 30 {
						j.src.Put(user(500 + i))
					}
					j.clean(t)
					off := provisioning.Limit{Off: true}
					j.opts.Limits = provisioning.Limits{Deactivate: off, SourceFloor: -1}
					for i := range 30 {
						j.src.Remove(uref(500 + i))
					}
				}
				j.clean(t)
				j.opts.Limits = c.limit
				if c.opts != nil {
					c.opts(&j.opts)
				}
				if c.rule != "removeRefs" && c.rule != "removeRefsEach" {
					// Who leaves leaves the group too, which is judged elsewhere.
					j.opts.Limits.RemoveRefs, j.opts.Limits.RemoveRefsEach = provisioning.Limit{Off: true}, provisioning.Limit{Off: true}
				}
				c.do(j, n)
				return j
			}
			build(c.most).clean(t)
			refused := build(c.most + 1).refused(t)
			i := slices.IndexFunc(refused.Refusals, func(r *provisioning.Refusal) bool { return r.Rule == c.rule })
			require.GreaterOrEqual(t, i, 0, "%v", refused)
			if c.rule != "sourceFloor" && c.rule != "sinkFloor" {
				require.Equal(t, c.most, refused.Refusals[i].Limit)
				require.Equal(t, c.most+1, refused.Refusals[i].Number)
			}
			r := refused.Refusals[i]
			require.Contains(t, refused.Error(), r.Option, "it does not say what lets it through for good")
			require.Contains(t, refused.Error(), refused.Token(), "nor what lets it through now")
			require.Regexp(t, fmt.Sprintf(`\b%d\b.*\bat (most|least) %d\b`, r.Number, r.Limit), r.Error())
		})
	}
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// Guards of one's own are asked too, and all that is against a plan is said at once.
func TestGuards(t *testing.T) {
	j := newJob(100)
	j.clean(t)
	var seen *provisioning.History
	j.opts.Guards = []provisioning.Guard{
		func(_ *provisioning.Plan, h *provisioning.History) error {
			seen = h
			return &provisioning.Refusal{Rule: "freeze", Option: "wait until January", Text: "it is December"}
		},
		func(*provisioning.Plan, *provisioning.History) error {
			return errors.Join(fmt.Errorf("the auditor is on leave"), nil)
		},
	}
	for n := range 40 {
		j.src.Remove(uref(n))
	}
	refused := j.refused(t)
	var rules []string
	for _, r := range refused.Refusals {
		rules = append(rules, r.Rule)
	}
	require.Equal(t, []string{"deactivate", "sourceFloor", "freeze", "guard"}, rules)
	require.ErrorContains(t, refused, "it is December (wait until January)")
	require.ErrorContains(t, refused, "the auditor is on leave")
	require.Equal(t, 100, seen.Source[provisioning.User])
}

func TestFullRunOnItsOwnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := deltaJob(t, 20)
		j.partial(t)
		// Somebody changes the sink, which no source tells.
		byHand := j.of(t, uref(1))
		byHand.Attributes.Set("displayName", "By hand")
		j.dst.Put(byHand)
		require.True(t, j.run(t).Plan.Partial)
		time.Sleep(24 * time.Hour)
		require.False(t, j.clean(t).Plan.Partial)
		require.Equal(t, "User 1", j.of(t, uref(1)).Attributes.Get("displayName"))
	})
}

func TestUnmanagedAndMemory(t *testing.T) {
	j := newJob(5)
	stranger := &provisioning.Record{Kind: provisioning.User, ID: "stranger", Attributes: provisioning.Attributes{"userName": {"root"}}}
	j.dst.Put(stranger)
	r := user(1)
	r.Refs = provisioning.Refs{"manager": {uref(77)}}
	j.src.Put(r)
	report := j.clean(t)
	require.Equal(t, 1, report.Plan.Counts[provisioning.User].Unmanaged)
	got := collect(t, j.reconciler(t).Unmanaged(t.Context(), provisioning.User))
	require.Len(t, got, 1)
	require.Equal(t, provisioning.ID("stranger"), got[0].ID)

	m, h, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	waiting, _ := m.Waiting.Get(uref(77))
	require.Equal(t, []provisioning.Ref{uref(1)}, waiting)
	require.Equal(t, 5, h.Source[provisioning.User])
	require.Equal(t, 5, h.Owned[provisioning.User], "who was created in the run is not counted")
	require.Equal(t, 5, h.Active[provisioning.User])
}

// TestSinkThatGivesFewer plays a sink whose list lacks some of what is in it: those are not created once more, however
// often it is tried.
func TestSinkThatGivesFewer(t *testing.T) {
	j := newJob(100)
	j.clean(t)
	j.sink = &shortSink{Sink: j.dst, most: 60}
	j.src.Remove(uref(0))
	j.opts.OnRefused = provisioning.StageRisky
	for range 2 {
		require.ErrorContains(t, j.refused(t), "the sink gave 60 Users of ours, the last run left 100; at least 80 must be, or some are created twice (Options.Limits.SinkFloor)")
	}
	j.sink = j.dst
	j.clean(t)
	require.Len(t, j.have(t), 100)
}

// shortSink gives no more than some of its users, and ends as if they were all.
type shortSink struct {
	provisioning.Sink
	most int
}

func (s *shortSink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		n := 0
		for r, err := range s.Sink.Records(ctx, kind) {
			if n++; n > s.most || !yield(r, err) {
				return
			}
		}
	}
}

// An ExternalID is what a record is known by, so one that is rewritten is a change as any other, and counts.
func TestExternalIDsAreUpdates(t *testing.T) {
	j := newJob(100)
	j.opts.Links = true
	j.clean(t)
	for _, r := range j.have(t) {
		r.ExternalID = "x-" + r.ExternalID
		j.dst.Put(r)
	}
	refused := j.refused(t)
	require.ErrorContains(t, refused, "it changes 100 Users of 100; at most 50 may be (Options.Limits.Update)")
}
