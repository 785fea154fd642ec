package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

const month = 30 * 24 * time.Hour

// graceJob is one that deletes people who have been gone for a month.
func graceJob(j *job, grace time.Duration) *job {
	j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
	j.opts.Policy.Grace = grace
	return j
}

// sinkReads replaces what a sink gives of its users.
type sinkReads struct {
	provisioning.Sink
	ref provisioning.Ref // the one that cannot be read; none says that the sink does not have users
}

func (s sinkReads) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	switch {
	case kind != provisioning.User:
		return s.Sink.Records(ctx, kind)
	case s.ref == provisioning.Ref{}:
		return func(yield func(*provisioning.Record, error) bool) { yield(nil, errors.ErrUnsupported) }
	}
	return failing{s.Sink, s.ref}.Records(ctx, kind)
}

// Whatever keeps a deletion from being planned or done for a while, the grace does not begin anew after it.
func TestGraceGoesOn(t *testing.T) {
	fails := false
	for name, hinder := range map[string]func(*testing.T, *job){
		"the source has a record without an ID": func(_ *testing.T, j *job) { j.source = anonymous{j.src.Source()} },
		"the deletion fails":                    func(*testing.T, *job) { fails = true },
		"the policy forbids it":                 func(_ *testing.T, j *job) { j.opts.Policy.Forbid = []provisioning.Op{provisioning.Delete} },
		"it is staged": func(_ *testing.T, j *job) {
			j.opts.OnRefused = provisioning.StageRisky
			j.opts.Guards = []provisioning.Guard{func(*provisioning.Plan, *provisioning.History) error {
				return &provisioning.Refusal{Rule: "freeze", Concerns: func(c *provisioning.Change) bool { return c.Op == provisioning.Delete }}
			}}
		},
		"the sink's record cannot be read": func(t *testing.T, j *job) {
			j.sink = sinkReads{j.dst.Bare(), j.of(t, uref(3)).Ref()}
		},
		"the sink gives no users":   func(_ *testing.T, j *job) { j.sink = sinkReads{Sink: j.dst.Bare()} },
		"the source gives no users": func(_ *testing.T, j *job) { j.source = noUsers{j.src.Source()} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fails = false
				j := graceJob(newJob(20), month)
				j.opts.Limits.SourceFloor = -1
				j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
					if c.Name == "Delete" && fails {
						return provisioning.ErrInvalid
					}
					return nil
				}})
				j.sink = j.dst
				j.clean(t)
				j.src.Remove(uref(3))
				j.clean(t)
				time.Sleep(month)
				whole := *j
				hinder(t, j)
				for range 3 {
					time.Sleep(time.Minute)
					j.run(t)
				}
				require.NotNil(t, j.of(t, uref(3)))
				fails = false
				state := j.opts.State
				*j = whole
				j.opts.State = state
				time.Sleep(24 * time.Hour)
				j.run(t)
				require.Nil(t, j.of(t, uref(3)), "gone for 31 days, with a grace of 30, and it waits for 30 more")
			})
		})
	}
}

// noUsers is a source that says for once that it does not have users.
type noUsers struct{ provisioning.Source }

func (s noUsers) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	if kind == provisioning.User {
		return func(yield func(*provisioning.Record, error) bool) { yield(nil, errors.ErrUnsupported) }
	}
	return s.Source.Records(ctx, kind)
}

// Who was back in between has the whole grace, although a plan is applied that was saved while they were gone.
func TestGraceOfAnOvertakenPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := graceJob(newJob(20), month)
		j.clean(t)
		j.src.Remove(uref(3))
		j.run(t)
		j.src.Put(user(50))
		p := saved(t, j.plan(t)) // waits for somebody to read it
		time.Sleep(20 * 24 * time.Hour)
		j.src.Put(user(3))
		j.run(t)
		require.False(t, j.of(t, uref(3)).Disabled)
		time.Sleep(15 * 24 * time.Hour)
		_, err := j.reconciler(t).Apply(t.Context(), p)
		require.NoError(t, err)
		m, _, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		require.Zero(t, m.Gone.Len())
		j.src.Remove(uref(3))
		j.run(t)
		require.NotNil(t, j.of(t, uref(3)), "deleted on the day of leaving")
	})
}

// The grace begins when somebody is disabled, and not when the plan was made that disables them.
func TestGraceOfASavedPlan(t *testing.T) {
	for _, stages := range []bool{true, false} {
		t.Run(fmt.Sprint("staged ", stages), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := graceJob(stagedJob(t, false), 48*time.Hour)
				j.clean(t)
				for n := 10; n < 20; n++ {
					j.src.Remove(uref(n))
				}
				p := j.plan(t)
				if stages {
					j.opts.Limits.Deactivate = provisioning.Limit{Count: 3}
					p = j.staged(t).Staged
					require.NoError(t, p.Approve(p.Token()))
				}
				p = saved(t, p)
				time.Sleep(72 * time.Hour)
				report, err := j.reconciler(t).Apply(t.Context(), p)
				require.NoError(t, err)
				require.NoError(t, report.Err(), "%+v", report.Failures)
				require.Equal(t, 10, j.disabled(t))
				time.Sleep(48*time.Hour - time.Minute)
				j.run(t)
				require.NotNil(t, j.of(t, uref(10)), "deleted before it was disabled for 48 hours")
				time.Sleep(time.Minute)
				j.run(t)
				require.Nil(t, j.of(t, uref(10)))
			})
		})
	}
}

// The grace does not begin while the sink does not disable who is gone, be it that this fails or that it waits after it failed;
// where the policy forbids it, it begins when they are gone.
func TestGraceBeginsOnceDisabled(t *testing.T) {
	for _, deltas := range []bool{false, true} {
		t.Run(fmt.Sprint("deltas ", deltas), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuses := true
				j := graceJob(faultyJob(20, func(c memory.Call) error {
					if refuses && c.Name == "Deactivate" {
						return provisioning.ErrInvalid
					}
					return nil
				}), 48*time.Hour)
				if deltas {
					j.source = j.src
				}
				j.clean(t)
				j.src.Remove(uref(3))
				for range 72 {
					j.run(t)
					time.Sleep(time.Hour)
				}
				require.NotNil(t, j.of(t, uref(3)), "deleted while it was enabled")
				refuses = false
				j.opts.Again = true
				j.run(t)
				require.True(t, j.of(t, uref(3)).Disabled)
				time.Sleep(48*time.Hour - time.Minute)
				j.run(t)
				require.NotNil(t, j.of(t, uref(3)), "deleted before it was disabled for 48 hours")
				time.Sleep(time.Minute)
				j.run(t)
				require.Nil(t, j.of(t, uref(3)))
			})
		})
	}
	t.Run("forbidden", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			j := graceJob(newJob(20), 48*time.Hour)
			j.opts.Policy.Forbid = []provisioning.Op{provisioning.Deactivate}
			j.clean(t)
			j.src.Remove(uref(3))
			j.run(t)
			time.Sleep(48 * time.Hour)
			j.run(t)
			require.Nil(t, j.of(t, uref(3)))
		})
	})
}
