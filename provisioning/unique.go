package provisioning

import "slices"

// unique holds wanted records that share a value which the policy says is one record's, but for the one that has the
// value in the sink already. So the order in which a source gives its records decides nothing, nor does that of the names.
func (p *comparer) unique() {
	var all []conflict
	for _, name := range p.policy.Unique {
		for _, kind := range p.Kinds {
			all = append(all, p.conflicts(kind, name)...)
		}
	}
	by := map[uint32]string{}
	for _, c := range all {
		if name, ok := by[c.o]; ok && name != c.name {
			continue // It is held already, and told of with its rivals there.
		}
		by[c.o] = c.name
		p.hold(c.o, "another record of the source has the same "+c.name+", which must be one record's; mend it in the source", c.with...)
	}
}

// A conflict is a wanted record that shares the value of an attribute with others.
type conflict struct {
	o    uint32
	name string
	with []Link
}

// mostRivals is how many other records of a conflict are named.
const mostRivals = 10

// conflicts gives the wanted records of a kind that share a value, but for the one that has it.
func (p *comparer) conflicts(kind Kind, name string) []conflict {
	w := p.wanted
	var found []conflict
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
			found = append(found, conflict{o, name, with})
		}
	}
	return found
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
