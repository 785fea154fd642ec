package provisioning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/ilumy/usersync/provisioning"
)

// mortalState is a StateStore in memory that keeps nothing more once its process was killed.
type mortalState struct {
	mu     sync.Mutex
	dead   bool
	values map[string][]byte
}

func (s *mortalState) kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
}

// revive is what the next process finds. The lease of one that is dead is over.
func (s *mortalState) revive() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = false
	delete(s.values, "default/lease")
}

// forgive has everything that failed be tried again at once, as if time had passed.
func (s *mortalState) forgive(t *testing.T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.values["default/memory"]
	if !ok {
		return
	}
	var m provisioning.Memory
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	for _, ids := range m.Failing {
		for id, f := range ids {
			f.Next = time.Time{}
			ids[id] = f
		}
	}
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	s.values["default/memory"] = b
}

func (s *mortalState) Load(_ context.Context, key string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[key], nil
}

func (s *mortalState) Save(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return errKilled
	}
	s.values[key] = bytes.Clone(value)
	return nil
}

func (s *mortalState) Swap(_ context.Context, key string, old, value []byte) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return false, errKilled
	}
	now, ok := s.values[key]
	if ok != (old != nil) || !bytes.Equal(now, old) {
		return false, nil
	}
	s.values[key] = bytes.Clone(value)
	return true, nil
}
