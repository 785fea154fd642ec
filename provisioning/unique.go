package provisioning

import "slices"

// unique holds wanted records that share a value which the policy says is one record's, but for the one that has the
// value in the sink already. So the order in which a source gives its records decides nothing.
func (p *comparer) unique() {
	for _, name := range p.policy.Unique {
		for _, kind := range p.Kinds {
			p.uniqueIn(kind, name)
		}
	}
}

// mostRivals is how many other records of a conflict are named.
const mostRivals = 10

func (p *comparer) uniqueIn(kind Kind, name string) {
	w := p.wanted
	holders := map[string][]uint32{}
	for o := range uint32(w.size()) {
		if w.status(o) != wanted || w.kindOf(o) != kind || !p.found.has(o) && w.isDisabled(o) && !p.policy.CreateDisabled {
			continue
		}
		for _, v := range w.values(o, name) {
			v = fold(v)
			if all := holders[v]; v != "" && (len(all) == 0 || all[len(all)-1] != o) {
				holders[v] = append(all, o)
			}
		}
	}
	for v, all := range holders {
		if len(all) < 2 {
			continue
		}
		var owners []uint32
		for _, o := range all {
			if p.has(o, name, v) {
				owners = append(owners, o)
			}
		}
		for _, o := range all {
			if len(owners) == 1 && owners[0] == o {
				continue
			}
			var with []Link
			for _, other := range all {
				if len(with) == mostRivals {
					break
				}
				if other != o {
					key := w.key(other)
					with = append(with, Link{Kind: kind, Source: key.ID})
				}
			}
			slices.SortFunc(with, compareLinks)
			p.hold(o, "another record of the source has the same "+name+", which must be one record's; mend it in the source", with...)
		}
	}
}

// has reports whether the counterpart of a wanted record has a value already.
func (p *comparer) has(o uint32, name, folded string) bool {
	if !p.found.has(o) {
		return false
	}
	d := p.found.details[o]
	if d == nil || !d.differs {
		return true
	}
	return slices.ContainsFunc(d.have.Attributes[name], func(v string) bool { return fold(v) == folded })
}
