package provisioning

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// errUnsure marks a write of which nobody knows whether it was done, and which must not be repeated blindly.
var errUnsure = errors.New("no certain answer")

// errTooLong says that the sink wants to be left alone for longer than a run waits.
var errTooLong = errors.New("the sink asks for too long a pause")

// waitMost is the longest that a run waits before it tries a write again, whether the sink asks for it or not.
const waitMost = 15 * time.Minute

// ClassOf says what is to be done about an error of a sink.
func ClassOf(err error) Class {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrUnauthorized), errors.Is(err, ErrSchema), errors.Is(err, ErrLeaseLost), errors.Is(err, errTooLong):
		return Stop
	case errors.Is(err, ErrConflict), errors.Is(err, ErrNotFound), errors.Is(err, ErrStale):
		return Stale
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrExists), errors.Is(err, errors.ErrUnsupported):
		return Mend
	}
	return Retry
}

// attempt writes, and again while that may help. Refs is the name of the references, if only these are written.
func (x *run) attempt(ctx context.Context, res *Result, refs string, write func(context.Context) error) error {
	c := res.Change
	ctx, end := x.r.start(ctx, Step{Name: StepWrite, Kind: c.Kind, Op: c.Op, Link: c.Link, Refs: refs, Changes: 1})
	err := x.repeat(ctx, res, write)
	end(err)
	return err
}

func (x *run) repeat(ctx context.Context, res *Result, write func(context.Context) error) error {
	var last error
	for n := 1; ; n++ {
		if err := x.gate.wait(ctx); err != nil {
			return endedIn(err, last, res)
		}
		if err := x.r.mayWrite(); err != nil {
			return err
		}
		res.Attempts++
		err := write(ctx)
		if err == nil {
			res.doubt = false
			return nil
		}
		asked, err := x.obey(err)
		res.doubt = res.doubt || !asked && ClassOf(err) == Retry
		if ClassOf(err) != Retry || errors.Is(err, errUnsure) || ctx.Err() != nil || n >= x.r.opts.Attempts {
			return err
		}
		last = err
		if asked {
			continue
		}
		// Between half of it and all of it, so that workers do not come back as one.
		pause := x.pause(n)
		if err := sleep(ctx, pause/2+rand.N(pause/2+1)); err != nil {
			return endedIn(err, last, res)
		}
	}
}

// endedIn gives the error of a write that was waiting when the run ended. One that may have been done, or that failed before, was
// tried.
func endedIn(err, last error, res *Result) error {
	switch {
	case last != nil:
		return fmt.Errorf("%w; the run ended before it was tried again: %w", last, err)
	case res.doubt:
		return fmt.Errorf("%w: the run ended before it was tried again: %w", errUnsure, err)
	}
	return fmt.Errorf("%w: %w", errNotTried, err)
}

// obey has everybody wait for as long as the sink asks in an error, and reports whether it does, for then it has written
// nothing. What the sink asks for too long becomes an error that ends the run.
func (x *run) obey(err error) (asked bool, _ error) {
	var wait *RetryError
	switch {
	case !errors.As(err, &wait):
		return false, err
	case wait.After > waitMost:
		return true, fmt.Errorf("%w, %v; run again after it: %w", errTooLong, wait.After, err)
	}
	x.gate.shut(wait.After)
	return true, err
}

// pause gives the time to wait after the nth attempt: Options.Wait, doubled with each.
func (x *run) pause(n int) time.Duration {
	if double := n - 1; x.r.opts.Wait <= waitMost>>double {
		return x.r.opts.Wait << double
	}
	return waitMost
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// A gate is shut while the sink asks everybody to wait.
type gate struct {
	mu    sync.Mutex
	until time.Time
}

func (g *gate) shut(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(d); until.After(g.until) {
		g.until = until
	}
}

func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		d := time.Until(g.until)
		g.mu.Unlock()
		if d <= 0 {
			return ctx.Err()
		}
		if err := sleep(ctx, d); err != nil {
			return err
		}
	}
}
