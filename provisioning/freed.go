package provisioning

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"
)

// A value that must be unique may be held by a record which gives it up in the same run: somebody is renamed, and a
// newcomer is given the old name. The sink refuses whichever of the two comes too early, so such a change is made
// again once the other has been.

// makeAll makes what is there of one kind, and again what waited for a value that was freed meanwhile.
func (x *run) makeAll(ctx context.Context, kind Kind) {
	of := func(res *Result) bool { return res.Change.Kind == kind && makes(res.Change) }
	x.freed = map[freed]bool{}
	x.batch(ctx, of)
	x.pass(ctx, of, x.make)
	takers := x.takers(of)
	for len(x.freed) > 0 && len(takers) > 0 {
		// Only what the last round freed counts, so that every round has made at least one change more.
		last := x.freed
		x.freed = map[freed]bool{}
		var next []int
		for v := range last {
			next = append(next, takers[v]...)
		}
		slices.Sort(next)
		x.makeThese(ctx, slices.Compact(next))
	}
	refused := only(x.results, func(res *Result) bool { return of(res) && res.taken != nil && res.Outcome == "" })
	x.tellWhoWaits(refused)
	for _, res := range refused {
		x.settle(ctx, res, res.taken)
	}
}

// A freed value is one that a record had and has no more.
type freed struct {
	name, folded string
}

// free notes the values that a change has taken from a record.
func (x *run) free(c *Change) {
	given := c.givesUp()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, v := range given {
		x.freed[v] = true
	}
}

// givesUp gives the values that a change takes from its record.
func (c *Change) givesUp() []freed {
	if c.Op == Create || c.Before == nil {
		return nil
	}
	var all []freed
	for _, name := range c.Changed() {
		after := c.After.Attributes[name]
		for _, v := range c.Before.Attributes[name] {
			if !slices.Contains(after, v) {
				all = append(all, freed{name, fold(v)})
			}
		}
	}
	return all
}

// takers gives the places of the changes that are left to be made again, by the values that they give their records. There may be
// as many rounds as there are changes, so none of them looks at all of these.
func (x *run) takers(of func(*Result) bool) map[freed][]int {
	takers := map[freed][]int{}
	for i, res := range x.results {
		if !of(res) || res.taken == nil || res.Outcome != "" {
			continue
		}
		for name, values := range res.Change.After.Attributes {
			for _, v := range values {
				takers[freed{name, fold(v)}] = append(takers[freed{name, fold(v)}], i)
			}
		}
	}
	return takers
}

// makeThese makes those changes of some places that are left to be made again, several at once.
func (x *run) makeThese(ctx context.Context, places []int) {
	var g errgroup.Group
	g.SetLimit(x.r.opts.Concurrency)
	for _, i := range places {
		res := x.results[i]
		if res.taken == nil || res.Outcome != "" {
			continue
		}
		g.Go(func() error {
			if x.why(ctx) == nil {
				x.make(ctx, res)
			}
			return nil
		})
	}
	_ = g.Wait() // The results keep the errors.
}

// refused reports whether a change is left to be made again, because the sink says that another record has one of its values.
func (x *run) refused(res *Result, err error) bool {
	res.taken = nil
	if !errors.Is(err, ErrExists) {
		return false
	}
	res.taken = err
	if res.Change.Op != Create {
		// Nothing was written, so the next attempt is for the version that the plan saw.
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.written, Ref{Kind: res.Change.Kind, ID: res.Change.Target})
	}
	return true
}
