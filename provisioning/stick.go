package provisioning

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// stuckAfter is how often the same value is written before it is taken as one that the sink does not keep.
const stuckAfter = 2

// refMark stands before names of references among names of attributes.
const refMark = "→"

// deletion stands for the deletion of a record among names of attributes.
const deletion = "×"

// digest names what a change would write.
func (c *Change) digest() string {
	return digestOf(c.Op, c.After, c.Add, c.Remove)
}

func digestOf(parts ...any) string {
	// There are only strings, times and maps of them, which always encode, in one order.
	b, _ := json.Marshal(parts)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// writes gives digests of what a change writes, by attribute and by name of references.
func (c *Change) writes() map[string]string {
	w := map[string]string{}
	for _, name := range c.Changed() {
		values := slices.Clone(c.After.Attributes[name])
		slices.Sort(values)
		w[name] = digestOf(values)
	}
	for _, name := range c.RefNames() {
		w[refMark+name] = digestOf(sourcesOf(c.Add[name]), sourcesOf(c.Remove[name]))
	}
	return w
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
	for name, digest := range c.writes() {
		w := written[name]
		if w.Digest != digest || w.Times < stuckAfter {
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
	slices.Sort(stuck)
	p.plan.Held = append(p.plan.Held, Held{Link: c.Link,
		Reason: "the sink does not keep what is written to " + strings.Join(stuck, ", ") + "; leave it out of the mapping, or map it to what the sink keeps"})
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
