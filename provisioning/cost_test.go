package provisioning_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// linear wants what takes a time for n to take no more than ten times as long for four times n: what is quadratic takes sixteen.
// The best of some tries counts, and a moment is nothing.
func linear(t *testing.T, n int, took func(n int) time.Duration) {
	t.Helper()
	best := func(n int) time.Duration {
		least := took(n)
		for range 2 {
			least = min(least, took(n))
		}
		return max(least, 20*time.Millisecond)
	}
	few, many := best(n), best(4*n)
	require.LessOrEqual(t, many, 10*few, "%v for %d, %v for %d", few, n, many, 4*n)
}

// Everybody gets the name of the next one, so that each waits for one other: that costs as much for each, however many they are.
func TestCostOfAChainOfNames(t *testing.T) {
	linear(t, 1000, func(n int) time.Duration {
		j := newJob(n)
		off := provisioning.Limit{Off: true}
		j.opts.Limits.Update, j.opts.DayLimits.Update = off, off
		j.run(t)
		for i := range n {
			j.src.Put(called(i, fmt.Sprintf("user%d@example.com", i+1)))
		}
		began := time.Now()
		require.NoError(t, j.run(t).Err())
		return time.Since(began)
	})
}

// All wait for the same manager, who is not there: that costs as much for each, however many they are.
func TestCostOfWaitingForOne(t *testing.T) {
	linear(t, 5000, func(n int) time.Duration {
		j := newJob(0)
		for i := range n {
			u := user(i)
			u.Refs = provisioning.Refs{"manager": {uref(-1)}}
			j.src.Put(u)
		}
		j.run(t)
		began := time.Now()
		j.run(t)
		return time.Since(began)
	})
}
