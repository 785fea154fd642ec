package server

import (
	"context"
	"sync"
	"time"
)

// A requestContext is the context of one request: that of the connection with a deadline and the caller. Most requests
// are answered from memory before anybody waits for the deadline, so its timer is made when somebody does.
type requestContext struct {
	context.Context
	deadline time.Time
	caller   *Caller

	mu     sync.Mutex
	timed  context.Context
	cancel context.CancelFunc
	ended  bool
}

func (c *requestContext) Deadline() (time.Time, bool) {
	if d, ok := c.Context.Deadline(); ok && d.Before(c.deadline) {
		return d, true
	}
	return c.deadline, true
}

func (c *requestContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.cancel = context.WithDeadline(c.Context, c.deadline)
		if c.ended {
			c.cancel()
		}
	}
	return c.timed.Done()
}

func (c *requestContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.timed != nil:
		return c.timed.Err()
	case c.Context.Err() != nil:
		return c.Context.Err()
	case !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	case c.ended:
		return context.Canceled
	}
	return nil
}

func (c *requestContext) Value(key any) any {
	if key == (callerKey{}) && c.caller != nil {
		return c.caller
	}
	return c.Context.Value(key)
}

// end is the end of the request: who still has the context finds it cancelled.
func (c *requestContext) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended = true; c.cancel != nil {
		c.cancel()
	}
}

var _ context.Context = (*requestContext)(nil)
