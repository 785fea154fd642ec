package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// decide makes the changes of one wanted record.
func (p *comparer) decide(o uint32) {
	w := p.wanted
	if w.status(o) != wanted || w.unmanaged[w.kindOf(o)] != "" {
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
	add, remove := p.diffRefs(o, c)
	disable, enable := p.disable(key, record.Disabled, c)
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
	if c.adopted {
		change.Op = Adopt
	}
	if c.adopted || enable {
		after.ValidFrom, after.ValidUntil = record.ValidFrom, record.ValidUntil
	}
	p.unstick(change)
	switch {
	case c.adopted && after.ExternalID == "":
		return // The sink does not keep that it is adopted.
	case c.adopted:
		change.Rule = fmt.Sprintf("Policy.Adopt[%d]", p.keys.used[o])
		change.Op, change.Reason = Adopt, "the sink has it without an ExternalID, and it matches "+strings.Join(p.keys.rule(o), " and ")
	case enable && !after.Disabled:
		change.Op, change.Reason = Reactivate, "enabled in the source"
	default:
		change.Op, change.Reason = Update, reason(change)
	}
	if change.Op != Update || len(change.Changed()) > 0 || change.refers() || change.renames() {
		p.add(change)
	}
	if disable {
		d := deactivation(link, change.Name, c.version(), "disabled in the source", byMapping)
		d.After.ValidFrom, d.After.ValidUntil = record.ValidFrom, record.ValidUntil
		p.deactivate(d)
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
func (p *comparer) disable(key Ref, want bool, c *counterpart) (disable, enable bool) {
	switch {
	case want == c.disabled || p.policy.Active == ActiveSink:
		return false, false
	case want:
		return true, false
	case p.policy.Active == ActiveBoth:
		ours, _ := p.memory.Disabled.Get(key)
		return false, ours && !c.adopted
	}
	return false, true
}

// What decides a change.
const (
	byMapping = "mapping"
	byGone    = "Policy.Gone"
	byScope   = "Policy.OutOfScope"
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

// unreadable is the reason for holding a record that the sink may have.
const unreadable = "the sink has a record that cannot be read and may be this one"

// create makes the change for a wanted record that the sink does not have.
func (p *comparer) create(o uint32) {
	key := p.wanted.key(o)
	if p.broken[key.Kind] > 0 {
		p.hold(o, unreadable)
		return
	}
	record := p.wanted.record(o)
	if record.Disabled && !p.policy.CreateDisabled {
		p.plan.count(key.Kind).NotCreated++
		return
	}
	add, _ := p.diffRefs(o, &counterpart{})
	if len(add) == 0 {
		record.Refs = nil
	}
	p.add(&Change{Op: Create, Link: Link{Kind: key.Kind, Source: key.ID}, Name: callName(record), After: record, Add: add, Reason: "the sink does not have it", Rule: byMapping})
}

// The reasons for removing what the source did not give, and what the mapper skipped.
const (
	unseen   = "gone from the source"
	unscoped = "out of scope"
)

// remove makes the changes for records that are gone.
func (p *comparer) remove() {
	for _, g := range p.gone {
		ref := Ref{Kind: g.Kind, ID: g.Source}
		if p.wanted.unmanaged[g.Kind] != "" {
			p.stillGone(g.Link)
			continue
		}
		counts := p.plan.count(g.Kind)
		counts.Gone++
		rule, by := p.policy.gone(g.Kind), byGone
		switch scoped, byScoped := p.policy.outOfScope(g.Kind); {
		case g.reason == unscoped, p.foreign(g.Kind) && counts.Skipped > 0 && milder(scoped, rule):
			// Which ExternalID the mapper would have given to who is out of scope is not known, so it may be this one.
			rule, by = scoped, byScoped
		}
		if rule == GoneKeep {
			continue
		}
		if !g.proved || p.doubtful(g.Kind) && g.reason == unseen {
			p.plan.Held = append(p.plan.Held, Held{Link: g.Link, Name: g.name, Reason: "the source did not give it, but was not read completely, so it is not proved gone"})
			p.stillGone(g.Link)
			continue
		}
		deleted := rule == GoneDelete && p.undeletable(&g)
		if deleted {
			p.plan.Held = append(p.plan.Held, Held{Link: g.Link, Name: g.name,
				Reason: "it was deleted and the sink still has it, as one that disables whom it is told to delete; let Policy.Gone be deactivate"})
			if g.Kind != User {
				continue
			}
		}
		if rule == GoneDelete && !deleted {
			since, ok := p.memory.Gone.Get(ref)
			if !ok {
				since = p.At
			}
			end := since.Add(p.policy.Grace)
			if !end.After(p.At) {
				p.add(&Change{Op: Delete, Link: g.Link, Name: g.name, Reason: g.reason, Rule: by,
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
			p.deactivate(deactivation(g.Link, g.name, g.version, g.reason, by))
		}
	}
}

// doubtful reports whether a record of ours that the source did not give may be one that is held: where the mapper
// gives the ExternalIDs, one that could not be mapped does not tell which was its own.
func (p *comparer) doubtful(kind Kind) bool {
	doubt, ok := p.doubts[kind]
	if !ok {
		doubt = p.anyDoubt(kind)
		p.doubts[kind] = doubt
	}
	return doubt
}

func (p *comparer) anyDoubt(kind Kind) bool {
	if !p.foreign(kind) && (p.Partial || p.wanted.count(kind).Wanted > 0) {
		return false
	}
	for o, h := range p.wanted.held {
		if h.Kind == kind && !p.found.has(o) {
			return true
		}
	}
	return false
}

// foreign reports whether the mapper gives ExternalIDs of its own to a kind, now or when everything was last compared.
func (p *comparer) foreign(kind Kind) bool {
	return p.wanted.foreign[kind] || slices.Contains(p.memory.ForeignKinds, kind)
}

func (p *comparer) add(c *Change) { p.plan.Changes = append(p.plan.Changes, c) }
