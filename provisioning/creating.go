package provisioning

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// In a sink that cannot keep an ExternalID, a record that was created and whose answer was lost, or whose link was not
// saved, is known by nothing but what was written to it. So how it is to be created is saved before, and in the next
// run a record that nobody has linked and that is in all as that is taken for it, whatever became of its record in the source
// meanwhile: it may have been changed there, or have left.

// A Creation says how a record was to be created. It holds no values, but a digest of them.
type Creation struct {
	// Names are those of the attributes that it was to have, and Digest is of their values.
	Names  []string `json:"names,omitempty"`
	Digest string   `json:"digest,omitempty"`
	// At is when it was about to be; zero where an earlier version saved it.
	At time.Time `json:"at,omitzero"`
}

func creationOf(a Attributes) Creation {
	c := Creation{Names: slices.Sorted(maps.Keys(a))}
	c.Digest = digestOfValues(a, c.Names)
	return c
}

// digestOfValues names the values of some attributes. The values of each are a set, and one without any is as one that is not there.
func digestOfValues(a Attributes, names []string) string {
	sets := make([][]string, len(names))
	for i, name := range names {
		sets[i] = slices.Compact(slices.Sorted(slices.Values(a[name])))
	}
	return digestOf(sets)
}

// UnmarshalJSON reads what was saved. A true, which is all that was saved once, says only that there may be one.
func (c *Creation) UnmarshalJSON(b []byte) error {
	*c = Creation{}
	if string(b) == "true" {
		return nil
	}
	type plain Creation
	return json.Unmarshal(b, (*plain)(c))
}

// creations finds records of the sink that an earlier run created without keeping a link.
type creations struct {
	forms map[Kind]map[string]*form // by names
	hits  map[uint32][]*Record
}

// A form is what creations with the same attributes have in common.
type form struct {
	names []string
	of    map[string][]uint32 // ordinals of the source by digest
}

func newCreations(m *Memory, w *Snapshot, partial bool) *creations {
	k := &creations{forms: map[Kind]map[string]*form{}, hits: map[uint32][]*Record{}}
	var refs []Ref
	m.Creating.each(func(ref Ref, _ Creation) { refs = append(refs, ref) })
	slices.SortFunc(refs, compareRefs)
	for _, ref := range refs {
		c, _ := m.Creating.Get(ref)
		o, ok := w.findExternal(ref)
		switch {
		case !ok || w.status(o) == mentioned:
			if partial {
				continue // Nothing is known of it.
			}
			o = w.external(ref)
		case w.status(o) == held:
			continue
		case w.status(o) == wanted && c.Digest == "":
			c = creationOf(w.record(o).Attributes)
		}
		if len(c.Names) == 0 {
			continue // Anything would be as that.
		}
		if k.forms[ref.Kind] == nil {
			k.forms[ref.Kind] = map[string]*form{}
		}
		names := strings.Join(c.Names, "\x00")
		f := k.forms[ref.Kind][names]
		if f == nil {
			f = &form{names: c.Names, of: map[string][]uint32{}}
			k.forms[ref.Kind][names] = f
		}
		f.of[c.Digest] = append(f.of[c.Digest], o)
	}
	return k
}

// candidate notes a record of the sink that nobody has linked, if it is as one that was to be created.
func (k *creations) candidate(h *Record) {
	again := func(other *Record) bool { return other.Ref() == h.Ref() } // as a sink gives it whose pages shift
	for _, f := range k.forms[h.Kind] {
		for _, o := range f.of[digestOfValues(h.Attributes, f.names)] {
			if len(k.hits[o]) < mostRivals && !slices.ContainsFunc(k.hits[o], again) {
				k.hits[o] = append(k.hits[o], h)
			}
		}
	}
}

// recover links what was created and not linked. Where there is more than one it may be, it is held.
func (p *comparer) recover() {
	for o := range uint32(p.wanted.size()) {
		hits := p.creations.hits[o]
		if len(hits) == 0 || p.wanted.status(o) == held || p.found.has(o) {
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
		t := p.found.name(h.Ref(), o)
		p.plan.Relinked = append(p.plan.Relinked, Link{Kind: h.Kind, Source: p.wanted.key(o).ID, Target: h.ID})
		counts := p.plan.count(h.Kind)
		counts.Unmanaged--
		counts.Owned++
		if !h.Disabled {
			counts.Active++
		}
		if p.wanted.status(o) != mentioned {
			p.match(o, t, "", h, counts)
			continue
		}
		g := p.goner(o, h, unseen)
		g.proved = counts.Complete
		p.found.put(o, t, h)
		p.gone = append(p.gone, g)
	}
}

// unsure reports whether a change may have been made although it failed.
func (res *Result) unsure() bool {
	return res.Outcome == Failed && (res.doubt || res.Class == Retry || errors.Is(res.Err, errNoID))
}

// forgetCreating forgets the creations whose outcome is certain: after a full run these are also those that are linked and of which
// the plan has nothing to say.
func (x *run) forgetCreating(planned map[Ref]bool, complete bool) {
	m := &x.state.memory
	for _, res := range x.results {
		if c := res.Change; c.Op == Create && res.intended && (res.Written || !res.unsure()) {
			m.Creating.Delete(Ref{Kind: c.Kind, ID: c.Source})
		}
	}
	for _, l := range x.plan.Relinked {
		m.Creating.Delete(Ref{Kind: l.Kind, ID: l.Source})
	}
	if x.plan.Partial || !complete {
		return
	}
	m.Creating.each(func(ref Ref, _ Creation) {
		c := x.plan.Counts[ref.Kind]
		if !planned[ref] && c != nil && c.Owned > 0 && x.state.links.Target(ref) != "" {
			m.Creating.Delete(ref)
		}
	})
}
