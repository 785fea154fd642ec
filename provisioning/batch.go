package provisioning

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// batchSize is how many changes are handed to a Batcher at once. It splits what is too many for one request.
const batchSize = 100

// batch makes some of the changes through a Batcher, if the sink is one. What may yet succeed is left for single writes,
// which look first whether it was done.
func (x *run) batch(ctx context.Context, which func(*Result) bool) {
	b, ok := x.r.sink.(Batcher)
	if !ok {
		return
	}
	var some []*Result
	for _, res := range x.results {
		if res.Outcome == "" && which(res) && !onlyRefs(res.Change) {
			some = append(some, res)
		}
	}
	if len(some) < 2 {
		return
	}
	var g errgroup.Group
	g.SetLimit(x.r.opts.Concurrency)
	for len(some) > 0 && x.why(ctx) == nil {
		chunk := some[:min(batchSize, len(some))]
		some = some[len(chunk):]
		g.Go(func() error {
			if x.gate.wait(ctx) == nil && x.why(ctx) == nil && x.r.mayWrite() == nil {
				x.send(ctx, b, chunk)
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

func (x *run) send(ctx context.Context, b Batcher, chunk []*Result) {
	started := time.Now()
	sent := make([]*Change, len(chunk))
	for i, res := range chunk {
		sent[i] = x.current(res.Change)
		if res.Change.Op == Create {
			sent[i].After = sent[i].After.Clone()
			sent[i].After.ID, sent[i].After.Refs = "", nil
		}
	}
	errs := b.Batch(ctx, sent)
	took := time.Since(started) / time.Duration(len(chunk))
	for i, res := range chunk {
		res.Attempts++
		res.Took += took
		var err error
		if i < len(errs) {
			err = errs[i]
		}
		c := res.Change
		switch {
		case err == nil && c.Op == Create && sent[i].Target == "":
			err = errNoID
		case err == nil && c.Op == Create:
			x.made(ctx, c, sent[i].Target)
		case err != nil && (classOf(err) == Retry || c.Op == Create && classOf(err) == Mend):
			res.doubt = true
			continue
		case makes(c) && x.refused(res, err):
			continue
		}
		if err == nil && makes(c) {
			res.written = true
			x.free(c)
			if len(c.RefNames()) > 0 {
				continue
			}
		}
		x.settle(ctx, res, err)
	}
}
