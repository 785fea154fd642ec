package provisioning

import "time"

// A grace period runs from when a record was first proved gone until it came back. Nothing that comes between lets it begin anew, be it a
// read that proves nothing, a deletion that fails, or one that waits for somebody; and nothing lets it begin before the record was disabled.

// stillGone lets the grace of a record go on whose deletion was left out of the plan.
func (p *comparer) stillGone(l Link) {
	if since, ok := p.memory.Gone.Get(Ref{Kind: l.Kind, ID: l.Source}); ok {
		p.plan.Gone = append(p.plan.Gone, Tombstone{Link: l, Since: since})
	}
}

// unshown lets the grace of those go on whom neither side gave, where the sink may have them all the same.
func (p *comparer) unshown() {
	p.memory.Gone.each(func(ref Ref, _ time.Time) {
		if p.broken[ref.Kind] == 0 && p.wanted.unmanaged[ref.Kind] == "" {
			return
		}
		o, ok := p.wanted.findExternal(ref)
		switch {
		case !ok && p.Partial: // It is not looked at.
		case ok && (p.found.has(o) || p.wanted.status(o) == wanted || p.wanted.status(o) == held):
		default:
			p.stillGone(Link{Kind: ref.Kind, Source: ref.ID})
		}
	})
}

// graces gives since when those records are gone whose deletion is to come, or is due and was not done. A plan that waited for
// somebody to read it does not tell how things are now: who has come back since is not gone, and who is disabled only now is
// gone from now on.
func (x *run) graces(at time.Time, old bool) ByRef[time.Time] {
	var goes ByRef[time.Time]
	before := x.state.memory.Gone
	keep := func(c *Change) {
		ref := Ref{Kind: c.Kind, ID: c.Source}
		if since, ok := before.Get(ref); ok && c.Op == Delete {
			goes.Set(ref, since)
		}
	}
	disabled, undone := map[Ref]bool{}, map[Ref]bool{}
	for _, res := range x.results {
		if res.Outcome != Done {
			keep(res.Change)
		}
		if res.Change.Op == Deactivate {
			ref := Ref{Kind: res.Change.Kind, ID: res.Change.Source}
			disabled[ref], undone[ref] = res.Outcome == Done, res.Outcome != Done
		}
	}
	for _, h := range x.plan.Held {
		if !h.Until.IsZero() {
			undone[Ref{Kind: h.Kind, ID: h.Source}] = true // It keeps failing.
		}
	}
	if x.staged != nil {
		for _, c := range x.staged.Changes {
			keep(c)
		}
	}
	for _, g := range x.plan.Gone {
		ref := Ref{Kind: g.Kind, ID: g.Source}
		since, known := before.Get(ref)
		switch {
		case known:
			goes.Set(ref, since)
		case undone[ref]: // It is still enabled. Where the policy forbids to disable it, nobody waits for that.
		case x.fresh:
			goes.Set(ref, g.Since)
		case !old || disabled[ref]:
			goes.Set(ref, at)
		}
	}
	return goes
}
