package provisioning

import "context"

// A StepName says what a [Step] does.
type StepName string

const (
	// StepRun is a whole run: of Run, Apply or Sync.
	StepRun StepName = "run"
	// StepPlan is the reading and comparing that ends with a plan; the reads lie in it.
	StepPlan StepName = "plan"
	// StepRead is the reading of one kind, or of all that changed, of one side.
	StepRead StepName = "read"
	// StepJudge is the judgement of the guards.
	StepJudge StepName = "judge"
	// StepWrite is one write to the sink with all its attempts, or one request of a [Batcher].
	StepWrite StepName = "write"
	// StepPage is one answer of several that a read takes, which a connector tells of with [StartStep].
	StepPage StepName = "page"
)

// A Step is a part of a run that has a beginning and an end. It holds IDs and names, and no values of people.
type Step struct {
	Name StepName
	// Side is "source" or "sink", and Kind what is read there; Kind is empty where several are read as one.
	Side string
	Kind Kind
	// Op and Link are those of the change that is written; both are zero for a request of a Batcher. Refs is the name of the
	// references that are written, where only these are.
	Op   Op
	Link Link
	Refs string
	// Changes is how many changes a write makes.
	Changes int
	// Page is the number of a page in its search, counted from one.
	Page int
}

// StartStep lets a connector tell the run's Observer of a step of its own, within the one that ctx was given in. The
// function is called at the step's end. Where nobody wants to know it does nothing. Connectors that speak HTTP need it not:
// their transport knows its requests.
func StartStep(ctx context.Context, s Step) (context.Context, func(error)) {
	if start, ok := ctx.Value(starterKey{}).(starter); ok {
		return start(ctx, s)
	}
	return ctx, endNothing
}

// starterKey leads in a context to the Observer's Start.
type starterKey struct{}

// start tells of a step. Without an Observer that wants to know it costs nothing.
func (r *Reconciler) start(ctx context.Context, s Step) (context.Context, func(error)) {
	o := r.opts.Observer
	if o == nil || o.Start == nil {
		return ctx, endNothing
	}
	if ctx.Value(starterKey{}) == nil {
		ctx = context.WithValue(ctx, starterKey{}, starter(o.Start))
	}
	return o.Start(ctx, s)
}

func endNothing(error) {}

type starter func(context.Context, Step) (context.Context, func(error))

// startAll joins two starters; the steps end the other way round.
func startAll(first, second starter) starter {
	if first == nil {
		return second
	}
	return func(ctx context.Context, s Step) (context.Context, func(error)) {
		ctx, endFirst := first(ctx, s)
		ctx, endSecond := second(ctx, s)
		return ctx, func(err error) {
			endSecond(err)
			endFirst(err)
		}
	}
}
