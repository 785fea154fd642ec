package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// faultyJob is a job whose sink asks fault before each write.
func faultyJob(people int, fault func(c memory.Call) error) *job {
	j := newJob(people)
	j.dst = memory.New(&memory.Options{Unique: []string{"userName"}, Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Records" || c.Name == "Find" {
			return nil
		}
		return fault(c)
	}})
	j.sink = j.dst
	return j
}

func TestRetryAfterIsObeyedByAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var asked time.Time
		calls, early := 0, 0
		j := faultyJob(60, func(c memory.Call) error {
			if c.After {
				return nil
			}
			began := time.Now()
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			calls++
			if calls == 20 {
				asked = time.Now()
				return &provisioning.RetryError{After: time.Minute, Err: errors.New("429 Too Many Requests")}
			}
			if !asked.IsZero() && began.After(asked) && began.Before(asked.Add(time.Minute)) {
				early++
			}
			return nil
		})
		j.opts.Concurrency = 8
		j.clean(t)
		require.Zero(t, early, "workers went on after one was asked to wait")
		require.GreaterOrEqual(t, time.Since(asked), time.Minute)
	})
}

// A write that is tried only once has all wait too.
func TestRetryAfterWithOneAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var until time.Time
		early := 0
		j := faultyJob(10, func(c memory.Call) error {
			switch {
			case c.After:
				return nil
			case until.IsZero():
				until = time.Now().Add(time.Minute)
			case time.Now().Before(until):
				early++
			default:
				return nil
			}
			return &provisioning.RetryError{After: time.Until(until), Err: errors.New("429 Too Many Requests")}
		})
		j.opts.Attempts, j.opts.Concurrency = 1, 1
		report := j.run(t)
		require.Len(t, report.Failures, 1)
		require.Zero(t, early, "requests before the time that the sink asked for")
	})
}

// The pause between attempts doubles up to a quarter of an hour, and no further, however many there are.
func TestThePauseHasABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last time.Time
		var longest time.Duration
		j := faultyJob(1, func(memory.Call) error {
			if !last.IsZero() {
				longest = max(longest, time.Since(last))
			}
			last = time.Now()
			return provisioning.ErrUnavailable
		})
		j.opts.Attempts, j.opts.Wait = 80, time.Second
		report := j.run(t)
		require.Len(t, report.Failures, 1)
		require.Greater(t, longest, 7*time.Minute)
		require.LessOrEqual(t, longest, 15*time.Minute)
	})
}

func TestErrorClasses(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		class    provisioning.Class
		attempts int
		stops    bool
	}{
		{"for now", fmt.Errorf("503: %w", provisioning.ErrUnavailable), provisioning.Retry, 3, false},
		{"without a class", errors.New("connection reset"), provisioning.Retry, 3, false},
		{"data", fmt.Errorf("400: %w", provisioning.ErrInvalid), provisioning.Mend, 1, false},
		{"exists", fmt.Errorf("409: %w", provisioning.ErrExists), provisioning.Mend, 1, false},
		{"changed meanwhile", fmt.Errorf("412: %w", provisioning.ErrConflict), provisioning.Stale, 1, false},
		{"not let in", fmt.Errorf("401: %w", provisioning.ErrUnauthorized), provisioning.Stop, 1, true},
		{"schema", fmt.Errorf("no such attribute: %w", provisioning.ErrSchema), provisioning.Stop, 1, true},
		{"schema, as data", fmt.Errorf("400: %w: %w", provisioning.ErrInvalid, provisioning.ErrSchema), provisioning.Stop, 1, true},
		{"a pause longer than a run", &provisioning.RetryError{After: time.Hour, Err: errors.New("429")}, provisioning.Stop, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var calls atomic.Int64
				j := faultyJob(1, func(call memory.Call) error {
					if !call.After {
						calls.Add(1)
						return c.err
					}
					return nil
				})
				j.opts.Attempts = 3
				report, err := j.reconciler(t).Run(t.Context())
				require.Equal(t, c.stops, err != nil)
				if c.stops {
					require.ErrorIs(t, err, c.err)
				}
				require.Error(t, report.Err())
				require.Len(t, report.Failures, 1)
				require.Equal(t, c.class, report.Failures[0].Class)
				require.Equal(t, provisioning.Failed, report.Failures[0].Outcome)
				require.Equal(t, int64(c.attempts), calls.Load())
			})
		})
	}
}

func TestWhatKeepsFailingBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := true
		j := faultyJob(20, func(c memory.Call) error {
			if broken && c.Ref.ID == uid(3) {
				return fmt.Errorf("title is too long: %w", provisioning.ErrInvalid)
			}
			return nil
		})
		var tried []time.Duration
		began := time.Now()
		for range 24 * 6 * 4 {
			report := j.run(t)
			if len(report.Failures) > 0 {
				tried = append(tried, time.Since(began).Round(time.Minute))
			} else {
				require.Len(t, report.Held, 1)
				require.Contains(t, report.Held[0].Reason, fmt.Sprintf("failed %d times since %s, last: ", len(tried), began.UTC().Format(time.RFC3339)))
				require.Equal(t, len(tried), report.Held[0].Failures)
				require.True(t, report.Held[0].Until.After(time.Now()))
				require.Equal(t, report.Held[0].Until, report.Plan.Due)
			}
			time.Sleep(10 * time.Minute)
		}
		require.Equal(t, []time.Duration{0, 10 * time.Minute, 20 * time.Minute, 80 * time.Minute, 440 * time.Minute,
			(440 + 1440) * time.Minute, (440 + 2880) * time.Minute, (440 + 4320) * time.Minute}, tried)

		m, _, err := j.reconciler(t).Memory(t.Context())
		require.NoError(t, err)
		listed, ok := m.Failing.Get(uref(3))
		require.True(t, ok, "it is not listed")
		require.Equal(t, len(tried), listed.Failures)
		require.True(t, listed.First.Equal(began))
		require.Equal(t, provisioning.Mend, listed.Class)
		require.Equal(t, provisioning.Create, listed.Op)
		require.Contains(t, listed.Error, "title is too long")

		// When what is to be written is another, it is tried at once.
		broken = false
		changed := user(3)
		changed.Attributes.Set("displayName", "Shorter")
		j.src.Put(changed)
		j.clean(t)
	})
}

// A creation that fails is the same one whoever of its members is there by now.
func TestBackOffOfAGroup(t *testing.T) {
	j := faultyJob(5, func(c memory.Call) error {
		if c.Ref.ID == "g" {
			return provisioning.ErrInvalid
		}
		return nil
	})
	j.src.Put(group("g", 1, 30))
	j.run(t)
	require.Len(t, j.run(t).Failures, 1)
	j.src.Put(user(30))
	report := j.run(t)
	require.Empty(t, report.Failures)
	require.Len(t, report.Held, 1)
	require.Equal(t, 2, report.Held[0].Failures)
}

// Two changes of one record that both keep failing wait as one does, whichever of them began.
func TestBackOffOfTwoChangesOfOneRecord(t *testing.T) {
	renamed, off := user(0), user(0)
	renamed.Attributes.Set("displayName", "Other")
	off.Disabled = true
	both := renamed.Clone()
	both.Disabled = true
	for name, before := range map[string]*provisioning.Record{"both at once": nil, "the update first": renamed, "the deactivation first": off} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				broken := true
				j := faultyJob(2, func(c memory.Call) error {
					if broken && (c.Name == "Update" || c.Name == "Deactivate") {
						return fmt.Errorf("no %s: %w", c.Name, provisioning.ErrInvalid)
					}
					return nil
				})
				j.clean(t)
				if before != nil {
					j.src.Put(before)
					for range 3 {
						j.run(t)
						time.Sleep(time.Minute)
					}
				}
				j.src.Put(both)
				var tried []time.Duration
				began := time.Now()
				for range 6 * 24 * 2 {
					if report := j.run(t); len(report.Plan.Changes) == 2 {
						tried = append(tried, time.Since(began))
					} else if len(report.Plan.Changes) == 0 {
						require.Len(t, report.Held, 2)
						require.Contains(t, report.Held[0].Reason, "no Update")
						require.Contains(t, report.Held[0].Reason, "no Deactivate")
					}
					time.Sleep(10 * time.Minute)
				}
				require.GreaterOrEqual(t, len(tried), 3)
				require.LessOrEqual(t, len(tried), 7, "tried after %v", tried)
				broken = false
				time.Sleep(24 * time.Hour)
				j.clean(t)
				require.Equal(t, 1, j.disabled(t))
			})
		})
	}
}

func TestQuarantine(t *testing.T) {
	for _, c := range []struct {
		name      string
		maxErrors int
		every     int64
		calls     int64
		stops     bool
	}{
		{"all fail", 0, 1, 50, true},
		{"half fail", 0, 2, 100, true},
		{"a third fails", 0, 3, 300, false},
		{"a third fails, with MaxErrors", 10, 3, 30, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var calls atomic.Int64
			j := faultyJob(300, func(call memory.Call) error {
				if !call.After && calls.Add(1)%c.every == 0 {
					return provisioning.ErrInvalid
				}
				return nil
			})
			j.opts.Concurrency, j.opts.MaxErrors = 1, c.maxErrors
			report, err := j.reconciler(t).Run(t.Context())
			require.Equal(t, c.stops, errors.Is(err, provisioning.ErrQuarantined))
			require.Equal(t, c.calls, calls.Load())
			tally := report.Ops[provisioning.Create]
			require.Equal(t, 300, tally.Planned)
			require.Equal(t, tally.Planned, tally.Done+tally.Failed+tally.NotTried, "the report does not add up")
			require.Equal(t, int(c.calls), tally.Done+tally.Failed)
		})
	}
}

// Before a create whose answer was lost is tried again, it is looked for.
func TestLostAnswerOfACreate(t *testing.T) {
	var lost atomic.Int64
	j := faultyJob(30, func(c memory.Call) error {
		if c.Name == "Create" && c.After && lost.Add(1)%3 == 0 {
			return fmt.Errorf("reset: %w", provisioning.ErrUnavailable)
		}
		return nil
	})
	j.clean(t)
	require.Equal(t, 30, j.dst.Len(provisioning.User))
	require.Equal(t, int64(30), lost.Load(), "something was created again")
}

// A run that is cancelled says so, and tells what it did and what it did not.
func TestCancelledRun(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var calls atomic.Int64
	j := faultyJob(100, func(c memory.Call) error {
		if c.After && calls.Add(1) == 10 {
			cancel()
		}
		return nil
	})
	j.opts.Concurrency = 1
	report, err := j.reconciler(t).Run(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, report.Err(), context.Canceled)
	require.Equal(t, 10, report.Ops[provisioning.Create].Done)
	require.Equal(t, 90, report.Ops[provisioning.Create].NotTried)
	require.Equal(t, 10, j.dst.Len(provisioning.User))
	j.clean(t)
}

// What was written without an answer, and was waiting to be tried again when the run was cancelled, was tried.
func TestCancelledWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		j := faultyJob(1, func(c memory.Call) error {
			if c.Name == "Create" && c.After {
				time.AfterFunc(time.Second, cancel)
				return provisioning.ErrUnavailable
			}
			return nil
		})
		j.opts.Wait = time.Minute
		report, err := j.reconciler(t).Run(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, 1, j.dst.Len(provisioning.User))
		require.Equal(t, 1, report.Ops[provisioning.Create].Failed, "%+v", report.Failures)
		require.Equal(t, provisioning.Retry, report.Failures[0].Class)
		require.Contains(t, report.Failures[0].Error, "the run ended before it was tried again")
	})
}
