package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// matchKeys finds the wanted records that a record of the sink may be, by the rules of adoption.
type matchKeys struct {
	rules []Match
	keys  map[string]bool      // of the wanted records, by rule and values, and what they begin with
	hits  map[string][]*Record // records of the sink by the same
	used  map[uint32]int       // the rule by which a record was adopted
}

func newMatchKeys(rules []Match, w *Snapshot) *matchKeys {
	k := &matchKeys{rules: rules, keys: map[string]bool{}, hits: map[string][]*Record{}, used: map[uint32]int{}}
	if len(rules) == 0 {
		return k
	}
	note := func(key string) bool {
		k.keys[key] = true
		return true
	}
	for o := range uint32(w.size()) {
		if w.status(o) != wanted {
			continue
		}
		r := w.record(o)
		for i := range rules {
			rules[i].keys(i, r, note)
		}
	}
	return k
}

// candidate notes a record of the sink that nobody has linked.
func (k *matchKeys) candidate(h *Record) {
	for i := range k.rules {
		for _, key := range k.rules[i].keys(i, h, k.known) {
			again := func(other *Record) bool { return other.Ref() == h.Ref() }
			if len(k.hits[key]) < mostRivals && !slices.ContainsFunc(k.hits[key], again) {
				k.hits[key] = append(k.hits[key], h)
			}
		}
	}
}

// known reports whether a wanted record has a key, or one that begins so.
func (k *matchKeys) known(key string) bool { return k.keys[key] }

// find gives what a wanted record may be by the first rule that finds anything.
func (k *matchKeys) find(r *Record) (rule int, found []*Record) {
	for i := range k.rules {
		for _, key := range k.rules[i].keys(i, r, k.known) {
			for _, h := range k.hits[key] {
				if !slices.Contains(found, h) {
					found = append(found, h)
				}
			}
		}
		if len(found) > 0 {
			return i, found
		}
	}
	return 0, nil
}

// rule gives the names of the attributes by which a record was adopted.
func (k *matchKeys) rule(o uint32) []string { return k.rules[k.used[o]].Attributes }

// keys gives what a record is looked up by under the ith rule: one for each combination of values. Of two attributes with
// thousands of values each, which people may give themselves in the sink, there are millions, so only what begins with something to keep is gone on with.
func (m *Match) keys(i int, r *Record, keep func(string) bool) []string {
	if m.Kind != "" && m.Kind != r.Kind || len(m.Attributes) == 0 {
		return nil
	}
	keys := []string{string(rune(i)) + string(r.Kind)}
	for _, name := range m.Attributes {
		var next []string
		for _, v := range r.Attributes[name] {
			if !m.Exact {
				v = fold(v)
			}
			if v == "" {
				continue
			}
			for _, key := range keys {
				if key += fmt.Sprintf("\x00%d:%s", len(v), v); keep(key) { // No value can pass for two.
					next = append(next, key)
				}
			}
		}
		keys = next
	}
	return keys
}

// joins reports whether two records have a value of each attribute in common, as they have a key in common then.
func (m *Match) joins(a, b *Record) bool {
	if m.Kind != "" && m.Kind != a.Kind || a.Kind != b.Kind || len(m.Attributes) == 0 {
		return false
	}
	same := func(v string) string {
		if m.Exact {
			return v
		}
		return fold(v)
	}
	for _, name := range m.Attributes {
		of := make(map[string]bool, len(a.Attributes[name]))
		for _, v := range a.Attributes[name] {
			of[same(v)] = true
		}
		if !slices.ContainsFunc(b.Attributes[name], func(v string) bool { v = same(v); return v != "" && of[v] }) {
			return false
		}
	}
	return true
}

// fold takes away what does not tell two values apart for a person.
func fold(v string) string { return strings.ToLower(strings.TrimSpace(v)) }

// adopt joins wanted records that the sink lacks with records that it has without an ExternalID, where the rules
// leave no doubt. Where they leave one, nobody is adopted and nothing is created. Nor is anybody while the sink has a record that
// cannot be read: it may be their own, and what matches beside it somebody else's.
func (p *comparer) adopt() {
	if len(p.keys.hits) == 0 {
		return
	}
	claims, claimed := map[Ref][]uint32{}, map[uint32]*Record{}
	for o := range uint32(p.wanted.size()) {
		if p.wanted.status(o) != wanted || p.found.has(o) {
			continue
		}
		i, hits := p.keys.find(p.wanted.record(o))
		hits = slices.DeleteFunc(hits, func(h *Record) bool {
			_, taken := p.found.ordinalOf(h.Ref()) // It was recovered for somebody else.
			return taken
		})
		switch {
		case len(hits) == 0:
		case p.broken[p.wanted.kindOf(o)] > 0:
			p.hold(o, unreadable)
		case len(hits) == 1:
			p.keys.used[o] = i
			ref := hits[0].Ref()
			claims[ref] = append(claims[ref], o)
			claimed[o] = hits[0]
		default:
			p.keys.used[o] = i
			p.hold(o, "several records of the sink match it by "+strings.Join(p.keys.rule(o), " and ")+"; link the right one by hand", p.targets(o, hits)...)
		}
	}
	for o := range uint32(p.wanted.size()) {
		h := claimed[o]
		if h == nil || p.wanted.status(o) != wanted {
			continue
		}
		if others := claims[h.Ref()]; len(others) > 1 {
			p.hold(o, "several records of the source match the same one of the sink by "+strings.Join(p.keys.rule(o), " and ")+"; link the right one by hand", p.rivals(o, others, h)...)
			continue
		}
		p.found.put(o, p.found.name(h.Ref(), o), h)
		p.found.details[o] = &detail{have: h, differs: true, adopted: true}
	}
}

func (p *comparer) targets(o uint32, hits []*Record) []Link {
	var links []Link
	for _, h := range hits {
		links = append(links, Link{Kind: h.Kind, Target: h.ID})
	}
	return links
}

func (p *comparer) rivals(o uint32, all []uint32, h *Record) []Link {
	var links []Link
	for _, other := range all {
		if len(links) == mostRivals {
			break
		}
		if other != o {
			key := p.wanted.key(other)
			links = append(links, Link{Kind: key.Kind, Source: key.ID, Target: h.ID})
		}
	}
	return links
}
