package server

import (
	"context"
	"sync"
	"time"
)

// lastWords is how long it may take, when those who drain have waited for long enough, to tell of what was not done.
const lastWords = 5 * time.Second

// A runner does requests later: a bounded number of them waits, of which some are done at once. Those about one resource are done in
// the order in which they came, and a bulk request after all that came before it from its tenant and before all
// that come after it.
type runner struct {
	workers, room int

	mu      sync.Mutex
	pending []*job
	running []*job
	closed  bool
	// idle is closed when nothing is left to do, once somebody waits for that.
	idle chan struct{}
	// ctx ends when those who drain have waited for long enough.
	ctx    context.Context
	cancel context.CancelFunc
}

// A job is one request.
type job struct {
	tenant string
	// resource is what it is about; "" for one that is created.
	resource string
	// bulk says that it may be about anything.
	bulk bool
	do   func(ctx context.Context)
}

func newRunner(workers, room int) *runner {
	r := &runner{workers: workers, room: room}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	return r
}

// verdict is what becomes of a job.
type verdict int

const (
	taken verdict = iota
	// full says that there is no room, and that nothing is waiting which the job would overtake if it were done at once.
	full
	// behind says that there is no room, and that something is waiting which comes first.
	behind
)

func (r *runner) submit(j *job) verdict {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.pending) >= r.room {
		o := &order{}
		for _, k := range append(append([]*job{}, r.running...), r.pending...) {
			o.enter(k)
		}
		if o.holds(j) {
			return behind
		}
		return full
	}
	r.pending = append(r.pending, j)
	r.dispatch()
	return taken
}

// dispatch starts what can be started. The caller holds the lock.
func (r *runner) dispatch() {
	o := &order{}
	for _, j := range r.running {
		o.enter(j)
	}
	kept := r.pending[:0]
	for _, j := range r.pending {
		if len(r.running) < r.workers && !o.holds(j) {
			r.running = append(r.running, j)
			go r.work(j)
		} else {
			kept = append(kept, j)
		}
		o.enter(j)
	}
	clear(r.pending[len(kept):])
	r.pending = kept
	if len(r.running) == 0 && r.idle != nil {
		close(r.idle)
		r.idle = nil
	}
}

func (r *runner) work(j *job) {
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		for i, k := range r.running {
			if k == j {
				r.running = append(r.running[:i], r.running[i+1:]...)
				break
			}
		}
		r.dispatch()
	}()
	j.do(r.ctx)
}

// drain takes no more, and waits until what was taken is done. When the context ends it has the rest done with a
// context that has ended too, and gives the error of the first one.
func (r *runner) drain(ctx context.Context) error {
	r.mu.Lock()
	r.closed = true
	if len(r.pending)+len(r.running) == 0 {
		r.mu.Unlock()
		return nil
	}
	if r.idle == nil {
		r.idle = make(chan struct{})
	}
	idle := r.idle
	r.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	r.cancel()
	select {
	case <-idle:
	case <-time.After(lastWords):
	}
	return context.Cause(ctx)
}

// An order is which jobs must wait for others.
type order struct {
	some, bulk map[string]bool // tenants that have a job, or a bulk one
	resources  map[[2]string]bool
}

func (o *order) enter(j *job) {
	if o.some == nil {
		o.some, o.bulk, o.resources = map[string]bool{}, map[string]bool{}, map[[2]string]bool{}
	}
	o.some[j.tenant] = true
	o.bulk[j.tenant] = o.bulk[j.tenant] || j.bulk
	o.resources[[2]string{j.tenant, j.resource}] = j.resource != "" || o.resources[[2]string{j.tenant, j.resource}]
}

// holds reports whether a job must wait for one that was entered.
func (o *order) holds(j *job) bool {
	return j.bulk && o.some[j.tenant] || o.bulk[j.tenant] || o.resources[[2]string{j.tenant, j.resource}]
}
