package provisioning

import (
	"context"
	"slices"
	"time"
)

// intend saves, before anything is written, what must not be forgotten if the process ends before it can save what it did:
// what is to be created, where only the link table knows it afterwards; whom it disables, where only it may enable
// them again, also of those whom it creates so; and which references it adds, where only those may be removed again.
func (x *run) intend(ctx context.Context) error {
	m, policy := &x.state.memory, &x.r.opts.Policy
	if !x.r.opts.Links && policy.Active != ActiveBoth && len(policy.SharedRefs) == 0 {
		return nil
	}
	for _, l := range x.plan.Relinked {
		x.state.links.Put(l)
	}
	for _, res := range x.results {
		c := res.Change
		if res.Outcome != "" {
			continue
		}
		res.intended = true
		ref := Ref{Kind: c.Kind, ID: c.Source}
		if c.Op == Adopt {
			m.succeed(ref, Ref{})
		}
		if c.Op == Create && x.r.opts.Links {
			creation := creationOf(c.After.Attributes)
			creation.At = time.Now().UTC()
			m.Creating.Set(ref, creation)
		}
		if c.disables() && policy.Active == ActiveBoth {
			m.Disabled.Set(ref, true)
		}
		for _, name := range policy.SharedRefs {
			if len(c.Add[name]) == 0 {
				continue
			}
			// A plan that was saved may add what a run since has added. That is ours whatever becomes of this change.
			ours := map[Ref]bool{}
			if shared, _ := m.Shared.Get(ref); !x.fresh {
				for _, r := range shared[name] {
					ours[r] = true
				}
			}
			res.claimed = put(res.claimed, name, only(c.Add[name], func(l Link) bool { return !ours[Ref{Kind: l.Kind, ID: l.Source}] }))
			m.share(ref, name, c.Add[name], nil)
		}
	}
	return x.r.save(ctx, x.state)
}

// disown takes back what was saved of shared references that were certainly not added. Should somebody else add them, they are
// theirs.
func (x *run) disown() {
	for _, res := range x.results {
		c := res.Change
		if !res.intended {
			continue
		}
		maybe := res.doubt && (res.Written || onlyRefs(c)) // Otherwise it did not come to its references.
		for _, name := range x.r.opts.Policy.SharedRefs {
			lost := only(res.claimed[name], func(l Link) bool {
				return x.target(l) == "" || !maybe && !slices.Contains(res.edited, name)
			})
			if len(lost) > 0 {
				x.state.memory.share(Ref{Kind: c.Kind, ID: c.Source}, name, nil, lost)
			}
		}
	}
}

// share brings up to date which references were added where others may add some too.
func (m *Memory) share(ref Ref, name string, add, remove []Link) {
	before, _ := m.Shared.Get(ref)
	ours := map[string][]Ref{}
	for other, refs := range before {
		if other != name {
			ours[other] = refs
		}
	}
	drop := map[Ref]bool{}
	for _, r := range sourcesOf(remove) {
		drop[r] = true
	}
	for _, r := range slices.Concat(before[name], sourcesOf(add)) {
		if !drop[r] {
			drop[r] = true // each once
			ours[name] = append(ours[name], r)
		}
	}
	m.Shared.Set(ref, ours)
}

// succeed notes that a record of the source has another counterpart from now on: what was done to the one that it had does not hold
// of this one, but what was done for the record that this one belonged to, if any.
func (m *Memory) succeed(ref, before Ref) {
	if ours, ok := m.Disabled.Get(before); ok {
		m.Disabled.Set(ref, ours)
		m.Disabled.Delete(before)
	} else {
		m.Disabled.Delete(ref)
	}
	if ours, ok := m.Shared.Get(before); ok {
		m.Shared.Set(ref, ours)
		m.Shared.Delete(before)
	} else {
		m.Shared.Delete(ref)
	}
}
