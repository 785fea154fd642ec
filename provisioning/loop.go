package provisioning

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Schedule says when a [Reconciler.Loop] runs.
type Schedule struct {
	// Every is the time from the beginning of a run to that of the next. Default 30 minutes, unless Daily is set.
	Every time.Duration
	// Daily are times of day, as "02:30", at which there is a run, in Location. One that a change of the clocks leaves out
	// is an hour later on that day.
	Daily []string
	// Location is the time zone of Daily. Default UTC.
	Location *time.Location
	// Jitter is the most by which a run begins later than it is due, by chance, so that many jobs do not begin at once.
	Jitter time.Duration
}

// Loop runs at once, unless the schedule is daily, then as the schedule says, and when something falls due, a minute after the last
// run at the soonest, until ctx ends. What fell due since the last run of all is made up for at once, also when the schedule is daily.
// A run that another one stands in the way of ([ErrBusy]) is tried again within a minute.
// Runs never overlap: one that takes longer than the interval is followed by the next at once. What
// becomes of a run is told to Options.Observer and Options.Logger; no failure ends the loop. After a run that went no further
// because too much failed ([ErrQuarantined]) the next one waits for at least an hour, then 6, 12 and 24 hours, until
// one comes to its end. The error is that of ctx, or of the schedule.
func (r *Reconciler) Loop(ctx context.Context, s *Schedule) error {
	if s == nil {
		s = &Schedule{}
	}
	if err := s.check(); err != nil {
		return fmt.Errorf("loop: %w", err)
	}
	next := time.Now()
	if len(s.Daily) > 0 {
		next = r.sooner(ctx, s.next(next))
	}
	quarantined := 0
	for {
		at := next.Add(jitter(s.Jitter))
		if time.Until(at) > 0 {
			r.log.InfoContext(ctx, "waiting for the next run", "job", r.opts.Job, "at", at.UTC().Truncate(time.Second))
		}
		if err := sleep(ctx, time.Until(at)); err != nil {
			return err
		}
		began := time.Now()
		report, err := r.Run(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		next = s.next(began)
		switch due := report.due(); {
		case errors.Is(err, ErrBusy):
			next = earlier(next, began.Add(soon)) // Somebody is asked for alone, and the run is still to come.
		case err == nil && !due.IsZero() && due.Before(next):
			// What falls due soon after another is done with it, and not in a run of its own.
			next = earlier(next, latest(due, began.Add(soon)))
		}
		if !errors.Is(err, ErrQuarantined) {
			quarantined = 0
		} else {
			if least := began.Add(quarantines[min(quarantined, len(quarantines)-1)]); next.Before(least) {
				next = least
			}
			quarantined++
			r.log.WarnContext(ctx, "too much fails, so the next run waits", "job", r.opts.Job, "runs", quarantined, "next", next.UTC())
		}
		if least := time.Now().Add(time.Second); next.Before(least) {
			next = least
		}
	}
}

// soon is the least time from the beginning of a run to that of one which the schedule does not ask for.
const soon = time.Minute

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// quarantines are how long at least the next run waits after the first one that went no further because too much failed, after
// the second, and so on.
var quarantines = []time.Duration{time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// due is the next moment at which something changes by itself: of what the plan looked at, which may be all that there is, and of what is
// remembered of the rest.
func (r *Report) due() time.Time {
	if r.Plan == nil {
		return time.Time{}
	}
	return earlier(r.Plan.Due, r.next)
}

// sooner gives the moment of the first run of a daily schedule: now, if something fell due since the last one.
func (r *Reconciler) sooner(ctx context.Context, next time.Time) time.Time {
	m, _, err := r.Memory(ctx)
	if err != nil {
		return next // The run will tell.
	}
	return earlier(next, m.next(m.Full, r.opts.Policy.Grace))
}

// next gives the first moment after another at which something is to be looked at. One that has passed and is remembered still was looked
// at, and changed nothing.
func (m *Memory) next(after time.Time, grace time.Duration) time.Time {
	var next time.Time
	due := func(at time.Time) {
		if at.After(after) {
			next = earlier(next, at)
		}
	}
	m.Due.each(func(_ Ref, at time.Time) { due(at) })
	m.Gone.each(func(_ Ref, since time.Time) { due(since.Add(grace)) })
	m.Failing.each(func(_ Ref, f Failing) { due(f.Next) })
	return next
}

// earlier gives the earlier of two moments, of which zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (s *Schedule) check() error {
	var errs []error
	if s.Every < 0 || s.Jitter < 0 {
		errs = append(errs, errors.New("the schedule's Every and Jitter must not be negative"))
	}
	if s.Every > 0 && len(s.Daily) > 0 {
		errs = append(errs, errors.New("the schedule has both Every and Daily; choose one"))
	}
	for _, at := range s.Daily {
		if _, err := time.Parse("15:04", at); err != nil {
			errs = append(errs, fmt.Errorf("the schedule's Daily has %q; want a time as 02:30", at))
		}
	}
	return errors.Join(errs...)
}

// next gives the moment of the run after one that began at a moment.
func (s *Schedule) next(began time.Time) time.Time {
	if len(s.Daily) == 0 {
		every := s.Every
		if every == 0 {
			every = 30 * time.Minute
		}
		return began.Add(every)
	}
	loc := s.Location
	if loc == nil {
		loc = time.UTC
	}
	local := began.In(loc)
	var next time.Time
	for day := range 2 {
		for _, at := range s.Daily {
			clock, _ := time.Parse("15:04", at) // checked before
			t := onTheClock(local.Year(), local.Month(), local.Day()+day, clock.Hour(), clock.Minute(), loc)
			if t.After(began) && (next.IsZero() || t.Before(next)) {
				next = t
			}
		}
	}
	return next
}

// onTheClock gives the moment at which a clock on the wall shows a time. For one that the clocks are put forward over, time.Date gives
// a moment before or after that, as the zone lies west or east of Greenwich, and just after midnight even one of the day before.
func onTheClock(year int, month time.Month, day, hour, minute int, loc *time.Location) time.Time {
	t := time.Date(year, month, day, hour, minute, 0, 0, loc)
	_, offset := t.Zone()
	shows := t.Add(time.Duration(offset) * time.Second)
	if early := time.Date(year, month, day, hour, minute, 0, 0, time.UTC).Sub(shows); early > 0 {
		return t.Add(early)
	}
	return t
}

func jitter(most time.Duration) time.Duration {
	if most == 0 {
		return 0
	}
	return rand.N(most)
}
