package provisioning

import (
	"strings"
	"time"
)

// remember brings what outlives a run up to date with what was done in it.
func (x *run) remember(at time.Time, complete bool) {
	m := &x.state.memory
	past := Past{At: at, Done: map[Kind]map[Op]int{}, RemovedRefs: map[Kind]int{}}
	planned := map[Ref]bool{}
	filling := x.state.history.Good.IsZero() // until a first run is good, creations fill an empty sink
	for _, res := range x.results {
		c := res.Change
		ref := Ref{Kind: c.Kind, ID: c.Source}
		planned[ref] = true
		switch res.Outcome {
		case Done:
			x.rememberDone(ref, c, &past)
			if filling && c.Op == Create {
				past.Done[c.Kind][Create]--
			}
		case Failed:
			m.fail(ref, res, at)
		}
	}
	x.forgetOthers(planned)
	h := &x.state.history
	if len(x.results) > 0 {
		h.Day = append(h.Day, past)
	}
	h.forget(at)
	m.Gone = nil
	for _, g := range x.plan.Gone {
		m.Gone.Set(Ref{Kind: g.Kind, ID: g.Source}, g.Since)
	}
	m.Waiting = nil
	for _, p := range x.plan.Pending {
		waiting, _ := m.Waiting.Get(p.To)
		m.Waiting.Set(p.To, append(waiting, Ref{Kind: p.Kind, ID: p.Source}))
	}
	m.Held = nil
	for _, held := range x.plan.Held {
		if held.Source != "" {
			m.Held.Set(Ref{Kind: held.Kind, ID: held.Source}, true)
		}
	}
	m.Due = x.plan.Later
	if !complete || x.plan.Partial {
		return
	}
	h.Good = x.plan.Made
	h.Source = map[Kind]int{}
	for kind, c := range x.plan.Counts {
		h.Source[kind] = c.Source
	}
}

func (x *run) rememberDone(ref Ref, c *Change, past *Past) {
	m := &x.state.memory
	if past.Done[c.Kind] == nil {
		past.Done[c.Kind] = map[Op]int{}
	}
	past.Done[c.Kind][c.Op]++
	for _, links := range c.Remove {
		past.RemovedRefs[c.Kind] += len(links)
	}
	m.Failing.Delete(ref)
	switch c.Op {
	case Deactivate:
		m.Disabled.Set(ref, true)
	case Delete:
		m.Disabled.Delete(ref)
		m.Shared.Delete(ref)
		x.state.links.Delete(c.Link)
		return
	case Create, Reactivate, Adopt:
		if c.After.Disabled {
			m.Disabled.Set(ref, true)
		} else {
			m.Disabled.Delete(ref)
		}
	}
	if x.r.opts.Links {
		x.state.links.Put(c.Link)
	}
	if makes(c) && c.Op != Create {
		x.wrote(ref, c)
	}
	x.share(ref, c)
}

// wrote counts how often the same was written to the same record.
func (x *run) wrote(ref Ref, c *Change) {
	m := &x.state.memory
	before, _ := m.Written.Get(ref)
	after := map[string]Written{}
	for name, digest := range c.writes() {
		of, isRef := strings.CutPrefix(name, refMark)
		if isRef && x.waits[Pending{Link: Link{Kind: c.Kind, Source: c.Source}, Name: of}] {
			continue // Not all of it was written.
		}
		w := Written{Digest: digest, Times: 1}
		if b := before[name]; b.Digest == digest {
			w.Times += b.Times
		}
		after[name] = w
	}
	m.Written.Set(ref, after)
}

// forgetOthers drops what is remembered of writes and failures that the plan no longer has: they stuck, or are mended.
func (x *run) forgetOthers(planned map[Ref]bool) {
	for _, h := range x.plan.Held {
		planned[Ref{Kind: h.Kind, ID: h.Source}] = true
	}
	if x.plan.Partial {
		return
	}
	m := &x.state.memory
	m.Written.keep(planned)
	m.Failing.keep(planned)
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

// fail notes a failure, and when the change is tried again.
func (m *Memory) fail(ref Ref, res *Result, at time.Time) {
	f, ok := m.Failing.Get(ref)
	digest := res.Change.digest()
	if !ok || f.Digest != digest {
		f = Failing{First: at, Digest: digest}
	}
	f.Failures++
	f.Last, f.Class, f.Error = at, res.Class, res.Err.Error()
	f.Next = at.Add(backoff(f.Class, f.Failures))
	m.Failing.Set(ref, f)
}

// backoff gives the time until a change that failed is tried again: none at first, for what is wrong may have been
// mended at once, then minutes, hours, a day. What the sink may take later is given one chance more.
func backoff(class Class, failures int) time.Duration {
	steps := []time.Duration{0, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}
	if class != Mend {
		failures -= 2
	}
	return steps[max(0, min(failures-1, len(steps)-1))]
}

// share remembers which references were added where others may add some too.
func (x *run) share(ref Ref, c *Change) {
	m := &x.state.memory
	for _, name := range x.r.opts.Policy.SharedRefs {
		if len(c.Add[name])+len(c.Remove[name]) == 0 {
			continue
		}
		ours, _ := m.Shared.Get(ref)
		if ours == nil {
			ours = map[string][]Ref{}
		}
		gone := map[Ref]bool{}
		for _, l := range c.Remove[name] {
			gone[Ref{Kind: l.Kind, ID: l.Source}] = true
		}
		var kept []Ref
		for _, r := range ours[name] {
			if !gone[r] {
				kept = append(kept, r)
			}
		}
		for _, l := range c.Add[name] {
			kept = append(kept, Ref{Kind: l.Kind, ID: l.Source})
		}
		ours[name] = kept
		m.Shared.Set(ref, ours)
	}
}
