package provisioning

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"
	"time"
)

// An essenceWriter writes what of changes is approved: who is concerned, what they have, what they get and why. Left out is what
// another run, or writes to other records, make different: versions, the IDs of what was created meanwhile, who is disabled where
// that does not change, and the order of what has none. Every text has its length before it, and every list its number, so no two
// changes that differ in what is approved are written alike.
type essenceWriter struct {
	dst []byte
	// Room that is used again.
	names  []string
	values []string
	links  []Link
	refs   []Ref
}

func (w *essenceWriter) change(c *Change) {
	target := c.Target
	if c.Op == Create {
		target = ""
	}
	w.texts(string(c.Op), string(c.Kind), string(c.Source), string(target), c.Name, c.Reason, c.Rule)
	stateless := c.Op == Update && c.Before != nil && c.After != nil && c.Before.Disabled == c.After.Disabled
	w.record(c.Before, stateless)
	w.record(c.After, stateless)
	w.changed(c.Add, func(l Link) Link { return Link{Kind: l.Kind, Source: l.Source} })
	w.changed(c.Remove, func(l Link) Link { return Link{Kind: l.Kind, Target: l.Target} })
	eachName(w, c.Had, func(n int) { w.number(n) })
}

func (w *essenceWriter) record(r *Record, stateless bool) {
	if r == nil {
		w.number(0)
		return
	}
	w.number(1)
	w.texts(string(r.Kind), string(r.ID), string(r.ExternalID))
	state := 0
	if r.Disabled && !stateless {
		state = 1
	}
	w.number(state)
	for _, at := range []time.Time{r.ValidFrom, r.ValidUntil} {
		start := len(w.dst)
		w.dst = append(w.dst, 0) // A moment is never longer than 127 bytes.
		if !at.IsZero() {
			w.dst = at.UTC().AppendFormat(w.dst, time.RFC3339Nano)
		}
		w.dst[start] = byte(len(w.dst) - start - 1)
	}
	eachName(w, r.Attributes, func(values []string) {
		w.values = append(w.values[:0], values...)
		slices.Sort(w.values)
		w.number(len(w.values))
		w.texts(w.values...)
	})
	eachName(w, r.Refs, func(refs []Ref) {
		w.refs = append(w.refs[:0], refs...)
		slices.SortFunc(w.refs, compareRefs)
		w.number(len(w.refs))
		for _, ref := range w.refs {
			w.texts(string(ref.Kind), string(ref.ID))
		}
	})
}

// changed writes references that are added or removed.
func (w *essenceWriter) changed(all map[string][]Link, of func(Link) Link) {
	eachName(w, all, func(links []Link) {
		w.links = w.links[:0]
		for _, l := range links {
			w.links = append(w.links, of(l))
		}
		slices.SortFunc(w.links, compareLinks)
		w.number(len(w.links))
		for _, l := range w.links {
			w.texts(string(l.Kind), string(cmp.Or(l.Source, l.Target)))
		}
	})
}

func (w *essenceWriter) number(n int) { w.dst = binary.AppendVarint(w.dst, int64(n)) }

func (w *essenceWriter) texts(all ...string) {
	for _, s := range all {
		w.number(len(s))
		w.dst = append(w.dst, s...)
	}
}

// eachName writes a map in the order of its names.
func eachName[V any](w *essenceWriter, m map[string]V, value func(V)) {
	w.names = slices.AppendSeq(w.names[:0], maps.Keys(m))
	slices.Sort(w.names)
	w.number(len(w.names))
	for _, name := range w.names {
		w.texts(name)
		value(m[name])
	}
}
