package provisioning

import "slices"

// Under [ActiveBoth] the reconciler enables only whom it disabled itself. So it must not take for its own what somebody else
// did: what it remembers of a record holds until the record is seen enabled, by whomever, or it is certain that it was not disabled after all.

// enabled notes those whom an earlier run disabled, or was about to, and who are enabled.
func (p *comparer) enabled() {
	p.memory.Disabled.each(func(ref Ref, _ bool) {
		if o, ok := p.wanted.findExternal(ref); ok && p.found.has(o) && !p.found.pairs[o].disabled() {
			p.plan.Enabled = append(p.plan.Enabled, ref)
		}
	})
	slices.SortFunc(p.plan.Enabled, compareRefs)
}

// forgetEnabled forgets of those whom the plan saw enabled that they were disabled here.
func (x *run) forgetEnabled() {
	if x.outdated() {
		return // A run since may have disabled them.
	}
	for _, ref := range x.plan.Enabled {
		x.state.memory.Disabled.Delete(ref)
	}
}

// forgetUndone forgets of a record that it is disabled when the sink's only answer was that it does not do so, or it was not asked; and
// of one that was to be created so, unless that may have been done.
func (x *run) forgetUndone(res *Result, old bool) {
	c := res.Change
	undone := res.Attempts == 0 || res.Attempts == 1 && (res.Class == Mend || res.Class == Stale)
	if c.Op == Create {
		undone = !res.Written && !res.unsure()
	}
	if c.disables() && !old && undone {
		x.state.memory.Disabled.Delete(Ref{Kind: c.Kind, ID: c.Source})
	}
}

// disables reports whether a change leaves a record disabled that was not, or was not there.
func (c *Change) disables() bool {
	return c.Op == Deactivate || c.Op == Create && c.After.Disabled
}
