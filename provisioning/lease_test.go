package provisioning_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func newState() *mortalState { return &mortalState{values: map[string][]byte{}} }

func TestASecondRunIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		j := faultyJob(5, func(memory.Call) error { <-block; return nil })
		j.opts.State, j.opts.Owner = newState(), "first machine"
		first, second := j.reconciler(t), j.reconciler(t)
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := first.Run(t.Context())
			require.NoError(t, err)
		})
		time.Sleep(30 * time.Minute) // Its lease is renewed all the time.
		for _, r := range []*provisioning.Reconciler{first, second} {
			_, err := r.Run(t.Context())
			require.ErrorIs(t, err, provisioning.ErrBusy)
			var busy *provisioning.BusyError
			require.ErrorAs(t, err, &busy)
			require.Contains(t, err.Error(), "by first machine")
			require.Contains(t, err.Error(), "(30m0s ago)")
		}
		close(block)
		wg.Wait()
		_, err := second.Run(t.Context())
		require.NoError(t, err)
	})
}

// A run that another is a moment before in taking the lease tells who that is.
func TestARunThatIsOvertaken(t *testing.T) {
	j := newJob(1)
	state := newState()
	b, err := json.Marshal(provisioning.Lease{Token: 1, Nonce: "n", Owner: "faster machine", Since: time.Now(), Until: time.Now().Add(time.Minute)})
	require.NoError(t, err)
	j.opts.State = overtakenState{state, b}
	_, err = j.reconciler(t).Run(t.Context())
	require.ErrorIs(t, err, provisioning.ErrBusy)
	require.ErrorContains(t, err, "by faster machine since ")
	require.Zero(t, j.dst.Len(provisioning.User))
}

// overtakenState has another process take the lease just before the one that asks for it.
type overtakenState struct {
	*mortalState
	lease []byte
}

func (s overtakenState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	if key == "default/lease" && old == nil {
		if err := s.Save(ctx, key, s.lease); err != nil {
			return false, err
		}
	}
	return s.mortalState.Swap(ctx, key, old, value)
}

func TestALeaseOfADeadProcessEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := newState()
		b, err := json.Marshal(provisioning.Lease{Token: 7, Owner: "other machine", Since: time.Now(), Until: time.Now().Add(time.Minute)})
		require.NoError(t, err)
		state.values["default/lease"] = b
		j := newJob(1)
		j.opts.State = state
		_, err = j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, provisioning.ErrBusy)
		time.Sleep(time.Minute)
		j.clean(t)
		var after provisioning.Lease
		require.NoError(t, json.Unmarshal(state.values["default/lease"], &after))
		require.Equal(t, uint64(8), after.Token, "every lease has a token of its own")
	})
}

// A holder that lost its lease writes nothing more, neither to the sink nor to the state.
func TestALostLease(t *testing.T) {
	for _, c := range []struct {
		name string
		lose func(s *mortalState)
	}{
		{"another took it over", func(s *mortalState) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.values["default/lease"] = []byte(`{"token":99,"owner":"other"}`)
		}},
		{"the store cannot be reached", func(s *mortalState) { s.kill() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state := newState()
				var calls atomic.Int64
				j := faultyJob(100, func(call memory.Call) error {
					if call.After {
						return nil
					}
					if calls.Add(1) == 10 {
						c.lose(state)
						time.Sleep(90 * time.Second)
					}
					return nil
				})
				j.opts.State, j.opts.Concurrency = state, 1
				report, err := j.reconciler(t).Run(t.Context())
				require.ErrorIs(t, err, provisioning.ErrLeaseLost)
				require.Equal(t, int64(10), calls.Load())
				require.Equal(t, 90, report.Ops[provisioning.Create].NotTried)
			})
		})
	}
}

// A holder whose lease has ended saves nothing either when it has not come to renew it, nor seen that it cannot.
func TestALeaseThatEndedUnseen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &stuckState{mortalState: newState()}
		j := faultyJob(3, func(call memory.Call) error {
			if call.After && state.stuck.CompareAndSwap(false, true) {
				time.Sleep(90 * time.Second)
			}
			return nil
		})
		j.opts.State, j.opts.Concurrency = state, 1
		report, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, provisioning.ErrLeaseLost)
		require.Equal(t, 1, report.Ops[provisioning.Create].Done)
		require.Equal(t, []string{"default/lease"}, slices.Collect(maps.Keys(state.values)), "it saved something after its lease had ended")
	})
}

// Nor does it write anything more when its lease ends while the sink has it wait.
func TestALeaseThatEndsInAPause(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprint("batch ", batch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state := &stuckState{mortalState: newState()}
				start := time.Now()
				late := 0
				j := faultyJob(250, func(memory.Call) error {
					state.stuck.Store(true)
					if time.Since(start) > time.Minute {
						late++
						return nil
					}
					return &provisioning.RetryError{After: 90 * time.Second, Err: errors.New("429 Too Many Requests")}
				})
				if batch {
					j.sink = memory.Batching{Store: j.dst}
				}
				j.opts.State, j.opts.Concurrency = state, 1
				_, err := j.reconciler(t).Run(t.Context())
				require.ErrorIs(t, err, provisioning.ErrLeaseLost)
				require.Zero(t, late, "writes after its lease had ended")
			})
		})
	}
}

// Nor does a repair write whose lease has ended while it read.
func TestALeaseThatEndsInARepair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		state := &stuckState{mortalState: newState()}
		j := newJob(1)
		j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
			if call.Name == "Records" && state.stuck.CompareAndSwap(false, true) {
				time.Sleep(90 * time.Second)
			}
			return nil
		}})
		j.dst.Put(&provisioning.Record{Kind: provisioning.User, ID: "mine"})
		j.sink, j.opts.State = j.dst, state
		err := j.reconciler(t).Relink(t.Context(), provisioning.Link{Kind: provisioning.User, Source: uid(0), Target: "mine"})
		require.ErrorIs(t, err, provisioning.ErrLeaseLost)
		require.Nil(t, j.of(t, uref(0)), "it wrote after its lease had ended")
	})
}

// stuckState does not answer about the lease, once it is stuck, for longer than that lasts.
type stuckState struct {
	*mortalState
	stuck atomic.Bool
}

func (s *stuckState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	if key == "default/lease" && s.stuck.Load() {
		time.Sleep(5 * time.Minute)
	}
	return s.mortalState.Swap(ctx, key, old, value)
}

// take has another process hold the lease until a moment.
func (s *mortalState) take(t *testing.T, until time.Time) {
	t.Helper()
	b, err := json.Marshal(provisioning.Lease{Token: 99, Owner: "other", Since: time.Now(), Until: until})
	require.NoError(t, err)
	require.NoError(t, s.Save(t.Context(), "default/lease", b))
}

// A holder that slept through its lease leaves the state to whoever took the job over, who would otherwise find it changed and stop.
func TestALostLeaseLeavesTheState(t *testing.T) {
	for _, c := range []struct {
		name  string
		point int64 // the write at which it sleeps
		after bool
	}{
		{"before a write", 5, false},
		{"after a write, where it saves how far it is", 5, true},
		{"after the last write", 10, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				state := newState()
				var calls atomic.Int64
				j := newJob(10)
				j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
					if call.Name != "Create" || call.After != c.after || calls.Add(1) != c.point {
						return nil
					}
					// The time of the machine goes on while the process does not, so that nothing renews the lease.
					state.take(t, time.Now().Add(2*time.Minute))
					time.Sleep(time.Minute + time.Second)
					return nil
				}})
				j.sink, j.opts.State, j.opts.Concurrency = j.dst, state, 1
				_, err := j.reconciler(t).Run(t.Context())
				require.ErrorIs(t, err, provisioning.ErrLeaseLost)
				require.Equal(t, []string{"default/lease"}, slices.Collect(maps.Keys(state.values)), "it saved something after it had lost its lease")
			})
		})
	}
}

func TestStateThatCannotBeRead(t *testing.T) {
	for _, key := range []string{"memory", "history", "links", "lease"} {
		j := newJob(3)
		j.opts.Links = true
		j.sink = nameless{j.dst.Bare()}
		state := newState()
		j.opts.State = state
		j.clean(t)
		state.values["default/"+key] = []byte(`{"broken`)
		_, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, provisioning.ErrState, key)
		require.ErrorContains(t, err, "default/"+key)
	}
}

// Without a Swapper there is no lease, but everything else works.
func TestPlainStateStore(t *testing.T) {
	j := newJob(3)
	j.opts.State = plainState{newState()}
	j.clean(t)
	j.src.Remove(uref(1))
	j.clean(t)
	require.True(t, j.of(t, uref(1)).Disabled)
}

type plainState struct{ s *mortalState }

func (p plainState) Load(ctx context.Context, key string) ([]byte, error) { return p.s.Load(ctx, key) }

func (p plainState) Save(ctx context.Context, key string, value []byte) error {
	return p.s.Save(ctx, key, value)
}
