package provisioning

import (
	"maps"
	"slices"
)

// diffRefs says which references are to be added and removed, and notes those that wait for their target.
func (p *comparer) diffRefs(o uint32, record *Record, c *counterpart) (add, remove map[string][]Link) {
	key := p.wanted.key(o)
	for _, name := range slices.Sorted(maps.Keys(record.Refs)) {
		if p.leave[name] && c.target != "" {
			continue
		}
		want := map[Ref]bool{}
		var plus, minus []Link
		have := map[Ref]bool{}
		for _, t := range c.refs[name] {
			if id := p.found.sourceOf(t); id != "" {
				have[Ref{Kind: t.Kind, ID: id}] = true
			}
		}
		for _, ref := range record.Refs[name] {
			if want[ref] {
				continue
			}
			want[ref] = true
			if have[ref] {
				continue
			}
			if link, ok := p.reach(ref); ok {
				plus = append(plus, link)
			} else {
				p.plan.Pending = append(p.plan.Pending, Pending{Link: Link{Kind: key.Kind, Source: key.ID, Target: c.target}, Name: name, To: ref})
			}
		}
		ours := map[Ref]bool{}
		if p.sharedRefs[name] {
			shared, _ := p.memory.Shared.Get(key)
			for _, ref := range shared[name] {
				ours[ref] = true
			}
		}
		for _, t := range c.refs[name] {
			source := Ref{Kind: t.Kind, ID: p.found.sourceOf(t)}
			if source.ID != "" && want[source] {
				continue
			}
			if p.sharedRefs[name] && !ours[source] {
				continue
			}
			minus = append(minus, Link{Kind: t.Kind, Source: source.ID, Target: t.ID})
		}
		if len(plus) > 0 {
			slices.SortFunc(plus, compareLinks)
			add = put(add, name, plus)
		}
		if len(minus) > 0 {
			slices.SortFunc(minus, compareLinks)
			remove = put(remove, name, minus)
		}
	}
	return add, remove
}

func put(m map[string][]Link, name string, links []Link) map[string][]Link {
	if m == nil {
		m = map[string][]Link{}
	}
	m[name] = links
	return m
}

// postpone lets references to records whose creation was taken out of the plan wait for these. A change that is for nothing
// else is none.
func (p *comparer) postpone(uncreated map[Ref]bool) {
	if len(uncreated) == 0 {
		return
	}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c *Change) bool {
		waits := false
		for name, links := range c.Add {
			var keep []Link
			for _, l := range links {
				to := Ref{Kind: l.Kind, ID: l.Source}
				if l.Target != "" || !uncreated[to] {
					keep = append(keep, l)
					continue
				}
				p.plan.Pending = append(p.plan.Pending, Pending{Link: c.Link, Name: name, To: to})
			}
			if len(keep) == len(links) {
				continue
			}
			waits = true
			if c.Add[name] = keep; len(keep) == 0 {
				delete(c.Add, name)
			}
		}
		if !waits {
			return false
		}
		if c.Op == Update && c.Rule == byMapping {
			c.Reason = reason(c)
		}
		return onlyRefs(c) && len(c.RefNames()) == 0
	})
}

// reach says how a record of the source can be referred to: by its target, or because it is created before.
func (p *comparer) reach(ref Ref) (Link, bool) {
	link := Link{Kind: ref.Kind, Source: ref.ID}
	o, ok := p.wanted.find(ref)
	if !ok {
		return link, false
	}
	if p.found.has(o) {
		link.Target = p.found.targetOf(o)
		return link, true
	}
	if p.wanted.status(o) != wanted || p.broken[ref.Kind] > 0 || p.wanted.unmanaged[ref.Kind] != "" || slices.Contains(p.policy.Forbid, Create) {
		return link, false
	}
	return link, p.policy.CreateDisabled || !p.wanted.isDisabled(o)
}
