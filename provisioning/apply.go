package provisioning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// apply judges a plan, makes its changes and saves what is to be remembered. A plan that was not made just now is compared with
// what the sink has first.
func (r *Reconciler) apply(ctx context.Context, p *Plan, st *jobState, report *Report, fresh bool) (*Report, error) {
	report.Digest = p.Digest()
	report.Held = p.Held
	if p.Fingerprint != r.print {
		return r.finished(ctx, report, &StaleError{Digest: report.Digest, Made: p.Made})
	}
	_, end := r.start(ctx, Step{Name: StepJudge})
	v := r.judge(p, &st.history)
	end(v.err())
	report.Measures = v.measures
	if v.refused != nil {
		report.Refusals, report.Token, report.Unfit = v.refused.Refusals, v.refused.Token(), v.refused.Unfit
		return r.finished(ctx, report, v.refused)
	}
	x := newRun(r, v.plan, st, report.Started)
	x.fresh = fresh
	if v.staged != nil {
		report.stage(v)
		x.staged = v.staged
		p = v.plan
		r.log.WarnContext(ctx, "a part of the plan is staged until it is approved", "job", r.opts.Job, "digest", v.staged.Digest(), "plan", v.staged)
	}
	if o := r.opts.Observer; o != nil && o.Applying != nil {
		o.Applying(ctx, p)
	}
	if !fresh {
		if err := x.verify(ctx); err != nil {
			return r.finished(ctx, report, err)
		}
	}
	started := time.Now()
	x.forgetEnabled()
	x.forgetUnshared()
	err := x.intend(ctx)
	if err == nil {
		err = x.apply(ctx)
	} else {
		x.stopped = err
		x.abandon(ctx, err)
	}
	report.Applying = time.Since(started)
	report.results = x.results
	report.add(x.results)
	if x.staged != nil {
		x.staged.follow(x.results)
	}
	x.remember(report.Started, err == nil)
	report.next = st.memory.next(p.Made, r.opts.Policy.Grace)
	if errors.Is(err, ErrLeaseLost) || errors.Is(context.Cause(ctx), ErrLeaseLost) {
		return r.finished(ctx, report, cmp.Or(err, context.Cause(ctx))) // What is remembered is another's by now, as after a kill.
	}
	// What was done is remembered even when the run was cancelled.
	saving, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseFor/4)
	defer cancel()
	if serr := r.save(saving, st); serr != nil {
		err = errors.Join(err, serr)
	}
	return r.finished(ctx, report, err)
}

func (r *Reconciler) finished(ctx context.Context, report *Report, err error) (*Report, error) {
	report.Stopped = err
	if err != nil {
		report.Error = err.Error()
		r.log.ErrorContext(ctx, "stopped", "job", r.opts.Job, "error", err)
	} else {
		r.log.InfoContext(ctx, "finished", "job", r.opts.Job, "report", report)
	}
	if o := r.opts.Observer; o != nil && o.Finished != nil {
		o.Finished(ctx, report)
	}
	return report, err
}

// A run is the application of one plan.
type run struct {
	r       *Reconciler
	plan    *Plan
	staged  *Plan // what waits for approval; nil when nothing does
	fresh   bool  // the plan was made just now
	state   *jobState
	results []*Result
	gate    gate

	mu      sync.Mutex
	created map[Ref]ID // by record of the source
	adopts  map[Ref]*Result
	written map[Ref]bool
	waits   map[Pending]bool // records and names of references of which some could not be written yet
	freed   map[freed]bool   // values that were given up since the last round
	tried   int              // but for those that are known to fail
	failed  int
	news    int // those of them that are not known to fail
	stopped error
	past    Past      // what was done so far
	day     int       // the number of runs before in the history
	filling bool      // until a first run is good, creations fill an empty sink
	saved   time.Time // when the state was
}

func newRun(r *Reconciler, p *Plan, st *jobState, at time.Time) *run {
	x := &run{r: r, plan: p, state: st, created: map[Ref]ID{}, adopts: map[Ref]*Result{}, written: map[Ref]bool{}, waits: map[Pending]bool{}, saved: time.Now(),
		past: Past{At: at, Done: map[Kind]map[Op]int{}, RemovedRefs: map[Kind]int{}, AddedRefs: map[Kind]int{}},
		day:  len(st.history.Day), filling: st.history.Good.IsZero()}
	for _, c := range p.Changes {
		res := &Result{Change: c}
		x.results = append(x.results, res)
		if c.Op == Adopt {
			x.adopts[Ref{Kind: c.Kind, ID: c.Source}] = res
		}
	}
	return x
}

// apply makes the changes in passes: what is there for each kind, then references, then what is disabled, then what is
// deleted. Within a pass they are made concurrently. The error says why the run stopped.
func (x *run) apply(ctx context.Context) error {
	kinds := x.r.kinds()
	for _, kind := range kinds {
		x.makeAll(ctx, kind)
	}
	refers := func(res *Result) bool { return makes(res.Change) && res.Change.refers() && res.Err == nil }
	x.inChunks(ctx, refers, x.sendRefs)
	x.pass(ctx, refers, x.link)
	leaves := func(res *Result) bool { return res.Change.Op == Deactivate }
	x.spareStrangers(ctx, leaves)
	x.batch(ctx, leaves)
	x.pass(ctx, leaves, x.disable)
	for i := len(kinds) - 1; i >= 0; i-- {
		goes := func(res *Result) bool { return res.Change.Kind == kinds[i] && res.Change.Op == Delete }
		x.batch(ctx, goes)
		x.pass(ctx, goes, x.delete)
	}
	err := x.why(ctx)
	x.abandon(ctx, err)
	return err
}

// errStrange marks a change of a record that was to be adopted before.
var errStrange = fmt.Errorf("%w: the record was not adopted, so it is not ours to disable", errNotTried)

// spareStrangers settles those of some changes whose record was to be adopted and was not.
func (x *run) spareStrangers(ctx context.Context, which func(*Result) bool) {
	for _, res := range x.results {
		if res.Outcome != "" || !which(res) {
			continue
		}
		x.mu.Lock()
		strange := x.strange(res.Change.Link)
		x.mu.Unlock()
		if strange {
			x.settle(ctx, res, errStrange)
		}
	}
}

// abandon settles what was not come to.
func (x *run) abandon(ctx context.Context, err error) {
	for _, res := range x.results {
		if res.Outcome == "" {
			switch {
			case res.Err != nil:
			case res.doubt:
				// Not the reason for the end, which would make of this one what it is not.
				res.Err = fmt.Errorf("%w: the run ended before it was looked whether it was written", errUnsure)
			case res.Written || onlyRefs(res.Change):
				res.Err = fmt.Errorf("the run stopped before its references were written: %w", err)
			case res.Attempts > 0: // In a batch, of which the sink did not take it.
				res.Err = fmt.Errorf("the run stopped before it was tried again: %w", err)
			default:
				res.Err = fmt.Errorf("the run stopped before: %w", err)
			}
			x.settle(ctx, res, nil)
		}
	}
}

// makes reports whether a change leaves a record that is there and not disabled by it.
func makes(c *Change) bool { return c.Op != Deactivate && c.Op != Delete }

// why gives the reason for which the run must not go on.
func (x *run) why(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.stopped
}

// pass makes some of the changes, several at once. The workers last as long as the pass: a write goes through many layers,
// and a goroutine of its own for each would grow its stack anew every time.
func (x *run) pass(ctx context.Context, which func(*Result) bool, do func(context.Context, *Result)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(x.r.opts.Concurrency, len(x.results)) {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(len(x.results)); i = next.Add(1) {
				res := x.results[i-1]
				if res.Outcome != "" || !which(res) {
					continue
				}
				if x.why(ctx) != nil {
					return
				}
				do(ctx, res)
			}
		})
	}
	wg.Wait()
}
