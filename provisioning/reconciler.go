package provisioning

import (
	"context"
	"errors"
	"fmt"
)

// A Reconciler keeps the records of a sink in step with those of a source.
type Reconciler struct {
	source Source
	mapper Mapper
	sink   Sink
	opts   Options
}

// New makes a Reconciler. It connects to nothing.
func New(source Source, mapper Mapper, sink Sink, opts *Options) (*Reconciler, error) {
	if source == nil || mapper == nil || sink == nil {
		return nil, errors.New("new reconciler: a source, a mapper and a sink are necessary")
	}
	r := &Reconciler{source: source, mapper: mapper, sink: sink}
	if opts != nil {
		r.opts = *opts
	}
	return r, nil
}

// Plan reads both sides and says what a run would do. It writes nothing.
func (r *Reconciler) Plan(ctx context.Context) (*Plan, error) {
	return nil, fmt.Errorf("plan: %w", errors.ErrUnsupported)
}

// Judge lets the guards judge a plan. It gives a [*RefusedError] with all that they have against
// it, unless the plan is approved.
func (r *Reconciler) Judge(ctx context.Context, p *Plan) error {
	return fmt.Errorf("judge: %w", errors.ErrUnsupported)
}

// Apply judges a plan, which may be a saved one, and makes its changes. The error is nil when the
// run came to its end; what single records failed is in [Report.Err].
func (r *Reconciler) Apply(ctx context.Context, p *Plan) (*Report, error) {
	return nil, fmt.Errorf("apply: %w", errors.ErrUnsupported)
}

// Run makes a plan and applies it. The error is nil when the run came to its end; what single records
// failed is in [Report.Err]. The report is never nil, and has the plan when one was made.
func (r *Reconciler) Run(ctx context.Context) (*Report, error) {
	return &Report{}, fmt.Errorf("run: %w", errors.ErrUnsupported)
}
