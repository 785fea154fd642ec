package provisioning

import "context"

// An Observer is told what a run does. Every field may be nil. The functions are called one at a time and
// should return soon. What they are given holds personal data and must not be changed.
type Observer struct {
	// Reading is told now and then how many records of a kind were read, of "source" or "sink".
	Reading func(ctx context.Context, side string, kind Kind, n int)
	// Planned is told of a plan when it is made, before it is judged.
	Planned func(ctx context.Context, p *Plan)
	// Applying is told before a plan is applied.
	Applying func(ctx context.Context, p *Plan)
	// Applied is told of every change of the plan when it has been made or has failed.
	Applied func(ctx context.Context, r *Result)
	// Finished is told at the end of a run, whatever became of it.
	Finished func(ctx context.Context, r *Report)
}
