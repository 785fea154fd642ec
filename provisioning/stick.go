package provisioning

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// stuckAfter is how often the same value is written before it is taken as one that the sink does not keep.
const stuckAfter = 2

// stuckAtLast is how often it is when something else is found each time, which the sink may make of it.
const stuckAtLast = 10

// refMark stands before names of references among names of attributes.
const refMark = "→"

// blocking stands for whether a record is disabled, and calling for its ExternalID, among names of attributes.
const (
	blocking = "○"
	calling  = "≡"
)

// deletion stands for the deletion of a record among names of attributes.
const deletion = "×"

// digest names what a change would write.
func (c *Change) digest() string {
	if c.Op == Create { // Its references are written later, to whom is there by then.
		made := *c.After
		made.Refs = nil
		return digestOf(c.Op, made)
	}
	add := map[string][]Ref{}
	for name, links := range c.Add {
		add[name] = sourcesOf(links)
	}
	return digestOf(c.Op, c.After, add, c.Remove)
}

func digestOf(parts ...any) string {
	// There are only strings, times and maps of them, which always encode, in one order.
	b, _ := json.Marshal(parts)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// writes gives digests of what a change writes and of what it finds, by attribute and by name of references.
func (c *Change) writes() map[string]Written {
	w := map[string]Written{}
	for _, name := range c.Changed() {
		var found []string
		if c.Before != nil {
			found = c.Before.Attributes[name]
		}
		w[name] = Written{Digest: digestOfSet(c.After.Attributes[name]), Found: digestOfSet(found)}
	}
	for _, name := range c.RefNames() {
		// It tells what is found, too: what is added is not there, and what is removed is.
		w[refMark+name] = Written{Digest: digestOf(sourcesOf(c.Add[name]), sourcesOf(c.Remove[name]))}
	}
	if b, a := c.Before, c.After; b != nil && a != nil {
		if b.Disabled != a.Disabled {
			w[blocking] = Written{Digest: digestOf(a.Disabled)}
		}
		if c.renames() || c.Op == Adopt && b.ExternalID != a.ExternalID {
			w[calling] = Written{Digest: digestOf(a.ExternalID), Found: digestOf(b.ExternalID)}
		}
	}
	return w
}

// renames reports whether a change gives its record another ExternalID. A sink that gives none keeps none, and does not lack it.
func (c *Change) renames() bool {
	return c.Before != nil && c.After != nil && c.Before.ExternalID != "" && c.Before.ExternalID != c.After.ExternalID
}

func digestOfSet(values []string) string {
	return digestOf(slices.Compact(slices.Sorted(slices.Values(values))))
}

func sourcesOf(links []Link) []Ref {
	var refs []Ref
	for _, l := range links {
		refs = append(refs, Ref{Kind: l.Kind, ID: l.Source})
	}
	return refs
}

// unstick takes out of a change what was written again and again and never stuck, and reports it.
func (p *comparer) unstick(c *Change) {
	written, _ := p.memory.Written.Get(Ref{Kind: c.Kind, ID: c.Source})
	if len(written) == 0 {
		return
	}
	var stuck []string
	for name, now := range c.writes() {
		if !written[name].stuck(now) {
			continue
		}
		switch name {
		case blocking:
			c.After.Disabled = c.Before.Disabled
			stuck = append(stuck, "whether it is disabled")
			continue
		case calling:
			c.After.ExternalID = c.Before.ExternalID
			stuck = append(stuck, "its ExternalID")
			continue
		}
		if ref, ok := strings.CutPrefix(name, refMark); ok {
			delete(c.Add, ref)
			delete(c.Remove, ref)
			delete(c.After.Refs, ref)
			stuck = append(stuck, ref)
			continue
		}
		delete(c.After.Attributes, name)
		delete(c.Before.Attributes, name)
		stuck = append(stuck, name)
	}
	if len(stuck) == 0 {
		return
	}
	if c.Reason != unseen && c.Reason != unscoped {
		p.stuck[Ref{Kind: c.Kind, ID: c.Source}] = true
	}
	slices.Sort(stuck)
	advice := "leave it out of the mapping, or map it to what the sink keeps"
	if c.Op == Deactivate {
		advice = "disable it in the sink by hand"
	}
	p.plan.Held = append(p.plan.Held, Held{Link: c.Link, Name: c.Name,
		Reason: "the sink does not keep what is written to " + strings.Join(stuck, ", ") + "; " + advice})
}

// deactivate adds the change that disables a record, unless that was done again and again and never stuck.
func (p *comparer) deactivate(c *Change) {
	if p.unstick(c); c.After.Disabled {
		p.add(c)
	}
}

// stuck reports whether what is to be written was written often enough before, and what was found then is found once more. Where
// something else is found, somebody in the sink has changed what it did keep.
func (w Written) stuck(now Written) bool {
	return w.Digest == now.Digest && (w.Times >= stuckAfter && w.finds(now) || w.All >= stuckAtLast)
}

func (w Written) finds(now Written) bool { return w.Found == "" || w.Found == now.Found }

// wrote counts how often the same was written to the same record. It is counted anew when something else is found after a second
// time: after the first, what is found is only what the sink made of the value.
func (x *run) wrote(ref Ref, c *Change) {
	m := &x.state.memory
	before, _ := m.Written.Get(ref)
	after := maps.Clone(before)
	if after == nil {
		after = map[string]Written{}
	}
	for name, now := range c.writes() {
		of, isRef := strings.CutPrefix(name, refMark)
		if isRef && x.waits[Pending{Link: Link{Kind: c.Kind, Source: c.Source}, Name: of}] {
			delete(after, name)
			continue // Not all of it was written.
		}
		now.Times, now.All = 1, 1
		if b := before[name]; b.Digest == now.Digest {
			now.All += b.All
		}
		if b := before[name]; b.Digest == now.Digest && (b.Times < stuckAfter || b.finds(now)) {
			now.Times += b.Times
		}
		after[name] = now
	}
	m.Written.Set(ref, after)
}

// forgetUnwritten drops, of the records that the plan changes, what it writes no more: it stuck. What is left alone is kept, lest it
// be written again whenever something else is; and that a record was deleted, until it is one that is wanted again.
func (x *run) forgetUnwritten() {
	m := &x.state.memory
	writes, wanted := map[Ref]map[string]Written{}, map[Ref]bool{}
	for _, res := range x.results {
		c := res.Change
		ref := Ref{Kind: c.Kind, ID: c.Source}
		if _, ok := m.Written.Get(ref); !ok {
			continue
		}
		if writes[ref] == nil {
			writes[ref] = map[string]Written{}
		}
		maps.Copy(writes[ref], c.writes())
		wanted[ref] = wanted[ref] || makes(c)
	}
	for ref, now := range writes {
		written, _ := m.Written.Get(ref)
		maps.DeleteFunc(written, func(name string, w Written) bool {
			if name == deletion {
				return wanted[ref]
			}
			_, ok := now[name]
			return !ok && w.Times < stuckAfter
		})
	}
}

// undeletable reports whether a record was deleted in vain: it is there, and disabled at least, or still is after as many
// times as anything else is written.
func (p *comparer) undeletable(g *goner) bool {
	written, _ := p.memory.Written.Get(Ref{Kind: g.Kind, ID: g.Source})
	w := written[deletion]
	return w.Times > 0 && w.Digest == digestOf(g.Target) && (g.disabled || w.Times >= stuckAfter)
}

// deleted counts how often the same record was deleted.
func (m *Memory) deleted(c *Change) {
	ref := Ref{Kind: c.Kind, ID: c.Source}
	before, _ := m.Written.Get(ref)
	w := Written{Digest: digestOf(c.Target), Times: 1}
	if b := before[deletion]; b.Digest == w.Digest {
		w.Times += b.Times
	}
	m.Written.Set(ref, map[string]Written{deletion: w})
}
