package provisioning_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A run saves several documents, one after another. Where it ends between two of them, the next one still knows whom it created:
// the link is saved before it is forgotten that there may be one to be looked for.
func TestStateThatIsSavedByHalf(t *testing.T) {
	for _, key := range []string{"default/links", "default/history", "default/memory"} {
		for range 4 { // The order must not be one of chance.
			j := newJob(3)
			state := &brokenState{mortalState: newState(), key: key}
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if c.Name == "Create" && c.After {
					state.broken.Store(true)
				}
				return nil
			}})
			j.opts.Links = true
			j.sink = nameless{j.dst.Bare()}
			j.opts.State = state
			_, err := j.reconciler(t).Run(t.Context())
			require.ErrorIs(t, err, errReset, key)
			state.broken.Store(false)
			j.clean(t)
			require.Equal(t, 3, j.dst.Len(provisioning.User), "%s was not saved, and somebody is there twice", key)
		}
	}
}

// A store that fails once, whenever it is, costs a run and nobody a second account.
func TestStateThatFailsAtAnyCall(t *testing.T) {
	for _, links := range []bool{false, true} {
		for point := int64(1); point < 25; point++ {
			t.Run(fmt.Sprintf("links %v, call %d", links, point), func(t *testing.T) {
				j := newJob(6)
				j.src.Put(group("g", 1, 2))
				j.dst = memory.New(nil)
				j.sink = j.dst
				j.opts.Policy.SharedRefs = []string{"members"}
				if links {
					j.opts.Links = true
					j.sink = nameless{j.dst.Bare()}
				}
				state := &brokenState{mortalState: newState(), point: point}
				j.opts.State = state
				_, _ = j.reconciler(t).Run(t.Context()) // It fails or not, as the call is one that matters.
				state.point = 0
				state.revive()
				state.forgive(t)
				j.clean(t)
				require.Equal(t, 6, j.dst.Len(provisioning.User), "somebody is there twice")
			})
		}
	}
}

// brokenState cannot save one document while it is broken, and fails at one call, counted from one.
type brokenState struct {
	*mortalState
	key    string
	broken atomic.Bool
	point  int64
	calls  atomic.Int64
}

func (s *brokenState) Load(ctx context.Context, key string) ([]byte, error) {
	if s.calls.Add(1) == s.point {
		return nil, errReset
	}
	return s.mortalState.Load(ctx, key)
}

func (s *brokenState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	if s.calls.Add(1) == s.point || key == s.key && s.broken.Load() {
		return false, errReset
	}
	return s.mortalState.Swap(ctx, key, old, value)
}
