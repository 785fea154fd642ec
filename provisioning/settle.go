package provisioning

import (
	"context"
	"errors"
	"fmt"
)

// ErrQuarantined says that so much failed that a run went no further.
var ErrQuarantined = errors.New("too much fails")

// When at least quarantineLeast changes, and this share of those tried, have failed, a run stops. Those that are known to fail,
// until somebody mends them, do not count.
const (
	quarantineLeast = 50
	quarantineShare = 0.4
)

// settle decides the outcome of a change and tells the observer.
func (x *run) settle(ctx context.Context, res *Result, err error) {
	if err != nil {
		res.Err = err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case res.Err == nil:
		res.Outcome = Done
		x.tried++
		if !res.Written {
			x.rememberWritten(res)
		}
		x.rememberDone(res.Change)
		x.checkpoint(ctx)
	case errors.Is(res.Err, errNotTried) || res.Attempts == 0:
		res.Outcome, res.Class = NotTried, ClassOf(res.Err)
	default:
		res.Outcome, res.Class = Failed, ClassOf(res.Err)
		x.fails(res)
	}
	if o := x.r.opts.Observer; o != nil && o.Applied != nil {
		o.Applied(ctx, res)
	}
}

// fails counts a failure. What somebody has to mend first, and what failed just so before, says nothing new about the sink: some
// bad records of a large company must not keep those who leave from being disabled, for ever.
func (x *run) fails(res *Result) {
	x.failed++
	f, ok := x.state.memory.Failing.Get(Ref{Kind: res.Change.Kind, ID: res.Change.Source})
	if !ok || res.Class != Mend || f.Failures == 0 || !f.of(res.Change.digest()) {
		x.tried++
		x.news++
	}
	x.judge(res)
}

// judge stops the run when an error, or the number of errors, says that nothing good will come of it.
func (x *run) judge(res *Result) {
	switch {
	case x.stopped != nil:
	case res.Class == Stop:
		x.stopped = res.Err
	case x.r.opts.MaxErrors > 0 && x.failed >= x.r.opts.MaxErrors:
		x.stopped = fmt.Errorf("%w: %d changes failed, as many as Options.MaxErrors allows, last: %w", ErrQuarantined, x.failed, res.Err)
	case x.news >= quarantineLeast && float64(x.news) >= quarantineShare*float64(x.tried):
		x.stopped = fmt.Errorf("%w: %d of %d changes failed, last: %w", ErrQuarantined, x.news, x.tried, res.Err)
	}
}
