package delivery

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// A MemoryQueue is a Queue that ends with the process. When a stream is full it refuses what comes next, so that what it has
// is without a gap.
type MemoryQueue struct {
	entries, bytes int

	mu      sync.Mutex
	streams map[string]*memoryStream
}

type memoryStream struct {
	list  []Entry
	bytes int
}

// NewMemoryQueue makes a queue for at most so many tokens, and so many bytes of claims, in each stream. 0 is 10,000
// tokens and 64 MiB.
func NewMemoryQueue(tokens, bytes int) *MemoryQueue {
	if tokens <= 0 {
		tokens = 10_000
	}
	if bytes <= 0 {
		bytes = 64 << 20
	}
	return &MemoryQueue{entries: tokens, bytes: bytes, streams: map[string]*memoryStream{}}
}

// Put enters a token at the end of a stream.
func (q *MemoryQueue) Put(_ context.Context, stream string, e Entry) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.streams[stream]
	if s == nil {
		s = &memoryStream{}
		q.streams[stream] = s
	}
	if len(s.list) >= q.entries || s.bytes+len(e.Claims) > q.bytes {
		return fmt.Errorf("%w: %d tokens wait in it", ErrFull, len(s.list))
	}
	s.list = append(s.list, e)
	s.bytes += len(e.Claims)
	return nil
}

// Next gives the tokens at the front of a stream.
func (q *MemoryQueue) Next(_ context.Context, stream string, n int) ([]Entry, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.streams[stream]
	if s == nil {
		return nil, nil
	}
	return slices.Clone(s.list[:min(n, len(s.list))]), nil
}

// Remove takes tokens out.
func (q *MemoryQueue) Remove(_ context.Context, stream string, ids ...string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := q.streams[stream]
	if s == nil {
		return nil
	}
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	// What is removed is at the front, but for what a recipient acknowledges out of order.
	for len(s.list) > 0 && gone[s.list[0].ID] {
		delete(gone, s.list[0].ID)
		s.bytes -= len(s.list[0].Claims)
		s.list[0] = Entry{}
		s.list = s.list[1:]
	}
	if len(gone) > 0 {
		s.list = slices.DeleteFunc(s.list, func(e Entry) bool {
			if gone[e.ID] {
				s.bytes -= len(e.Claims)
			}
			return gone[e.ID]
		})
	}
	if len(s.list) == 0 {
		delete(q.streams, stream)
	}
	return nil
}

var _ Queue = (*MemoryQueue)(nil)
