package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// A Reconciler keeps the records of a sink in step with those of a source. One run is under way at a time.
type Reconciler struct {
	source  Source
	mapper  Mapper
	sink    Sink
	opts    Options
	log     *slog.Logger
	running sync.Mutex
	holding *holding
	since   atomic.Int64 // when what is running began
	print   string
}

// New makes a Reconciler. It connects to nothing. The error names every option that cannot be.
func New(source Source, mapper Mapper, sink Sink, opts *Options) (*Reconciler, error) {
	if source == nil || mapper == nil || sink == nil {
		return nil, errors.New("new reconciler: a source, a mapper and a sink are necessary")
	}
	r := &Reconciler{source: source, mapper: mapper, sink: sink}
	if opts != nil {
		r.opts = *opts
	}
	if err := r.opts.defaults(); err != nil {
		return nil, fmt.Errorf("new reconciler: %w", err)
	}
	r.log = r.opts.Logger
	r.opts.Observer = r.opts.Observer.inTurn()
	r.print = digestOf(r.opts.Fingerprint, r.opts.Policy, r.opts.Kinds, r.opts.Links)
	return r, nil
}

// Plan reads both sides whole, and says what is to be done. It writes nothing. An error means that a side could not be
// read to its end; there is no plan then, for what was not read is not gone.
func (r *Reconciler) Plan(ctx context.Context) (*Plan, error) {
	st, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	return r.plan(ctx, st)
}

func (r *Reconciler) plan(ctx context.Context, st *jobState) (_ *Plan, err error) {
	ctx, end := r.start(ctx, Step{Name: StepPlan})
	defer func() { end(err) }()
	at := time.Now().UTC()
	cursor, err := r.cursor(ctx)
	if err != nil {
		return nil, err
	}
	wanted, err := r.read(ctx, at)
	if err != nil {
		return nil, err
	}
	c := r.comparison(wanted, st, at)
	for _, kind := range r.kinds() {
		c.Have[kind] = r.have(ctx, kind)
	}
	p, err := Compare(c)
	if err != nil {
		return nil, err
	}
	p.Cursor = cursor
	return r.planned(ctx, p), nil
}

// planned tells of a plan that has just been made.
func (r *Reconciler) planned(ctx context.Context, p *Plan) *Plan {
	r.log.InfoContext(ctx, "planned", "job", r.opts.Job, "plan", p)
	if o := r.opts.Observer; o != nil && o.Planned != nil {
		o.Planned(ctx, p)
	}
	return p
}

func (r *Reconciler) comparison(wanted *Snapshot, st *jobState, at time.Time) *Comparison {
	return &Comparison{
		At: at, Wanted: wanted, Kinds: r.kinds(), Have: map[Kind]iter.Seq2[*Record, error]{},
		Policy: &r.opts.Policy, Memory: &st.memory, Links: st.links,
		Fingerprint: r.print, Lenient: r.opts.Kinds == nil, Again: r.opts.Again, Canaries: r.opts.Limits.Canaries,
		Ahead: r.opts.ahead(),
	}
}

// have gives the records of the sink, counted for the observer.
func (r *Reconciler) have(ctx context.Context, kind Kind) iter.Seq2[*Record, error] {
	return r.reading(ctx, "sink", kind, r.sink.Records)
}

// reading gives the records of a kind of one side, as one step, counted for the observer.
func (r *Reconciler) reading(ctx context.Context, side string, kind Kind, records func(context.Context, Kind) iter.Seq2[*Record, error]) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		n := 0
		var last error
		ctx, end := r.start(ctx, Step{Name: StepRead, Side: side, Kind: kind})
		defer func() { end(last) }()
		for h, err := range records(ctx, kind) {
			n++
			if n%readingEvery == 0 {
				r.observeReading(ctx, side, kind, n)
			}
			if err != nil && !errors.As(err, new(*RecordError)) {
				last = err
			}
			if !yield(h, err) {
				return
			}
		}
		r.observeReading(ctx, side, kind, n)
	}
}

// cursor takes the place in the source's history before a full read, if it has one.
func (r *Reconciler) cursor(ctx context.Context) (Cursor, error) {
	d, ok := r.source.(DeltaSource)
	if !ok {
		return "", nil
	}
	c, err := d.Cursor(ctx)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return "", fmt.Errorf("take the source's cursor: %w", err)
	}
	return c, nil
}

// Run makes a plan and applies it. Of a [DeltaSource] only that is read which changed since the last run, and with it what is
// due; everything is compared at least every Options.FullEvery, and whenever the configuration was changed. The error is nil when the run came to its end; what single records
// failed is in [Report.Err]. The report is never nil, and has the plan when one was made.
func (r *Reconciler) Run(ctx context.Context) (*Report, error) {
	started := time.Now()
	report := &Report{Started: started.UTC()}
	ctx, end := r.start(ctx, Step{Name: StepRun})
	defer func() { end(report.Stopped) }()
	release, ctx, err := r.acquire(ctx)
	if err != nil {
		return r.finished(ctx, report, err)
	}
	defer release()
	st, err := r.load(ctx)
	if err != nil {
		return r.finished(ctx, report, err)
	}
	p, err := r.next(ctx, st)
	report.Planning = time.Since(started)
	if err != nil {
		return r.finished(ctx, report, err)
	}
	report.Plan = p
	return r.apply(ctx, p, st, report, true)
}

// Judge lets the guards judge a plan. It gives a [*RefusedError] with all that they have against it, unless the plan
// is approved. Under [StageRisky] its Staged is what Apply would leave, if it would do the rest.
func (r *Reconciler) Judge(ctx context.Context, p *Plan) error {
	st, err := r.load(ctx)
	if err != nil {
		return err
	}
	v := r.judge(p, &st.history)
	switch {
	case v.refused != nil:
		return v.refused
	case v.staged != nil:
		return &RefusedError{Digest: p.Digest(), Refusals: v.staged.Refusals, Staged: v.staged, Unfit: v.unfit}
	}
	return nil
}

// Apply judges a plan, which may be one that was saved, and makes its changes. A plan that was made from another
// configuration is refused with a [*StaleError]; a record that was changed in the sink since is left
// alone, and reported. The error is nil when the run came to its end; what single records failed is in [Report.Err].
func (r *Reconciler) Apply(ctx context.Context, p *Plan) (*Report, error) {
	report := &Report{Started: time.Now().UTC(), Plan: p}
	ctx, end := r.start(ctx, Step{Name: StepRun})
	defer func() { end(report.Stopped) }()
	release, ctx, err := r.acquire(ctx)
	if err != nil {
		return r.finished(ctx, report, err)
	}
	defer release()
	st, err := r.load(ctx)
	if err != nil {
		return r.finished(ctx, report, err)
	}
	return r.apply(ctx, p, st, report, false)
}

func (r *Reconciler) kinds() []Kind {
	if r.opts.Kinds == nil {
		return []Kind{User, Group}
	}
	return r.opts.Kinds
}
