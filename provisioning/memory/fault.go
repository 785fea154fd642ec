package memory

import (
	"context"

	"github.com/ilumy/usersync/provisioning"
)

// A Call is one call of a method of a [Store] as a sink or source.
type Call struct {
	// Name is that of the method.
	Name string
	// Ref is what it concerns; of a Create its ID is the ExternalID.
	Ref provisioning.Ref
	// After says that the call has been done: an error now is a lost answer.
	After bool
}

// A Fault lets calls fail, for tests: it is asked before a call with After false, and after a write with After
// true. An error that it returns is the answer of the call.
type Fault func(ctx context.Context, c Call) error

func (s *Store) fault(ctx context.Context, c Call) error {
	if s.opts.Fault == nil {
		return nil
	}
	return s.opts.Fault(ctx, c)
}

// write does a write under the lock, with the faults around it.
func (s *Store) write(ctx context.Context, c Call, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.fault(ctx, c); err != nil {
		return err
	}
	s.mu.Lock()
	err := do()
	s.mu.Unlock()
	if err != nil {
		return err
	}
	c.After = true
	return s.fault(ctx, c)
}

// Bare gives the store as a [provisioning.Sink] without any optional capability.
func (s *Store) Bare() provisioning.Sink { return struct{ provisioning.Sink }{s} }

// Source gives the store as a [provisioning.Source] and nothing more.
func (s *Store) Source() provisioning.Source { return struct{ provisioning.Source }{s} }
