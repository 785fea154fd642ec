package provisioning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// finish orders the plan.
func (p *comparer) finish() *Plan {
	for o := range uint32(p.wanted.size()) {
		if p.wanted.status(o) == absent && p.wanted.foreign[p.wanted.kindOf(o)] {
			p.hold(o, "the source does not have it, and which record of the sink was its own only a full run can tell, as the mapper gives ExternalIDs")
		}
		if p.wanted.status(o) == held {
			h := p.wanted.held[o]
			if c := p.found.get(o); c != nil && h.Target == "" {
				h.Target = c.target
			}
			p.plan.Held = append(p.plan.Held, h)
		}
	}
	for _, ref := range p.Canaries {
		if o, ok := p.wanted.find(ref); ok && p.wanted.status(o) == wanted {
			p.plan.Canaries = append(p.plan.Canaries, ref)
		}
	}
	for _, kind := range p.Kinds {
		if why := p.wanted.unmanaged[kind]; why != "" {
			p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("kind %s is left alone: %s", kind, why))
		}
		if why := p.wanted.blind[kind]; why != "" {
			p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("no %s can be proved gone, because a record of the source does not tell its ID: %s", kind, why))
		}
		if n := p.broken[kind]; n > 0 {
			p.plan.Notes = append(p.plan.Notes, fmt.Sprintf("no %s is created or adopted, because the sink has %d that cannot be read and may be the same", kind, n))
		}
	}
	foreign := maps.Clone(p.wanted.foreign)
	for _, kind := range p.memory.ForeignKinds {
		if !p.Partial && p.wanted.count(kind).Wanted == 0 {
			foreign[kind] = true // Nobody tells that it is otherwise by now.
		}
	}
	p.plan.Foreign = len(foreign) > 0
	p.plan.ForeignKinds = slices.Sorted(maps.Keys(foreign))
	touched := map[Kind]int{} // and not only what is done about in this run
	for kind := range p.plan.Counts {
		touched[kind] = p.touched(kind)
	}
	p.forbid()
	p.backOff()
	p.unshown()
	p.enabled()
	p.unshared()
	slices.SortFunc(p.plan.Relinked, compareLinks)
	p.plan.Relinked = slices.Compact(p.plan.Relinked)
	sortChanges(p.plan.Changes, p.Kinds)
	slices.SortFunc(p.plan.Gone, func(a, b Tombstone) int { return compareLinks(a.Link, b.Link) })
	slices.SortStableFunc(p.plan.Held, func(a, b Held) int { return compareLinks(a.Link, b.Link) })
	for kind, counts := range p.plan.Counts {
		counts.Wanted = p.wanted.count(kind).Wanted // without those that the comparison held
		counts.Unchanged = counts.Wanted - counts.NotCreated - touched[kind]
	}
	for kind, ids := range p.wanted.due {
		for id, at := range ids {
			p.plan.due(at)
			if at.Sub(p.At) < max(dueWithin, p.Ahead) {
				p.plan.Later.Set(Ref{Kind: kind, ID: id}, at)
			}
		}
	}
	return p.plan
}

// forbid leaves out the operations that the policy forbids.
func (p *comparer) forbid() {
	if len(p.policy.Forbid) == 0 {
		return
	}
	strange := map[Ref]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c *Change) bool {
		if !slices.Contains(p.policy.Forbid, c.Op) {
			return false
		}
		if c.Op == Adopt {
			strange[Ref{Kind: c.Kind, ID: c.Source}] = true
		}
		counts := p.plan.count(c.Kind)
		if counts.Forbidden == nil {
			counts.Forbidden = map[Op]int{}
		}
		counts.Forbidden[c.Op]++
		if c.Op == Delete {
			p.stillGone(c.Link)
		}
		return true
	})
	p.plan.await(strange)
}

// backOff holds the changes that failed before and whose time has not come.
func (p *comparer) backOff() {
	if p.Again {
		return
	}
	uncreated := map[Ref]bool{}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c *Change) bool {
		f, ok := p.memory.Failing.Get(Ref{Kind: c.Kind, ID: c.Source})
		if !ok || !f.waits(p.At) || !f.of(c.digest()) {
			return false
		}
		p.plan.Held = append(p.plan.Held, Held{Link: c.Link, Name: c.Name, Failures: f.Failures, Until: f.Next,
			Reason: fmt.Sprintf("%s failed %d times since %s, last: %s", c.Op, f.Failures, f.First.UTC().Format(time.RFC3339), f.Error)})
		p.plan.due(f.Next)
		if c.Op == Delete {
			p.stillGone(c.Link)
		}
		if c.Op == Create || c.Op == Adopt {
			uncreated[Ref{Kind: c.Kind, ID: c.Source}] = true
		}
		return true
	})
	p.plan.await(uncreated)
}

// touched counts the wanted records of a kind that have changes, or would have some if the sink kept them.
func (p *comparer) touched(kind Kind) int {
	stuck := map[ID]bool{}
	for ref := range p.stuck {
		if ref.Kind == kind {
			stuck[ref.ID] = true
		}
	}
	n, disabled := 0, map[ID]bool{} // Only a Deactivate may be a record's second change.
	for _, c := range p.plan.Changes {
		if c.Kind == kind {
			delete(stuck, c.Source)
		}
		switch {
		case c.Kind != kind || c.Reason == unseen || c.Reason == unscoped || c.Op == Delete:
		case c.Op == Deactivate:
			disabled[c.Source] = true
		default:
			n++
		}
	}
	for _, c := range p.plan.Changes {
		if c.Kind == kind && c.Op != Deactivate && c.Op != Delete && disabled[c.Source] {
			n-- // It is counted below.
		}
	}
	return n + len(disabled) + len(stuck)
}

// sortChanges puts changes into the order in which they are applied: what is there for users, then groups and
// so on; then what is disabled, then what is deleted, the other way round.
func sortChanges(changes []*Change, kinds []Kind) {
	rank := map[Kind]int{}
	for i, k := range kinds {
		rank[k] = i
	}
	// Of a million changes most are told apart by their IDs alone, so nothing else is looked at twice.
	place := func(c *Change) int {
		kind := rank[c.Kind]
		switch c.Op {
		case Create, Adopt, Update, Reactivate:
			return kind*len(opOrder) + opOrder[c.Op]
		case Deactivate:
			return 1<<20 + kind
		}
		return 1<<21 + kind
	}
	type placed struct {
		place  int
		change *Change
	}
	all := make([]placed, len(changes))
	for i, c := range changes {
		all[i] = placed{place(c), c}
	}
	slices.SortFunc(all, func(a, b placed) int {
		if a.place != b.place {
			return cmp.Compare(a.place, b.place)
		}
		return compareLinks(a.change.Link, b.change.Link)
	})
	for i, p := range all {
		changes[i] = p.change
	}
}

// opOrder is the order of what is made there and changed.
var opOrder = map[Op]int{Create: 0, Adopt: 1, Update: 2, Reactivate: 3}

func compareLinks(a, b Link) int {
	if a.Kind != b.Kind {
		return cmp.Compare(a.Kind, b.Kind)
	}
	if a.Source != b.Source {
		return cmp.Compare(a.Source, b.Source)
	}
	return cmp.Compare(a.Target, b.Target)
}

func compareRefs(a, b Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) }
