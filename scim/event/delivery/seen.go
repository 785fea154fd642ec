package delivery

import (
	"context"
	"sync"
)

// A Seen remembers which tokens were handled, since each can come more than once. It is safe for concurrent use.
type Seen interface {
	// Seen reports whether a token of an issuer was handled.
	Seen(ctx context.Context, issuer, id string) (bool, error)
	// Remember keeps that it was.
	Remember(ctx context.Context, issuer, id string) error
}

// A MemorySeen remembers the latest tokens, until the process ends. What comes again after that is handled again.
type MemorySeen struct {
	mu   sync.Mutex
	ids  map[seenKey]bool
	ring []seenKey
	next int
}

type seenKey struct{ issuer, id string }

// NewMemorySeen makes a MemorySeen of so many tokens; 0 is 100,000.
func NewMemorySeen(tokens int) *MemorySeen {
	if tokens <= 0 {
		tokens = 100_000
	}
	return &MemorySeen{ids: map[seenKey]bool{}, ring: make([]seenKey, 0, min(tokens, 1024)), next: -tokens}
}

// Seen reports whether a token was handled lately.
func (m *MemorySeen) Seen(_ context.Context, issuer, id string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[seenKey{issuer, id}], nil
}

// Remember keeps that it was, and forgets the oldest.
func (m *MemorySeen) Remember(_ context.Context, issuer, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := seenKey{issuer, id}
	if m.ids[k] {
		return nil
	}
	m.ids[k] = true
	if m.next < 0 { // there is room still
		m.ring = append(m.ring, k)
		m.next++
		return nil
	}
	delete(m.ids, m.ring[m.next])
	m.ring[m.next] = k
	m.next = (m.next + 1) % len(m.ring)
	return nil
}

var _ Seen = (*MemorySeen)(nil)
