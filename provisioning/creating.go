package provisioning

import (
	"errors"
	"slices"
	"strings"
)

// In a sink that cannot keep an ExternalID, a record that was created and whose answer was lost, or whose link was not
// saved, is known by nothing but what was written to it. So what is to be created is saved before, and in the next
// run a record that nobody has linked and that is in all as it was to be created is taken for the one that was.

// creations finds records of the sink that an earlier run created without keeping a link.
type creations struct {
	names map[Kind]map[string]bool // attributes by which they are looked up
	index map[string][]uint32      // by kind, attribute and value
	hits  map[uint32][]*Record
}

func newCreations(m *Memory, policy *Policy, w *Snapshot) *creations {
	k := &creations{names: map[Kind]map[string]bool{}, index: map[string][]uint32{}, hits: map[uint32][]*Record{}}
	m.Creating.each(func(ref Ref, _ bool) {
		o, ok := w.findExternal(ref)
		if !ok || w.status(o) != wanted {
			return
		}
		name, value := telling(w.record(o), policy.Unique)
		if name == "" {
			return
		}
		if k.names[ref.Kind] == nil {
			k.names[ref.Kind] = map[string]bool{}
		}
		k.names[ref.Kind][name] = true
		key := strings.Join([]string{string(ref.Kind), name, value}, "\x00")
		k.index[key] = append(k.index[key], o)
	})
	return k
}

// telling gives an attribute with one value that tells a record from others: a unique one, or else the longest.
func telling(r *Record, unique []string) (name, value string) {
	for _, n := range slices.Concat(unique, sortedNames(r.Attributes)) {
		if v := r.Attributes[n]; len(v) == 1 && (len(v[0]) > len(value)) {
			name, value = n, v[0]
			if slices.Contains(unique, n) {
				return name, value
			}
		}
	}
	return name, value
}

func sortedNames(a Attributes) []string {
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// candidate notes a record of the sink that nobody has linked, if it is as one that was to be created.
func (k *creations) candidate(w *Snapshot, h *Record) {
	for name := range k.names[h.Kind] {
		for _, v := range h.Attributes[name] {
			for _, o := range k.index[strings.Join([]string{string(h.Kind), name, v}, "\x00")] {
				if w.status(o) == wanted && w.same(o, h, nil) && !slices.Contains(k.hits[o], h) {
					k.hits[o] = append(k.hits[o], h)
				}
			}
		}
	}
}

// recover links what was created and not linked. Where there is more than one it may be, it is held.
func (p *comparer) recover() {
	for o := range uint32(p.wanted.size()) {
		hits := p.creations.hits[o]
		if len(hits) == 0 || p.wanted.status(o) != wanted || p.found.has(o) {
			continue
		}
		if len(hits) > 1 {
			p.hold(o, "it may have been created before, and several records of the sink are exactly so; link the right one by hand", p.targets(o, hits)...)
			continue
		}
		h := hits[0]
		if _, taken := p.found.ordinalOf(h.Ref()); taken {
			continue
		}
		p.found.put(o, p.found.name(h.Ref(), o), h)
		p.plan.Relinked = append(p.plan.Relinked, Link{Kind: h.Kind, Source: p.wanted.key(o).ID, Target: h.ID})
		counts := p.plan.count(h.Kind)
		counts.Unmanaged--
		counts.Owned++
		if !h.Disabled {
			counts.Active++
		}
	}
}

// unsure reports whether a change may have been made although it failed.
func (res *Result) unsure() bool {
	return res.Outcome == Failed && (res.doubt || res.Class == Retry || errors.Is(res.Err, errNoID))
}

// forgetCreating forgets the creations whose outcome is certain.
func (x *run) forgetCreating() {
	m := &x.state.memory
	for _, res := range x.results {
		if c := res.Change; c.Op == Create && (res.Written || !res.unsure()) {
			m.Creating.Delete(Ref{Kind: c.Kind, ID: c.Source})
		}
	}
	for _, l := range x.plan.Relinked {
		m.Creating.Delete(Ref{Kind: l.Kind, ID: l.Source})
	}
}
