package provisioning

import (
	"bytes"
	"context"
	"sync"
)

// memoryState is the StateStore of a Reconciler that was given none.
type memoryState struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newMemoryState() *memoryState { return &memoryState{values: map[string][]byte{}} }

func (s *memoryState) Load(ctx context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key], ctx.Err()
}

func (s *memoryState) Save(ctx context.Context, key string, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(key, value)
	return nil
}

func (s *memoryState) Swap(ctx context.Context, key string, old, value []byte) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ok := s.values[key]
	if ok != (old != nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	s.put(key, value)
	return true, nil
}

func (s *memoryState) put(key string, value []byte) {
	if value == nil {
		delete(s.values, key)
		return
	}
	s.values[key] = bytes.Clone(value)
}

var _ Swapper = (*memoryState)(nil)
