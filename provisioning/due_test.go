package provisioning_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// loopFor loops for a while and gives how long after its beginning each run began.
func (j *job) loopFor(t *testing.T, s *provisioning.Schedule, d time.Duration) []time.Duration {
	t.Helper()
	start := time.Now()
	var began []time.Duration
	j.opts.Observer = &provisioning.Observer{Finished: func(_ context.Context, r *provisioning.Report) {
		began = append(began, r.Started.Sub(start).Round(time.Minute))
	}}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	require.ErrorIs(t, j.reconciler(t).Loop(ctx, s), context.DeadlineExceeded)
	return began
}

// The loop wakes for each moment at which something changes by itself, and not again for one that has passed.
func TestLoopRunsWhenSomethingFallsDue(t *testing.T) {
	h := time.Hour
	until := func(n int, d time.Duration) *provisioning.Record {
		r := user(n)
		r.ValidUntil = time.Now().Add(d)
		return r
	}
	for _, c := range []struct {
		name   string
		before func(*testing.T, *job)
		want   []time.Duration
	}{
		{"two moments of one day", func(_ *testing.T, j *job) { j.src.Put(until(1, h), until(2, 2*h)) }, []time.Duration{0, h, 2 * h, 22 * h}},
		{"the end of a grace, after a moment of somebody else", func(t *testing.T, j *job) {
			graceJob(j, 3*h)
			j.run(t)
			j.src.Remove(uref(3))
			j.src.Put(until(1, h))
		}, []time.Duration{0, h, 3 * h, 23 * h}},
		{"a grace that is over, of whom the policy forbids to delete", func(t *testing.T, j *job) {
			graceJob(j, h)
			j.opts.Policy.Forbid = []provisioning.Op{provisioning.Delete}
			j.run(t)
			j.src.Remove(uref(3))
		}, []time.Duration{0, h, 21 * h}},
		{"a change that keeps failing", func(_ *testing.T, j *job) {
			j.sink = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if c.Name == "Create" && c.Ref.ID == uid(3) {
					return provisioning.ErrInvalid
				}
				return nil
			}})
		}, []time.Duration{0, 20 * h, 20*h + 5*time.Minute, 21*h + 5*time.Minute}},
	} {
		for _, delta := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, ", delta ", delta), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					j := newJob(10)
					if delta {
						j.source = j.src
					}
					c.before(t, j)
					if diff := cmp.Diff(c.want, j.loopFor(t, &provisioning.Schedule{Every: 20 * h}, 24*h)); diff != "" {
						t.Errorf("runs (-want +got):\n%s", diff)
					}
				})
			})
		}
	}
}

// A process that ended before something fell due makes up for it when it is there again, also when its runs are daily.
func TestLoopMakesUpForWhatFellDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(10)
		r := user(1)
		r.ValidUntil = time.Now().Add(4 * time.Hour)
		j.src.Put(r)
		daily := &provisioning.Schedule{Daily: []string{time.Now().UTC().Add(time.Hour).Format("15:04")}}
		require.Equal(t, []time.Duration{time.Hour}, j.loopFor(t, daily, 2*time.Hour))
		require.Equal(t, []time.Duration{2 * time.Hour}, j.loopFor(t, daily, 3*time.Hour), "it is due while the process is there")
		require.True(t, j.of(t, uref(1)).Disabled)
		require.Empty(t, j.loopFor(t, daily, time.Hour))

		r.ValidFrom, r.ValidUntil = time.Now().Add(25*time.Hour), time.Time{}
		j.src.Put(r)
		j.run(t)
		time.Sleep(26 * time.Hour)
		require.Equal(t, time.Duration(0), j.loopFor(t, daily, time.Minute)[0], "it fell due while the process was not there")
		require.False(t, j.of(t, uref(1)).Disabled)
	})
}

// What falls due between two full runs is remembered, however far these are apart.
func TestDueBetweenFullRuns(t *testing.T) {
	for name, every := range map[string]time.Duration{"each ten days": 240 * time.Hour, "never": 1<<63 - 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(10)
				j.source = j.src
				j.opts.FullEvery = every
				r := user(1)
				r.ValidUntil = time.Now().Add(72 * time.Hour)
				j.src.Put(r)
				j.clean(t)
				for range 4 {
					time.Sleep(24 * time.Hour)
					require.True(t, j.run(t).Plan.Partial)
				}
				require.True(t, j.of(t, uref(1)).Disabled, "expired a day ago")
			})
		})
	}
}
