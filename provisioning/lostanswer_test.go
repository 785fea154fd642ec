package provisioning_test

import (
	"context"
	"encoding/json"
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

// A write of the lease that was done although its answer was lost, or said that another had been faster, as a transport that
// tries again makes it seem, is no reason to give the job up.
func TestALeaseWhoseAnswerIsLost(t *testing.T) {
	for _, c := range []struct {
		name  string
		swaps map[int]error // by number of the Swap what it answers although it is done; nil is "another was faster"
		blind bool          // the Load after it fails too
	}{
		{"when it is taken", map[int]error{1: errReset}, false},
		{"when it is taken, tried again below", map[int]error{1: nil}, false},
		{"a renewal", map[int]error{2: errReset}, false},
		{"a renewal, tried again below", map[int]error{3: nil}, false},
		{"every renewal", map[int]error{2: errReset, 3: errReset, 4: errReset, 5: errReset, 6: errReset, 7: errReset}, false},
		{"a renewal, and it cannot be looked at", map[int]error{2: errReset}, true},
		{"two renewals, and they cannot be looked at", map[int]error{2: errReset, 4: errReset}, true},
		{"the one it is given back with", map[int]error{6: errReset}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state := &lossyState{mortalState: newState(), key: "default/lease", answers: c.swaps, blind: c.blind}
				j := faultyJob(3, func(call memory.Call) error {
					if !call.After {
						time.Sleep(30 * time.Second)
					}
					return nil
				})
				j.opts.State, j.opts.Concurrency = state, 1
				report, err := j.reconciler(t).Run(t.Context())
				require.NoError(t, err)
				require.NoError(t, report.Err())
				var after provisioning.Lease
				require.NoError(t, json.Unmarshal(state.values["default/lease"], &after))
				require.Zero(t, after.Until, "it was not given back")
			})
		})
	}
}

// So it is with what a run remembers.
func TestStateWhoseAnswerIsLost(t *testing.T) {
	for _, key := range []string{"default/memory", "default/history"} {
		for _, answer := range []error{errReset, nil} {
			t.Run(fmt.Sprint(key, " ", answer), func(t *testing.T) {
				j := newJob(3)
				state := &lossyState{mortalState: newState(), key: key, answers: map[int]error{1: answer, 2: answer}}
				j.opts.State = state
				j.clean(t)
				j.src.Remove(uref(1))
				j.clean(t)
				require.NotZero(t, state.n)
			})
		}
	}
}

// Two that begin at the same moment, in the same process, with the same name, never both have it.
func TestTwinsDoNotShareALease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := newState()
		var inside, most atomic.Int64
		var ran, busy atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			j := faultyJob(2, func(call memory.Call) error {
				if !call.After {
					now := inside.Add(1)
					most.Store(max(most.Load(), now))
					time.Sleep(time.Second)
					inside.Add(-1)
				}
				return nil
			})
			j.opts.State, j.opts.Concurrency = slowState{state}, 1
			r := j.reconciler(t)
			wg.Go(func() {
				switch _, err := r.Run(t.Context()); {
				case err == nil:
					ran.Add(1)
				case errors.Is(err, provisioning.ErrBusy):
					busy.Add(1)
				}
			})
		}
		wg.Wait()
		require.Equal(t, int64(1), most.Load())
		require.Equal(t, int64(1), ran.Load())
		require.Equal(t, int64(7), busy.Load())
	})
}

// slowState takes a moment for each Load, so that all who begin together find the same.
type slowState struct{ *mortalState }

func (s slowState) Load(ctx context.Context, key string) ([]byte, error) {
	defer time.Sleep(time.Millisecond)
	return s.mortalState.Load(ctx, key)
}

// lossyState loses answers of Swap for one key.
type lossyState struct {
	*mortalState
	key     string
	answers map[int]error
	// blind has the next Load fail too.
	blind bool
	n     int
	fails bool
}

func (s *lossyState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	ok, err := s.mortalState.Swap(ctx, key, old, value)
	if key != s.key {
		return ok, err
	}
	s.n++
	if answer, lose := s.answers[s.n]; lose && ok {
		s.fails = s.blind
		return false, answer
	}
	return ok, err
}

func (s *lossyState) Load(ctx context.Context, key string) ([]byte, error) {
	if s.fails {
		s.fails = false
		return nil, errReset
	}
	return s.mortalState.Load(ctx, key)
}
