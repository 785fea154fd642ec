package provisioning

import "slices"

// essence is what of a change is approved: who is concerned, what they have, what they get and why. Left out is
// what another run, or writes to other records, make different: versions, the IDs of what was created meanwhile, and the order of
// what has none.
func (c *Change) essence() *Change {
	e := *c
	if c.Op == Create {
		e.Target = ""
	}
	e.Add = essenceOf(c.Add, addedEssence)
	e.Remove = essenceOf(c.Remove, removedEssence)
	keeps := c.keepsState()
	e.Before, e.After = c.Before.essence(keeps), c.After.essence(keeps)
	return &e
}

// keepsState reports whether it is no part of the change who is disabled.
func (c *Change) keepsState() bool { return c.Op == Update && c.Before.Disabled == c.After.Disabled }

func addedEssence(l Link) Link   { return Link{Kind: l.Kind, Source: l.Source} }
func removedEssence(l Link) Link { return Link{Kind: l.Kind, Target: l.Target} }

func essenceOf(all map[string][]Link, of func(Link) Link) map[string][]Link {
	var out map[string][]Link
	for name, links := range all {
		few := make([]Link, len(links))
		for i, l := range links {
			few[i] = of(l)
		}
		slices.SortFunc(few, compareLinks)
		out = put(out, name, few)
	}
	return out
}

// essence gives a record without a version, if so wanted without its state, and in one order.
func (r *Record) essence(stateless bool) *Record {
	if r == nil || r.Version == "" && !(stateless && r.Disabled) && r.inOrder() {
		return r
	}
	e := r.Clone()
	e.Version = ""
	e.Disabled = e.Disabled && !stateless
	for _, values := range e.Attributes {
		slices.Sort(values)
	}
	for _, refs := range e.Refs {
		slices.SortFunc(refs, compareRefs)
	}
	return e
}

func (r *Record) inOrder() bool {
	for _, values := range r.Attributes {
		if !slices.IsSorted(values) {
			return false
		}
	}
	for _, refs := range r.Refs {
		if !slices.IsSortedFunc(refs, compareRefs) {
			return false
		}
	}
	return true
}
