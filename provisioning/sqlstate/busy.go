package sqlstate

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// An SQLite database lets one connection write at a time, and refuses the others. Those who wait are in no queue: whoever
// happens to ask when the lock is free has it.

// busyFor is how long to wait for others who write to an SQLite database, where the context does not end before: longer than any
// of them takes on a busy machine, and shorter than a lease lasts.
const busyFor = 30 * time.Second

// busyPause is the longest pause before asking again. It does not grow, for otherwise who has waited for long would ask less often
// than who has just come, and could come too late each time.
const busyPause = 20 * time.Millisecond

// patiently repeats what an SQLite database refuses because another connection writes, which has changed nothing then. A
// handle that was opened with a busy_timeout waits by itself; most are not.
func patiently(ctx context.Context, do func() error) error {
	begin := time.Now()
	var locked error
	for {
		err := do()
		switch {
		case err == nil:
			return nil
		case busy(err):
			locked = err
		case locked != nil && ctx.Err() != nil:
			return fmt.Errorf("%w, while waiting for others who write: %w", err, locked)
		default:
			return err
		}
		if waited := time.Since(begin); waited > busyFor {
			return fmt.Errorf("another process writes, or has a transaction open, for %v: %w", waited.Round(time.Second), err)
		}
		// Not all at once, who were refused at once.
		if err := sleep(ctx, time.Millisecond+rand.N(busyPause)); err != nil {
			return fmt.Errorf("%w, while waiting for others who write: %w", err, locked)
		}
	}
}

// busy tells SQLite's word for it, which every driver has in its text; no driver is imported.
func busy(err error) bool {
	text := err.Error()
	return strings.Contains(text, "SQLITE_BUSY") || strings.Contains(text, "database is locked") ||
		strings.Contains(text, "database table is locked")
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
