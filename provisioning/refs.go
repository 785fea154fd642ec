package provisioning

import (
	"maps"
	"slices"
)

// diffRefs says which references are to be added and removed, and notes those that wait for their target. References to records
// of a kind that is left alone are left alone too.
func (p *comparer) diffRefs(o uint32, c *counterpart) (add, remove map[string][]Link) {
	key := p.wanted.key(o)
	wants := map[string][]uint32{}
	p.wanted.eachRefs(o, nil, func(name uint32, ords []uint32) { wants[p.wanted.dict.called[name]] = slices.Clone(ords) })
	for _, name := range slices.Sorted(maps.Keys(wants)) {
		if p.leave[name] && c.target != "" {
			continue
		}
		have := map[uint32]bool{}
		for _, t := range c.refs[name] {
			if source, ok := p.found.ordinalOf(t); ok {
				have[source] = true
			}
		}
		var plus []Link
		for _, to := range wants[name] {
			if have[to] {
				continue
			}
			if link, ok := p.reach(to); ok {
				plus = append(plus, link)
			} else if to := p.wanted.key(to); p.managed(to.Kind) {
				p.plan.Pending = append(p.plan.Pending, Pending{Link: Link{Kind: key.Kind, Source: key.ID, Target: c.target}, Name: name, To: to})
			}
		}
		if len(plus) > 0 {
			slices.SortFunc(plus, compareLinks)
			add = put(add, name, plus)
		}
		if minus := p.removed(key, name, wants[name], c); len(minus) > 0 {
			slices.SortFunc(minus, compareLinks)
			remove = put(remove, name, minus)
		}
	}
	return add, remove
}

// removed gives the references that the sink has and that are not wanted.
func (p *comparer) removed(key Ref, name string, want []uint32, c *counterpart) []Link {
	ours := map[Ref]bool{}
	if p.sharedRefs[name] && !c.adopted {
		shared, _ := p.memory.Shared.Get(key)
		for _, ref := range shared[name] {
			ours[ref] = true
		}
	}
	var minus []Link
	for _, t := range c.refs[name] {
		source, known := p.found.ordinalOf(t)
		if _, wanted := slices.BinarySearch(want, source); known && wanted || !p.proved(t.Kind, source, known) {
			continue
		}
		link := Link{Kind: t.Kind, Target: t.ID}
		if known {
			link.Source = p.wanted.key(source).ID
		}
		if !p.sharedRefs[name] || ours[Ref{Kind: t.Kind, ID: link.Source}] {
			minus = append(minus, link)
		}
	}
	return minus
}

// proved reports whether a record of the sink is certainly none that is referred to. It is not while its kind was not read, or one
// of its kind could not be and may be this; nor when the source did not give it and may have it all the same.
func (p *comparer) proved(kind Kind, source uint32, known bool) bool {
	switch {
	case !p.managed(kind) || !known && p.broken[kind] > 0:
		return false
	case known && p.wanted.status(source) != mentioned:
		return true
	case p.Partial:
		return !p.foreign(kind) // Otherwise it is not known by which ID the source refers to it.
	case !known:
		return true
	}
	return p.wanted.blind[kind] == "" && !p.doubtful(kind) && !(p.foreign(kind) && p.wanted.count(kind).Skipped > 0)
}

// managed reports whether both ends have a kind, and it was read.
func (p *comparer) managed(kind Kind) bool {
	return slices.Contains(p.Kinds, kind) && p.wanted.unmanaged[kind] == ""
}

func put(m map[string][]Link, name string, links []Link) map[string][]Link {
	if m == nil {
		m = map[string][]Link{}
	}
	m[name] = links
	return m
}

// await lets references to some records of the source wait for these, because their creation, or adoption, was taken out of the
// plan. A change that is for nothing else is none. Nor is who is not adopted disabled: the account is a stranger's.
func (p *Plan) await(refs map[Ref]bool) {
	if len(refs) == 0 {
		return
	}
	p.Changes = slices.DeleteFunc(p.Changes, func(c *Change) bool {
		if c.Op == Deactivate && refs[Ref{Kind: c.Kind, ID: c.Source}] {
			return true
		}
		waits := false
		for name, links := range c.Add {
			c.Add[name] = slices.DeleteFunc(links, func(l Link) bool {
				to := Ref{Kind: l.Kind, ID: l.Source}
				if refs[to] {
					waits = true
					p.Pending = append(p.Pending, Pending{Link: c.Link, Name: name, To: to})
				}
				return refs[to]
			})
			if len(c.Add[name]) == 0 {
				delete(c.Add, name)
			}
		}
		if waits && c.Op == Update && c.Rule == byMapping {
			c.Reason = reason(c)
		}
		return waits && onlyRefs(c) && len(c.RefNames()) == 0
	})
}

// reach says how a record of the source can be referred to: by its target, or because it is created before.
func (p *comparer) reach(o uint32) (Link, bool) {
	ref := p.wanted.key(o)
	link := Link{Kind: ref.Kind, Source: ref.ID}
	if p.found.has(o) {
		link.Target = p.found.targetOf(o)
		return link, true
	}
	if p.wanted.status(o) != wanted || p.broken[ref.Kind] > 0 || !p.managed(ref.Kind) || slices.Contains(p.policy.Forbid, Create) {
		return link, false
	}
	return link, p.policy.CreateDisabled || !p.wanted.isDisabled(o)
}
