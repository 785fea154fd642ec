package provisioning

import (
	"cmp"
	"slices"
)

// Under Policy.SharedRefs only what was added here is removed. So what is remembered of a reference holds until it is seen that the
// sink does not have it: whoever took it away, it is theirs if they add it again.

// unshared notes the references that an earlier run added, or was about to, and that are not there.
func (p *comparer) unshared() {
	p.memory.Shared.each(func(ref Ref, ours map[string][]Ref) {
		o, ok := p.wanted.findExternal(ref)
		if !ok || p.wanted.status(o) != wanted || !p.found.has(o) {
			return
		}
		c := p.found.get(o)
		for name, refs := range ours {
			have, known := c.refs[name]
			if !known || !p.sharedRefs[name] {
				continue
			}
			there := map[Ref]bool{}
			for _, t := range have {
				if source, ok := p.found.ordinalOf(t); ok {
					there[p.wanted.key(source)] = true
				}
			}
			for _, to := range refs {
				if !there[to] {
					p.plan.Unshared = append(p.plan.Unshared, Pending{Link: Link{Kind: ref.Kind, Source: ref.ID, Target: c.target}, Name: name, To: to})
				}
			}
		}
	})
	slices.SortFunc(p.plan.Unshared, func(a, b Pending) int {
		return cmp.Or(compareLinks(a.Link, b.Link), cmp.Compare(a.Name, b.Name), compareRefs(a.To, b.To))
	})
}

// ours reports whether all shared references that a change removes are still such as were added here.
func (x *run) ours(c *Change) bool {
	shared, _ := x.state.memory.Shared.Get(Ref{Kind: c.Kind, ID: c.Source})
	for _, name := range x.r.opts.Policy.SharedRefs {
		if len(c.Remove[name]) == 0 {
			continue
		}
		ours := map[Ref]bool{}
		for _, ref := range shared[name] {
			ours[ref] = true
		}
		if slices.ContainsFunc(sourcesOf(c.Remove[name]), func(ref Ref) bool { return !ours[ref] }) {
			return false
		}
	}
	return true
}

// forgetUnshared forgets of the references that the plan saw are not there that they were added here. It does so before what the plan
// adds is noted.
func (x *run) forgetUnshared() {
	if x.outdated() {
		return // A run since may have added them.
	}
	of := func(w Pending) Pending { return Pending{Link: w.Link, Name: w.Name} }
	for all := x.plan.Unshared; len(all) > 0; {
		some := all[:1] // of one record and one name, which lie together
		for len(some) < len(all) && of(all[len(some)]) == of(all[0]) {
			some = all[:len(some)+1]
		}
		var lost []Link
		for _, w := range some {
			lost = append(lost, Link{Kind: w.To.Kind, Source: w.To.ID})
		}
		x.state.memory.share(Ref{Kind: some[0].Kind, ID: some[0].Source}, some[0].Name, nil, lost)
		all = all[len(some):]
	}
}
