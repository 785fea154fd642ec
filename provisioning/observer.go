package provisioning

import (
	"context"
	"slices"
	"sync"
)

// An Observer is told what a run does. Every field may be nil. The functions, but for Start, are called one at a time for a
// Reconciler, also when it is asked for several things at once. They should return soon, and must not ask it to run, plan or
// explain anything. What they are given holds personal data and must not be changed.
type Observer struct {
	// Start is told when a step begins. The context that it gives goes into the calls of the connector, so that what is
	// measured there is found under the step; the function is called at the step's end with the error that ended
	// it, or nil. Steps lie within each other, and several of them may begin at once, so it must be safe for concurrent use.
	Start func(ctx context.Context, s Step) (context.Context, func(error))
	// Reading is told now and then how many records of a kind were read, of "source" or "sink".
	Reading func(ctx context.Context, side string, kind Kind, n int)
	// Planned is told of a plan when it is made, before it is judged.
	Planned func(ctx context.Context, p *Plan)
	// Applying is told before a plan is applied, without what is staged of it.
	Applying func(ctx context.Context, p *Plan)
	// Written is told of a change whose record is written, so that a new one is there, while its references are still to be.
	// Applied is told of it later.
	Written func(ctx context.Context, r *Result)
	// Applied is told of every change of the plan when it has been made, has failed, or will not be tried.
	Applied func(ctx context.Context, r *Result)
	// Finished is told at the end of a run, whatever became of it.
	Finished func(ctx context.Context, r *Report)
}

// Observers gives one observer that tells all of several, in their order: a progress bar, metrics and an audit, for
// instance. One that is nil is left out.
func Observers(all ...*Observer) *Observer {
	all = slices.DeleteFunc(slices.Clone(all), func(o *Observer) bool { return o == nil })
	o := &Observer{
		Reading: func(ctx context.Context, side string, kind Kind, n int) {
			for _, o := range all {
				if o.Reading != nil {
					o.Reading(ctx, side, kind, n)
				}
			}
		},
		Planned: func(ctx context.Context, p *Plan) {
			for _, o := range all {
				if o.Planned != nil {
					o.Planned(ctx, p)
				}
			}
		},
		Applying: func(ctx context.Context, p *Plan) {
			for _, o := range all {
				if o.Applying != nil {
					o.Applying(ctx, p)
				}
			}
		},
		Written: func(ctx context.Context, r *Result) {
			for _, o := range all {
				if o.Written != nil {
					o.Written(ctx, r)
				}
			}
		},
		Applied: func(ctx context.Context, r *Result) {
			for _, o := range all {
				if o.Applied != nil {
					o.Applied(ctx, r)
				}
			}
		},
		Finished: func(ctx context.Context, r *Report) {
			for _, o := range all {
				if o.Finished != nil {
					o.Finished(ctx, r)
				}
			}
		},
	}
	for _, one := range all {
		if one.Start != nil {
			o.Start = startAll(o.Start, one.Start)
		}
	}
	return o
}

// inTurn gives an observer whose functions, but for Start, wait for each other: one record on demand may be refused, or explained,
// while a run is under way.
func (o *Observer) inTurn() *Observer {
	if o == nil {
		return nil
	}
	mu := new(sync.Mutex)
	in := &Observer{
		Start: o.Start, Planned: turn(mu, o.Planned), Applying: turn(mu, o.Applying),
		Written: turn(mu, o.Written), Applied: turn(mu, o.Applied), Finished: turn(mu, o.Finished),
	}
	if o.Reading != nil {
		in.Reading = func(ctx context.Context, side string, kind Kind, n int) {
			mu.Lock()
			defer mu.Unlock()
			o.Reading(ctx, side, kind, n)
		}
	}
	return in
}

func turn[T any](mu *sync.Mutex, tell func(context.Context, T)) func(context.Context, T) {
	if tell == nil {
		return nil
	}
	return func(ctx context.Context, v T) {
		mu.Lock()
		defer mu.Unlock()
		tell(ctx, v)
	}
}
