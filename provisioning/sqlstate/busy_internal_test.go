package sqlstate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errLocked = errors.New("database is locked (5) (SQLITE_BUSY)")

// Who has waited for long asks as often as who has just come, lest those always be the first when the lock is free; and no longer than
// there is time.
func TestPatience(t *testing.T) {
	for _, test := range []struct {
		name         string
		deadline     time.Duration // of the caller; zero is none
		free         time.Duration // when the lock is free; zero is never
		want         time.Duration // how long it takes at most
		often        int           // how often it asks in the last second, at least
		done         bool
		ends, locked bool // what the error says otherwise
	}{
		{name: "free at once", free: 1, want: 50 * time.Millisecond, done: true},
		{name: "free after a while", free: 12 * time.Second, want: 12*time.Second + 50*time.Millisecond, often: 30, done: true},
		{name: "never free", want: busyFor + 50*time.Millisecond, often: 30, locked: true},
		{name: "never free, and the caller waits longer", deadline: time.Hour, want: busyFor + 50*time.Millisecond, often: 30, locked: true},
		{name: "the caller has no time", deadline: 2 * time.Second, want: 2 * time.Second, often: 30, ends: true, locked: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				if test.deadline > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), test.deadline)
				}
				defer cancel()
				begin := time.Now()
				var asked []time.Time
				err := patiently(ctx, func() error {
					asked = append(asked, time.Now())
					if test.free > 0 && time.Since(begin) >= test.free {
						return nil
					}
					return errLocked
				})
				if took := time.Since(begin); took > test.want {
					t.Errorf("it took %v, want at most %v", took, test.want)
				}
				if (err == nil) != test.done || errors.Is(err, context.DeadlineExceeded) != test.ends || errors.Is(err, errLocked) != test.locked {
					t.Errorf("it says %v", err)
				}
				often := 0
				for _, at := range asked {
					if time.Since(at) <= time.Second {
						often++
					}
				}
				if often < test.often {
					t.Errorf("it asked %d times in the last second, want at least %d", often, test.often)
				}
			})
		})
	}
}

// What is no lock is told as it is, at once.
func TestPatienceWithErrors(t *testing.T) {
	errOther := errors.New("disk I/O error")
	asked := 0
	err := patiently(t.Context(), func() error {
		if asked++; asked == 1 {
			return errLocked
		}
		return errOther
	})
	if asked != 2 || !errors.Is(err, errOther) || strings.Contains(err.Error(), "locked") {
		t.Errorf("asked %d times, and told %v", asked, err)
	}
}
