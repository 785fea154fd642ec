package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// deltaJob is a job whose source tells what changed, after its first run.
func deltaJob(t *testing.T, people int) *job {
	t.Helper()
	j := newJob(people)
	j.source = j.src
	j.clean(t)
	return j
}

// partial runs once, and wants only what changed to be compared, and nothing to be left to do at all.
func (j *job) partial(t *testing.T) *provisioning.Report {
	t.Helper()
	report := j.run(t)
	require.True(t, report.Plan.Partial, "everything was compared")
	require.NoError(t, report.Err(), "%+v %+v", report.Failures, report.Held)
	j.converged(t)
	return report
}

func TestPain13IncrementalMissesOrRepeats(t *testing.T) {
	t.Run("only what changed is compared", func(t *testing.T) {
		j := deltaJob(t, 100)
		require.Empty(t, j.partial(t).Plan.Concerned)
		changed := user(3)
		changed.Attributes.Set("displayName", "Changed")
		j.src.Put(changed, user(200))
		j.src.Remove(uref(5))
		report := j.partial(t)
		require.Len(t, report.Plan.Concerned, 3)
		require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1, provisioning.Update: 1, provisioning.Deactivate: 1}, report.Plan.Ops())
		require.Empty(t, j.partial(t).Plan.Concerned)
	})
	t.Run("the sink is asked only for the records concerned", func(t *testing.T) {
		j := newJob(100)
		j.source = j.src
		var lists, finds atomic.Int64
		j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			switch c.Name {
			case "Records":
				lists.Add(1)
			case "Find":
				finds.Add(1)
			}
			return nil
		}})
		j.sink = j.dst
		j.run(t)
		lists.Store(0)
		j.src.Put(group("new", 1, 2, 3))
		report := j.run(t)
		require.NoError(t, report.Err())
		require.Zero(t, lists.Load())
		require.Equal(t, int64(2), finds.Load()) // members, and the group
		require.Len(t, j.of(t, gref("new")).Refs["members"], 3)
	})
	t.Run("the cursor moves only after the changes are safe", func(t *testing.T) {
		j := newJob(20)
		j.source = j.src
		down := atomic.Bool{}
		j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			if down.Load() && c.Name != "Records" && c.Name != "Find" {
				return fmt.Errorf("rights were taken away: %w", provisioning.ErrUnauthorized)
			}
			return nil
		}})
		j.sink = j.dst
		j.clean(t)
		down.Store(true)
		j.src.Put(user(50), user(51))
		_, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, provisioning.ErrUnauthorized)
		down.Store(false)
		require.Len(t, j.partial(t).Plan.Concerned, 2)
	})
	t.Run("held records are tried again without holding the cursor back", func(t *testing.T) {
		j := deltaJob(t, 20)
		bad := true
		j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
			if bad && src.ID == uid(30) {
				return nil, fmt.Errorf("department is unknown")
			}
			return src, nil
		})
		j.src.Put(user(30), user(31))
		report := j.run(t)
		require.Len(t, report.Held, 1)
		require.NotNil(t, j.of(t, uref(31)))
		bad = false
		report = j.partial(t)
		require.Equal(t, []provisioning.Ref{uref(30)}, report.Plan.Concerned)
		require.NotNil(t, j.of(t, uref(30)))
	})
	t.Run("a changed configuration forces a full run", func(t *testing.T) {
		j := deltaJob(t, 20)
		j.opts.Fingerprint = "other rules"
		require.False(t, j.run(t).Plan.Partial)
		require.True(t, j.run(t).Plan.Partial)
	})
	t.Run("an expired cursor falls back to a full run", func(t *testing.T) {
		j := deltaJob(t, 20)
		j.src.Remove(uref(3))
		j.src.Forget()
		require.False(t, j.clean(t).Plan.Partial)
		require.True(t, j.of(t, uref(3)).Disabled)
	})
	t.Run("a reference waits for its target", func(t *testing.T) {
		j := deltaJob(t, 20)
		r := user(1)
		r.Refs = provisioning.Refs{"manager": {uref(40)}}
		j.src.Put(r)
		j.partial(t)
		j.src.Put(user(40))
		report := j.partial(t)
		require.Len(t, report.Plan.Concerned, 2)
		require.Equal(t, []provisioning.Ref{j.of(t, uref(40)).Ref()}, j.of(t, uref(1)).Refs["manager"])
	})
	t.Run("a member is removed", func(t *testing.T) {
		j := deltaJob(t, 20)
		j.src.Put(group("g", 1, 2, 3))
		j.partial(t)
		j.src.Put(group("g", 1, 2))
		j.partial(t)
		require.Len(t, j.of(t, gref("g")).Refs["members"], 2)
	})
}

// What falls due does so although the source did not change, and is not read again whole.
func TestTimeDrivenChanges(t *testing.T) {
	for _, full := range []bool{true, false} {
		t.Run(fmt.Sprint("full ", full), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(20)
				if !full {
					j.source = j.src
				}
				j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
				j.opts.Policy.Grace = 3 * time.Hour
				expires, starts := user(1), user(2)
				expires.ValidUntil = time.Now().Add(time.Hour)
				starts.ValidFrom = time.Now().Add(2 * time.Hour)
				j.src.Put(expires, starts)
				report := j.clean(t)
				require.Equal(t, expires.ValidUntil.UTC(), report.Plan.Due)
				require.Nil(t, j.of(t, uref(2)), "who has not started has an account")

				time.Sleep(time.Hour)
				j.clean(t)
				require.True(t, j.of(t, uref(1)).Disabled)
				time.Sleep(time.Hour)
				report = j.clean(t)
				require.False(t, j.of(t, uref(2)).Disabled)
				require.Equal(t, full, !report.Plan.Partial)

				j.src.Remove(uref(3))
				j.clean(t)
				require.True(t, j.of(t, uref(3)).Disabled)
				time.Sleep(3*time.Hour - time.Minute)
				j.clean(t)
				require.NotNil(t, j.of(t, uref(3)), "deleted before the grace period ended")
				time.Sleep(time.Minute)
				report = j.clean(t)
				require.Nil(t, j.of(t, uref(3)))
				require.Equal(t, full, !report.Plan.Partial)

				// Who comes back after it is created anew.
				j.src.Put(user(3))
				report = j.clean(t)
				require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1}, report.Plan.Ops())
			})
		})
	}
}

// In a sink that keeps no ExternalID, a record whose creation was not answered is found again, and not made a second time, when only
// what changed is compared and the sink can find single records.
func TestLostCreationInAPartialRun(t *testing.T) {
	for name, do := range map[string]func(context.Context, *provisioning.Reconciler) error{
		"a run of what changed": func(ctx context.Context, r *provisioning.Reconciler) error {
			report, err := r.Run(ctx)
			if err == nil && !report.Plan.Partial {
				return fmt.Errorf("everything was compared")
			}
			return err
		},
		"one record on demand": func(ctx context.Context, r *provisioning.Reconciler) error {
			_, err := r.Sync(ctx, uref(30))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(5)
			j.source = j.src
			j.opts.Links = true
			var lose atomic.Bool
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if c.Name == "Create" && c.After && lose.Load() {
					return provisioning.ErrUnavailable
				}
				return nil
			}})
			j.sink = namelessFinder{nameless{j.dst.Bare()}, j.dst}
			j.clean(t)
			lose.Store(true)
			j.src.Put(user(30))
			require.NoError(t, do(t.Context(), j.reconciler(t)))
			lose.Store(false)
			require.NoError(t, do(t.Context(), j.reconciler(t)))
			require.Equal(t, 6, j.dst.Len(provisioning.User), "somebody is there twice")
			j.converged(t)
		})
	}
}

// namelessFinder keeps no ExternalID, and finds single records.
type namelessFinder struct {
	nameless
	store *memory.Store
}

func (s namelessFinder) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.store.Find(ctx, l) {
			if r != nil {
				r.ExternalID = ""
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Who is taken out of a group that others may add to is taken out in a run from what changed, and on demand, too.
func TestSharedMembersLeave(t *testing.T) {
	for name, run := range map[string]func(*testing.T, *job){
		"from what changed": func(t *testing.T, j *job) { require.True(t, j.run(t).Plan.Partial) },
		"on demand": func(t *testing.T, j *job) {
			_, err := j.reconciler(t).Sync(t.Context(), gref("g"))
			require.NoError(t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(4)
			j.source = j.src
			j.opts.Policy.SharedRefs = []string{"members"}
			j.src.Put(group("g", 0, 1, 2, 3))
			j.clean(t)
			j.src.Put(group("g", 0))
			run(t, j)
			require.Len(t, j.of(t, gref("g")).Refs["members"], 1)
		})
	}
}

// A newcomer who cannot be mapped keeps nobody who leaves from being disabled.
func TestLeaverBesideABadNewcomer(t *testing.T) {
	j := newJob(5)
	j.source = j.src
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == uid(77) {
			return nil, errors.New("department is unknown")
		}
		return src, nil
	})
	j.clean(t)
	j.src.Put(user(77))
	j.run(t)
	j.src.Remove(uref(2))
	require.True(t, j.run(t).Plan.Partial)
	require.Equal(t, 1, j.disabled(t))
}

// A run that ended before its end leaves the cursor where it was.
func TestCursorOfAStoppedRun(t *testing.T) {
	down := false
	j := faultyJob(20, func(memory.Call) error {
		if down {
			return provisioning.ErrUnauthorized
		}
		return nil
	})
	j.source = j.src
	j.clean(t)
	cursor := func() provisioning.Cursor {
		m, _, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		return m.Cursor
	}
	before := cursor()
	require.NotEmpty(t, before)
	changed := user(3)
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed)
	j.src.Remove(uref(4))
	down = true
	_, err := j.reconciler(t).Run(t.Context())
	require.ErrorIs(t, err, provisioning.ErrUnauthorized)
	require.Equal(t, before, cursor())
	down = false
	j.partial(t)
	require.NotEqual(t, before, cursor())
}
