package provisioning_test

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// choosy takes users together, and every group by itself, as services do with groups of many members.
type choosy struct {
	memory.Batching
	together atomic.Int64
}

func (c *choosy) Batch(ctx context.Context, changes []*provisioning.Change) []error {
	errs := make([]error, len(changes))
	for i, change := range changes {
		if change.Kind == provisioning.Group {
			errs[i] = errors.ErrUnsupported
			continue
		}
		c.together.Add(1)
		errs[i] = c.Batching.Batch(ctx, changes[i:i+1])[0]
	}
	return errs
}

// A few changes at the end that are to be written alone say nothing of the others: whatever comes first, all people are written
// together.
func TestAFewChangesAloneKeepNobodyFromABatch(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the goroutine that was started last runs first then
	for range 5 {
		j := newJob(0)
		sink := &choosy{Batching: memory.Batching{Store: j.dst}}
		j.sink = sink
		for n := range 300 {
			r := user(n)
			r.Refs = provisioning.Refs{"manager": {uref(0)}}
			j.src.Put(r)
		}
		j.src.Put(group("all", 1, 2, 3))
		j.src.Put(group("some", 1, 2))
		j.clean(t)
		if n := sink.together.Load(); n != 600 { // each person, and then the manager
			t.Fatalf("%d writes went with others, want 600", n)
		}
	}
}
