package provisioning

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// decide makes the changes of one wanted record.
func (p *comparer) decide(o uint32) {
	w := p.wanted
	if w.status[o] != wanted || w.unmanaged[w.refs.kindOf(o)] != "" {
		return
	}
	if !p.found.has(o) {
		p.create(o)
		return
	}
	if p.found.details[o] == nil && (!w.hasRefs(o) || p.found.sameRefs(o)) {
		return
	}
	key := w.key(o)
	c := p.found.get(o)
	record := w.record(o)
	add, remove := p.diffRefs(o, record, c)
	disable, enable := p.disable(key, record.Disabled, c.disabled)
	if !c.differs && !c.adopted && !disable && !enable && len(add)+len(remove) == 0 {
		return
	}
	link := Link{Kind: key.Kind, Source: key.ID, Target: c.target}
	before := &Record{Kind: key.Kind, ID: c.target, Version: c.version(), Disabled: c.disabled}
	after := &Record{Kind: key.Kind, ExternalID: key.ID, Disabled: c.disabled && !enable, Attributes: Attributes{}}
	if c.differs || c.adopted {
		before.ExternalID = c.have.ExternalID
		before.Attributes = Attributes{}
		for name, values := range record.Attributes {
			if p.leave[name] {
				continue
			}
			after.Attributes[name] = values
			if have, ok := c.have.Attributes[name]; ok {
				before.Attributes[name] = slices.Clone(have)
			}
		}
	} else {
		before.ExternalID = key.ID
	}
	change := &Change{Link: link, Name: callName(record), Before: before, After: after, Add: add, Remove: remove, Rule: byMapping}
	for name := range remove {
		if change.Had == nil {
			change.Had = map[string]int{}
		}
		change.Had[name] = len(c.refs[name])
	}
	if record.Refs != nil && len(add)+len(remove) > 0 {
		after.Refs = Refs{}
		for _, name := range change.RefNames() {
			after.Refs[name] = record.Refs[name]
		}
	}
	p.unstick(change)
	switch {
	case c.adopted:
		change.Rule = fmt.Sprintf("Policy.Adopt[%d]", p.keys.used[o])
		change.Op, change.Reason = Adopt, "the sink has it without an ExternalID, and it matches "+strings.Join(p.keys.rule(o), " and ")
	case enable:
		change.Op, change.Reason = Reactivate, "enabled in the source"
	default:
		change.Op, change.Reason = Update, reason(change)
	}
	if change.Op != Update || len(change.Changed()) > 0 || len(change.RefNames()) > 0 || before.ExternalID != after.ExternalID {
		p.add(change)
	}
	if disable {
		p.add(deactivation(link, change.Name, c.version(), "disabled in the source", byMapping))
	}
}

// reason says which attributes and references a change is for.
func reason(c *Change) string {
	names := append(c.Changed(), c.RefNames()...)
	if len(names) == 0 {
		return "its ExternalID is another"
	}
	return "the source has other values: " + strings.Join(names, ", ")
}

// disable says whether a counterpart is to be disabled or enabled, as the policy has it.
func (p *comparer) disable(key Ref, want, have bool) (disable, enable bool) {
	switch {
	case want == have || p.policy.Active == ActiveSink:
		return false, false
	case want:
		return true, false
	case p.policy.Active == ActiveBoth:
		ours, _ := p.memory.Disabled.Get(key)
		return false, ours
	}
	return false, true
}

// What decides a change.
const (
	byMapping = "mapping"
	byGone    = "Policy.Gone"
)

func deactivation(link Link, name, version, reason, rule string) *Change {
	return &Change{
		Op:     Deactivate,
		Link:   link,
		Name:   name,
		Before: &Record{Kind: link.Kind, ID: link.Target, ExternalID: link.Source, Version: version},
		After:  &Record{Kind: link.Kind, ExternalID: link.Source, Disabled: true},
		Reason: reason,
		Rule:   rule,
	}
}

// create makes the change for a wanted record that the sink does not have.
func (p *comparer) create(o uint32) {
	key := p.wanted.key(o)
	if p.broken[key.Kind] > 0 {
		p.hold(o, "the sink has a record that cannot be read and may be this one")
		return
	}
	record := p.wanted.record(o)
	if record.Disabled && !p.policy.CreateDisabled {
		p.plan.count(key.Kind).NotCreated++
		return
	}
	add, _ := p.diffRefs(o, record, &counterpart{})
	if len(add) == 0 {
		record.Refs = nil
	}
	p.add(&Change{Op: Create, Link: Link{Kind: key.Kind, Source: key.ID}, Name: callName(record), After: record, Add: add, Reason: "the sink does not have it", Rule: byMapping})
}

// unseen is the reason for removing what the source did not give.
const unseen = "gone from the source"

// remove makes the changes for records that are gone.
func (p *comparer) remove() {
	for _, g := range p.gone {
		ref := Ref{Kind: g.Kind, ID: g.Source}
		counts := p.plan.count(g.Kind)
		counts.Gone++
		rule := p.policy.gone(g.Kind)
		if rule == GoneKeep {
			continue
		}
		if !g.proved || p.doubtful(g.Kind) && g.reason == unseen {
			p.plan.Held = append(p.plan.Held, Held{Link: g.Link, Name: g.name, Reason: "the source did not give it, but was not read completely, so it is not proved gone"})
			continue
		}
		if rule == GoneDelete {
			since, ok := p.memory.Gone.Get(ref)
			if !ok {
				since = p.At
			}
			end := since.Add(p.policy.Grace)
			if !end.After(p.At) {
				p.add(&Change{Op: Delete, Link: g.Link, Name: g.name, Reason: g.reason, Rule: byGone,
					Before: &Record{Kind: g.Kind, ID: g.Target, ExternalID: g.Source, Version: g.version, Disabled: g.disabled}})
				continue
			}
			p.plan.Gone = append(p.plan.Gone, Tombstone{Link: g.Link, Since: since})
			p.plan.due(end)
			if g.Kind != User {
				continue
			}
		}
		if !g.disabled {
			p.add(deactivation(g.Link, g.name, g.version, g.reason, byGone))
		}
	}
}

// doubtful reports whether a record of ours that the source did not give may be one that is held: where the mapper
// gives the ExternalIDs, one that could not be mapped does not tell which was its own.
func (p *comparer) doubtful(kind Kind) bool {
	if !p.wanted.foreign[kind] && p.wanted.count(kind).Wanted > 0 {
		return false
	}
	for o, h := range p.wanted.held {
		if h.Kind == kind && !p.found.has(o) {
			return true
		}
	}
	return false
}

func (p *comparer) add(c *Change) { p.plan.Changes = append(p.plan.Changes, c) }

// forbid leaves out the operations that the policy forbids.
func (p *comparer) forbid() {
	if len(p.policy.Forbid) == 0 {
		return
	}
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c *Change) bool {
		if !slices.Contains(p.policy.Forbid, c.Op) {
			return false
		}
		counts := p.plan.count(c.Kind)
		if counts.Forbidden == nil {
			counts.Forbidden = map[Op]int{}
		}
		counts.Forbidden[c.Op]++
		return true
	})
}

// backOff holds the changes that failed before and whose time has not come.
func (p *comparer) backOff() {
	p.plan.Changes = slices.DeleteFunc(p.plan.Changes, func(c *Change) bool {
		f, ok := p.memory.Failing.Get(Ref{Kind: c.Kind, ID: c.Source})
		if !ok || !f.Next.After(p.At) || f.Digest != c.digest() {
			return false
		}
		p.plan.Held = append(p.plan.Held, Held{Link: c.Link, Name: c.Name, Failures: f.Failures, Until: f.Next,
			Reason: fmt.Sprintf("%s failed %d times since %s, last: %s", c.Op, f.Failures, f.First.UTC().Format(time.RFC3339), f.Error)})
		p.plan.due(f.Next)
		return true
	})
}

// touched counts the wanted records of a kind that have changes.
func (p *comparer) touched(kind Kind) int {
	seen := map[ID]bool{}
	for _, c := range p.plan.Changes {
		if c.Kind == kind && c.Reason != unseen && c.Reason != "out of scope" && c.Op != Delete {
			seen[c.Source] = true
		}
	}
	return len(seen)
}

// sortChanges puts changes into the order in which they are applied: what is there for users, then groups and
// so on; then what is disabled, then what is deleted, the other way round.
func sortChanges(changes []*Change, kinds []Kind) {
	rank := map[Kind]int{}
	for i, k := range kinds {
		rank[k] = i
	}
	phase := func(c *Change) int {
		switch c.Op {
		case Deactivate:
			return 1
		case Delete:
			return 2
		}
		return 0
	}
	ops := map[Op]int{Create: 0, Adopt: 1, Update: 2, Reactivate: 3}
	slices.SortFunc(changes, func(a, b *Change) int {
		return cmp.Or(
			cmp.Compare(phase(a), phase(b)),
			cmp.Compare(rank[a.Kind], rank[b.Kind]),
			cmp.Compare(ops[a.Op], ops[b.Op]),
			compareLinks(a.Link, b.Link),
		)
	})
}

func compareLinks(a, b Link) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Target, b.Target))
}

func compareRefs(a, b Ref) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) }

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
		ours, _ := p.memory.Shared.Get(key)
		for _, t := range c.refs[name] {
			source := Ref{Kind: t.Kind, ID: p.found.sourceOf(t)}
			if source.ID != "" && want[source] {
				continue
			}
			if p.sharedRefs[name] && !slices.Contains(ours[name], source) {
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

// reach says how a record of the source can be referred to: by its target, or because it is created before.
func (p *comparer) reach(ref Ref) (Link, bool) {
	link := Link{Kind: ref.Kind, Source: ref.ID}
	o, ok := p.wanted.find(ref)
	if !ok {
		return link, false
	}
	if p.found.has(o) {
		link.Target = p.found.sink.key(p.found.target[o] - 1).ID
		return link, true
	}
	if p.wanted.status[o] != wanted || p.broken[ref.Kind] > 0 || slices.Contains(p.policy.Forbid, Create) {
		return link, false
	}
	return link, p.policy.CreateDisabled || !p.wanted.isDisabled(o)
}
