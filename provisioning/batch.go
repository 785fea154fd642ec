package provisioning

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// batchSize is how many changes are handed to a Batcher at once. It splits what is too many for one request.
const batchSize = 100

// batch makes some of the changes through a Batcher, if the sink is one. What may yet succeed is left for single writes,
// which look first whether it was done.
func (x *run) batch(ctx context.Context, which func(*Result) bool) {
	x.inChunks(ctx, func(res *Result) bool { return which(res) && !onlyRefs(res.Change) }, x.send)
}

// inChunks hands some of the changes to do, a chunk at a time and several chunks at once, if the sink is a Batcher. Do
// reports whether the sink wrote any of them; when it says that all of a whole chunk are to be written alone, no more are handed to it.
func (x *run) inChunks(ctx context.Context, which func(*Result) bool, do func(context.Context, Batcher, []*Result) bool) {
	b, ok := x.r.sink.(Batcher)
	if !ok {
		return
	}
	var some []*Result
	for _, res := range x.results {
		if res.Outcome == "" && which(res) {
			some = append(some, res)
		}
	}
	if len(some) < 2 {
		return
	}
	var g errgroup.Group
	var alone atomic.Bool
	g.SetLimit(x.r.opts.Concurrency)
	for len(some) > 0 && x.why(ctx) == nil && !alone.Load() {
		chunk := some[:min(batchSize, len(some))]
		some = some[len(chunk):]
		g.Go(func() error {
			if !alone.Load() && x.gate.wait(ctx) == nil && x.why(ctx) == nil && x.r.mayWrite() == nil && !do(ctx, b, chunk) && len(chunk) == batchSize {
				alone.Store(true)
			}
			return nil
		})
	}
	_ = g.Wait() // The functions keep their errors in the results.
}

// onlyRefs reports whether a change has nothing to write but references.
func onlyRefs(c *Change) bool {
	return c.Op == Update && len(c.Changed()) == 0 && c.Before.ExternalID == c.After.ExternalID
}

// send writes a chunk of changes, without their references.
func (x *run) send(ctx context.Context, b Batcher, chunk []*Result) (any bool) {
	started := time.Now()
	sent := make([]*Change, len(chunk))
	before := make([]bool, len(chunk))
	for i, res := range chunk {
		before[i] = x.wroteTo(res.Change)
		sent[i] = x.current(res.Change)
		if res.Change.Op == Create {
			sent[i].After = sent[i].bare()
		}
	}
	errs := x.request(ctx, b, sent)
	took := time.Since(started) / time.Duration(len(chunk))
	for i, res := range chunk {
		err := errUntold
		if i < len(errs) {
			err = errs[i]
		}
		c := res.Change
		if errors.Is(err, errors.ErrUnsupported) {
			if !before[i] {
				x.unwritten(c)
			}
			continue
		}
		any = true
		res.Attempts++
		res.Took += took
		switch {
		case err == nil && c.Op == Create && sent[i].Target == "":
			err = errNoID
		case err == nil && c.Op == Create:
			x.made(ctx, c, sent[i].Target)
		case errors.As(err, new(*RetryError)) && ClassOf(err) == Retry:
			if !before[i] {
				x.unwritten(c) // The sink asks for a pause instead.
			}
			continue
		case ClassOf(err) == Retry || c.Op == Create && ClassOf(err) == Mend && x.canLookUp():
			res.doubt = true
			continue
		case makes(c) && x.refused(res, err):
			continue
		}
		if err == nil && makes(c) {
			x.free(c)
			if c.refers() {
				x.halfway(ctx, res)
				continue
			}
		}
		x.settle(ctx, res, err)
	}
	return any
}

// request hands changes to a Batcher, and again when it takes none of them and asks for a pause.
func (x *run) request(ctx context.Context, b Batcher, changes []*Change) (errs []error) {
	ctx, end := x.r.start(ctx, Step{Name: StepWrite, Kind: changes[0].Kind, Changes: len(changes)})
	defer func() { end(errors.Join(errs...)) }()
	for n := 1; ; n++ {
		errs = b.Batch(ctx, changes)
		none := len(errs) == len(changes)
		for i, err := range errs {
			var asked bool
			asked, errs[i] = x.obey(err)
			none = none && asked && ClassOf(errs[i]) == Retry
		}
		if !none || n >= x.r.opts.Attempts || x.gate.wait(ctx) != nil || x.why(ctx) != nil || x.r.mayWrite() != nil {
			return errs
		}
	}
}

// errUntold says that a Batcher gave fewer answers than it was given changes.
var errUntold = fmt.Errorf("the sink did not tell what became of it: %w", ErrUnavailable)

func (x *run) wroteTo(c *Change) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.written[Ref{Kind: c.Kind, ID: c.Target}]
}

// unwritten notes that nothing was written to a record, so that it has the version that the plan saw.
func (x *run) unwritten(c *Change) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.written, Ref{Kind: c.Kind, ID: c.Target})
}

// sendRefs writes the references of a chunk of changes. What fails is left for single writes, since to add or to remove a
// reference once more does no harm; and so is what refers to a record that could not be created.
func (x *run) sendRefs(ctx context.Context, b Batcher, chunk []*Result) (any bool) {
	started := time.Now()
	var sent []*Change
	var of []*Result
	for _, res := range chunk {
		if c, ok := x.refsOf(res.Change); ok {
			sent, of = append(sent, c), append(of, res)
		}
	}
	if len(sent) == 0 {
		return true
	}
	errs := x.request(ctx, b, sent)
	took := time.Since(started) / time.Duration(len(sent))
	for i, res := range of {
		if i >= len(errs) || errs[i] != nil {
			alone := i < len(errs) && errors.Is(errs[i], errors.ErrUnsupported)
			if !alone {
				any = true
				res.Attempts++
			}
			res.doubt = res.doubt || !alone && (i >= len(errs) || ClassOf(errs[i]) == Retry && !errors.As(errs[i], new(*RetryError)))
			continue
		}
		any = true
		res.Attempts++
		res.Took += took
		x.edited(res, sent[i].Add, sent[i].Remove)
		x.settle(ctx, res, nil)
	}
	return any
}

// refsOf gives the change of a record's references alone; false when one of them has no target.
func (x *run) refsOf(c *Change) (*Change, bool) {
	sent := *c
	r := Record{Kind: c.Kind, ID: c.Target, ExternalID: c.Source, Disabled: c.After.Disabled}
	before, after := r, r
	sent.Op, sent.Before, sent.After, sent.Had = Update, &before, &after, nil
	sent.Add = make(map[string][]Link, len(c.Add))
	for name, links := range c.Add {
		list := make([]Link, len(links))
		for i, l := range links {
			if l.Target = x.target(l); l.Target == "" {
				return nil, false
			}
			list[i] = l
		}
		sent.Add[name] = list
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.written[Ref{Kind: c.Kind, ID: c.Target}] = true
	return &sent, true
}
