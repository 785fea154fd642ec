package provisioning_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// The log tells when the next run is.
func TestLoopTellsWhenItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)))
		j := newJob(1)
		var log strings.Builder
		j.opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		require.ErrorIs(t, j.reconciler(t).Loop(ctx, &provisioning.Schedule{Daily: []string{"10:20"}}), context.DeadlineExceeded)
		require.Contains(t, log.String(), `msg="waiting for the next run" job=default at=2026-03-01T10:20:00.000Z`)
		require.Contains(t, log.String(), `msg="waiting for the next run" job=default at=2026-03-02T10:20:00.000Z`)
	})
}

func TestLoop(t *testing.T) {
	in := func(name string) *time.Location {
		loc, err := time.LoadLocation(name)
		require.NoError(t, err)
		return loc
	}
	for _, c := range []struct {
		name     string
		schedule *provisioning.Schedule
		takes    time.Duration
		from     string
		for_     time.Duration
		want     []string
	}{
		{"every half an hour by default", nil, 0, "2026-03-01T10:00:00Z", 65 * time.Minute, []string{"10:00", "10:30", "11:00"}},
		{"every hour", &provisioning.Schedule{Every: time.Hour}, 10 * time.Minute, "2026-03-01T10:00:00Z", 125 * time.Minute,
			[]string{"10:00", "11:00", "12:00"}},
		{"a long run is followed by the next, and none overlap", &provisioning.Schedule{Every: 10 * time.Minute}, 25 * time.Minute,
			"2026-03-01T10:00:00Z", 60 * time.Minute, []string{"10:00", "10:25", "10:50"}},
		{"twice a day", &provisioning.Schedule{Daily: []string{"18:30", "06:00"}}, 0, "2026-03-01T10:00:00Z", 36 * time.Hour,
			[]string{"18:30", "06:00", "18:30"}},
		{"in a time zone, over a change of the clocks", &provisioning.Schedule{Daily: []string{"02:30"}, Location: in("Europe/Amsterdam")}, 0,
			"2026-03-28T00:00:00Z", 49 * time.Hour, []string{"01:30", "01:30", "00:30"}},
		{"at a time that is there twice", &provisioning.Schedule{Daily: []string{"02:30"}, Location: in("Europe/Amsterdam")}, 0,
			"2026-10-24T00:00:00Z", 50 * time.Hour, []string{"00:30", "01:30", "01:30"}},
		{"at one that is left out, in the west", &provisioning.Schedule{Daily: []string{"02:30"}, Location: in("America/New_York")}, 0,
			"2026-03-07T06:00:00Z", 49 * time.Hour, []string{"07:30", "07:30", "06:30"}},
		{"at one that is left out at midnight", &provisioning.Schedule{Daily: []string{"00:30"}, Location: in("America/Santiago")}, 0,
			"2026-09-05T03:00:00Z", 49 * time.Hour, []string{"04:30", "04:30", "03:30"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, err := time.Parse(time.RFC3339, c.from)
				require.NoError(t, err)
				time.Sleep(time.Until(start))
				j := newJob(1)
				var began []string
				running := false
				j.opts.State = nil
				j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
					require.False(t, running, "two runs at once")
					running = true
					began = append(began, time.Now().UTC().Format("15:04"))
					time.Sleep(c.takes)
					running = false
					return src, nil
				})
				ctx, cancel := context.WithTimeout(t.Context(), c.for_)
				defer cancel()
				err = j.reconciler(t).Loop(ctx, c.schedule)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				if diff := cmp.Diff(c.want, began); diff != "" {
					t.Errorf("runs (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// With jitter runs begin later than they are due, by no more than it, and not all alike.
func TestLoopJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(1)
		var began []time.Time
		j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
			began = append(began, time.Now())
			return src, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
		defer cancel()
		start := time.Now()
		require.Error(t, j.reconciler(t).Loop(ctx, &provisioning.Schedule{Every: time.Hour, Jitter: 10 * time.Minute}))
		require.Less(t, began[0].Sub(start), 10*time.Minute)
		late := map[time.Duration]bool{}
		for n := range began[1:] {
			d := began[n+1].Sub(began[n]) - time.Hour
			if d < 0 || d >= 10*time.Minute {
				t.Errorf("run %d began %v later than it was due", n+1, d)
			}
			late[d] = true
		}
		require.Greater(t, len(late), 10)
	})
}

func TestLoopGoesOnAfterFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(5)
		whole := j.source
		j.source = cutSource{whole, 3, errReset}
		var runs []error
		j.opts.Observer = &provisioning.Observer{Finished: func(_ context.Context, r *provisioning.Report) {
			runs = append(runs, r.Stopped)
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Minute)
		defer cancel()
		require.Error(t, j.reconciler(t).Loop(ctx, nil))
		require.Len(t, runs, 4)
		for _, err := range runs {
			require.ErrorIs(t, err, errReset)
		}
	})
}

func TestScheduleMistakes(t *testing.T) {
	for _, s := range []provisioning.Schedule{
		{Daily: []string{"25:00"}}, {Daily: []string{"2.30"}}, {Every: -time.Second}, {Jitter: -1}, {Every: time.Hour, Daily: []string{"01:00"}},
	} {
		err := newJob(0).reconciler(t).Loop(t.Context(), &s)
		if err == nil || !strings.HasPrefix(err.Error(), "loop: the schedule") {
			t.Errorf("%+v: error %v", s, err)
		}
	}
}

// While too much fails runs become rarer, and they are as the schedule says again when that is over.
func TestLoopInQuarantine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(60)
		j.opts.Attempts = 1
		broken := true
		j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			if broken && c.Name == "Create" {
				return provisioning.ErrUnavailable
			}
			return nil
		}})
		j.sink = j.dst
		start := time.Now()
		var began []time.Duration
		j.opts.Observer = &provisioning.Observer{Finished: func(_ context.Context, r *provisioning.Report) {
			began = append(began, r.Started.Sub(start).Round(time.Minute))
			if errors.Is(r.Stopped, provisioning.ErrQuarantined) != broken {
				t.Errorf("run %d stopped with %v", len(began), r.Stopped)
			}
			broken = len(began) < 6
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 91*time.Hour+45*time.Minute)
		defer cancel()
		require.Error(t, j.reconciler(t).Loop(ctx, nil))
		h := time.Hour
		want := []time.Duration{0, h, 7 * h, 19 * h, 43 * h, 67 * h, 91 * h, 91*h + h/2}
		if diff := cmp.Diff(want, began); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
	})
}

// A run that falls into the time of one record on demand is made after it, not a day later.
func TestDailyRunBesideSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(3)
		slow := false
		j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
			if slow && c.Name == "Update" && !c.After {
				time.Sleep(2 * time.Second)
			}
			return nil
		}})
		j.sink = j.dst
		r := j.reconciler(t)
		_, err := r.Run(t.Context())
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Hour)
		defer cancel()
		go func() {
			time.Sleep(10*time.Hour - time.Second)
			changed := user(1)
			changed.Attributes.Set("displayName", "Other")
			j.src.Put(changed, user(9))
			slow = true
			if _, err := r.Sync(ctx, uref(1)); err != nil {
				t.Error(err)
			}
		}()
		_ = r.Loop(ctx, &provisioning.Schedule{Daily: []string{time.Now().Add(10 * time.Hour).Format("15:04")}, Location: time.Local})
		require.NotNil(t, j.of(t, uref(9)))
	})
}

// Many who expire one after another are disabled together, not in a full run each.
func TestLoopOfManyMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := newJob(3)
		first := time.Now().Add(time.Minute)
		const people = 600
		for n := range people {
			r := user(n)
			r.ValidUntil = first.Add(time.Duration(n) * 2 * time.Second)
			j.src.Put(r)
		}
		j.opts.Limits.Deactivate.Off, j.opts.DayLimits.Deactivate.Off = true, true
		runs := 0
		j.opts.Observer = &provisioning.Observer{Finished: func(context.Context, *provisioning.Report) { runs++ }}
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Minute)
		defer cancel()
		_ = j.reconciler(t).Loop(ctx, nil)
		require.Equal(t, people, j.disabled(t))
		require.LessOrEqual(t, runs, 25, "full runs in 25 minutes")
	})
}
