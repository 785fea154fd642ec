package provisioning

import (
	"errors"
	"slices"
	"time"
)

// remember brings what outlives a run up to date with what was done in it.
func (x *run) remember(at time.Time, complete bool) {
	m := &x.state.memory
	old := x.outdated()
	// Of a record that was deleted before, and of which another has come in place, the plan knows nothing.
	x.results = only(x.results, func(res *Result) bool { return !errors.Is(res.Err, errBack) })
	planned, failed := map[Ref]bool{}, map[Ref]bool{}
	// Of two changes of one record the one that failed counts.
	for _, res := range x.results {
		ref := Ref{Kind: res.Change.Kind, ID: res.Change.Source}
		planned[ref] = true
		switch res.Outcome {
		case Failed:
			m.fail(ref, res, at, failed[ref])
			failed[ref] = true
			x.forgetUndone(res, old)
		case NotTried:
			x.forgetUndone(res, old)
			if errors.Is(res.Err, errWaits) {
				continue // It is looked at when that appears.
			}
			// The next run comes to it, even if the source tells of it no more.
			if _, ok := m.Failing.Get(ref); !ok {
				m.Failing.Set(ref, Failing{First: at, Last: at, Next: at, Class: res.Class, Op: res.Change.Op, Gone: res.Change.departs(), Error: res.Err.Error()})
			}
		}
	}
	x.disown()
	if !old {
		x.forgetOthers(planned)
	}
	x.forgetUnwritten()
	x.forgetCreating(planned, complete)
	h := &x.state.history
	if len(x.results) > 0 {
		x.rememberPast()
	}
	h.forget(at)
	x.rememberRest(at, old)
	if x.plan.Partial || old || !complete {
		h.follow(x.results, &x.past) // There are no newer numbers than those that it had.
	}
	if old && x.wroteAny() {
		m.Full = time.Time{} // It may have made again what a run since had undone, of which no source tells any more.
	}
	if old || x.plan.Partial && x.plan.Cursor == "" {
		x.wake(at)
		return // The cursor stays where it is.
	}
	if !complete {
		return // What was not done is done by the next run.
	}
	m.Cursor, m.Print = x.plan.Cursor, x.r.print
	if x.plan.Partial {
		return
	}
	m.Full, m.Foreign, m.ForeignKinds = x.plan.Made, x.plan.Foreign, x.plan.ForeignKinds
	h.Good = x.plan.Made
	before := h.Source
	h.Source, h.Owned, h.Active, h.Refs = map[Kind]int{}, map[Kind]int{}, map[Kind]int{}, map[Kind]int{}
	for kind, c := range x.plan.Counts {
		h.Source[kind], h.Owned[kind], h.Active[kind] = c.Source, c.Owned, c.Active
		if x.staged != nil {
			h.Source[kind] = max(c.Source, before[kind]) // That there are fewer is good once it is approved.
		}
		for _, n := range c.Refs {
			h.Refs[kind] += n
		}
	}
	h.follow(x.results, &x.past)
}

// outdated reports whether there was a run since a saved plan was made: what the plan read is no longer so, and what that run
// left to remember stands, but for what is done now.
func (x *run) outdated() bool {
	made, h := x.plan.Made, &x.state.history
	since := func(p Past) bool { return !p.At.Before(made) }
	return !x.fresh && (!made.After(h.Good) || slices.ContainsFunc(h.Day[:x.day], since))
}

// wroteAny reports whether a run has written anything, or may have.
func (x *run) wroteAny() bool {
	return slices.ContainsFunc(x.results, func(res *Result) bool { return res.Attempts > 0 })
}

// wake has the next run look at the records that wait for those which were created, adopted, or found in the sink, on demand.
func (x *run) wake(at time.Time) {
	m := &x.state.memory
	call := func(ref Ref) {
		waiting, _ := m.Waiting.Get(ref)
		for _, w := range waiting {
			m.Due.Set(w, at)
		}
	}
	for _, res := range x.results {
		if c := res.Change; (c.Op == Create || c.Op == Adopt) && (res.Outcome == Done || res.Written) {
			call(Ref{Kind: c.Kind, ID: c.Source})
		}
	}
	for _, l := range x.plan.Relinked {
		call(Ref{Kind: l.Kind, ID: l.Source})
	}
	for _, ref := range x.plan.there { // It may have been created by a run that was not sure of it.
		call(ref)
	}
}

// rememberRest brings up to date what the plan, and not what was done, tells. A partial plan tells only of some records.
func (x *run) rememberRest(at time.Time, old bool) {
	m, p := &x.state.memory, x.plan
	goes := x.graces(at, old)
	switch {
	case old:
		for _, res := range x.results {
			ref := Ref{Kind: res.Change.Kind, ID: res.Change.Source}
			m.Staged.Delete(ref) // What becomes of it is known by now.
			if res.Change.Op == Delete {
				m.Gone.Delete(ref)
			}
		}
	case p.Partial:
		for _, ref := range p.Concerned {
			m.Gone.Delete(ref)
			m.Held.Delete(ref)
			m.Staged.Delete(ref)
			m.Due.Delete(ref)
		}
	default:
		m.Gone, m.Held, m.Staged, m.Due, m.Waiting = nil, nil, nil, nil, nil
	}
	goes.each(func(ref Ref, since time.Time) { m.Gone.Set(ref, since) })
	if x.staged != nil {
		for _, c := range x.staged.Changes {
			m.Staged.Set(Ref{Kind: c.Kind, ID: c.Source}, c.stagedOp())
		}
		for _, ref := range x.staged.withheld {
			if _, ok := m.Staged.Get(ref); !ok {
				m.Staged.Set(ref, Update)
			}
		}
	}
	known := map[Ref]map[Ref]bool{} // Many may wait for one.
	for _, w := range p.Pending {
		from := Ref{Kind: w.Kind, ID: w.Source}
		waiting, _ := m.Waiting.Get(w.To)
		if known[w.To] == nil {
			known[w.To] = map[Ref]bool{}
			for _, ref := range waiting {
				known[w.To][ref] = true
			}
		}
		if !known[w.To][from] {
			known[w.To][from] = true
			m.Waiting.Set(w.To, append(waiting, from))
		}
	}
	if old {
		return
	}
	for _, h := range p.Held {
		if h.Source != "" && h.Until.IsZero() {
			m.Held.Set(Ref{Kind: h.Kind, ID: h.Source}, Reason(h.Reason))
		}
	}
	p.Later.each(func(ref Ref, at time.Time) { m.Due.Set(ref, at) })
}

// rememberPast brings the history up to date with what this run has done so far.
func (x *run) rememberPast() {
	h := &x.state.history
	h.Day = append(h.Day[:x.day:x.day], x.past)
}

// rememberWritten brings up to date what is remembered of a record that was written, whatever becomes of its references.
func (x *run) rememberWritten(res *Result) {
	c := res.Change
	m, ref := &x.state.memory, Ref{Kind: c.Kind, ID: c.Source}
	if !res.gone {
		x.count(c)
	}
	switch c.Op {
	case Deactivate:
		m.Disabled.Set(ref, true)
	case Delete:
		if t := x.state.links.Target(ref); t != "" && t != c.Target {
			return // It was deleted before, and what is linked and remembered is of another record, made since.
		}
		m.deleted(c)
		m.Disabled.Delete(ref)
		m.Shared.Delete(ref)
		x.state.links.Delete(c.Link)
		return
	case Create, Reactivate, Adopt:
		switch {
		case !c.After.Disabled:
			m.Disabled.Delete(ref)
		case c.Before == nil || !c.Before.Disabled:
			m.Disabled.Set(ref, true)
		}
	}
	if x.r.opts.Links {
		x.state.links.Put(c.Link)
	}
}

// count counts a change for the limits of a day, as the limits of a run count it.
func (x *run) count(c *Change) {
	if finishes(c) {
		return
	}
	done := &x.past.Done
	if c.Op == Create && x.filling {
		done = &x.past.Filled
	}
	if *done == nil {
		*done = map[Kind]map[Op]int{}
	}
	if (*done)[c.Kind] == nil {
		(*done)[c.Kind] = map[Op]int{}
	}
	(*done)[c.Kind][c.Op]++
	if c.Op == Create {
		return
	}
	for _, name := range c.Changed() {
		if x.r.opts.limits(name) {
			x.past.change(c.Kind, name)
		}
	}
}

// rememberDone brings up to date what is remembered of a record to which a change was made with all that belongs to it.
func (x *run) rememberDone(c *Change) {
	m, ref := &x.state.memory, Ref{Kind: c.Kind, ID: c.Source}
	m.Failing.Delete(ref)
	if c.Op != Create && c.Op != Delete {
		x.wrote(ref, c)
	}
}

// forgetOthers drops what is remembered of writes and failures that the plan no longer has: they stuck, or are mended.
func (x *run) forgetOthers(planned map[Ref]bool) {
	for _, h := range x.plan.Held {
		planned[Ref{Kind: h.Kind, ID: h.Source}] = true
	}
	if x.staged != nil {
		for _, ref := range x.staged.Concerned {
			planned[ref] = true
		}
	}
	m := &x.state.memory
	if !x.plan.Partial {
		m.Written.keep(planned)
		m.Failing.keep(planned)
		return
	}
	for _, ref := range x.plan.Concerned {
		if !planned[ref] {
			m.Written.Delete(ref)
			m.Failing.Delete(ref)
		}
	}
}

// keep drops all but some.
func (m ByRef[T]) keep(which map[Ref]bool) {
	for kind, ids := range m {
		for id := range ids {
			if !which[Ref{Kind: kind, ID: id}] {
				delete(ids, id)
			}
		}
	}
}
