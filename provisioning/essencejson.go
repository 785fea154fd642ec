package provisioning

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
)

// An essenceWriter writes the essence of changes as encoding/json would, each on a line. It makes no copies for that and asks
// no types what they consist of, since the essence of every change of every run is written.
type essenceWriter struct {
	dst    []byte
	names  []string
	values []string
	links  []Link
	refs   []Ref
}

func (w *essenceWriter) change(c *Change) {
	if bounded(c.Before) || bounded(c.After) { // which is rare: a bound has become a state by now
		if b, err := json.Marshal(c.essence()); err == nil {
			w.dst = append(append(w.dst, b...), '\n')
		}
		return
	}
	keeps := c.keepsState()
	w.text(`{"op":`)
	w.string(string(c.Op))
	w.text(`,"kind":`)
	w.string(string(c.Kind))
	w.member("source", string(c.Source))
	if c.Op != Create {
		w.member("target", string(c.Target))
	}
	w.member("name", c.Name)
	w.record("before", c.Before, keeps)
	w.record("after", c.After, keeps)
	w.changed("add", c.Add, addedEssence)
	w.changed("remove", c.Remove, removedEssence)
	if len(c.Had) > 0 {
		w.text(`,"had":`)
		eachName(w, c.Had, func(n int) { w.dst = strconv.AppendInt(w.dst, int64(n), 10) })
	}
	w.member("reason", c.Reason)
	w.member("rule", c.Rule)
	w.text("}\n")
}

func bounded(r *Record) bool { return r != nil && !(r.ValidFrom.IsZero() && r.ValidUntil.IsZero()) }

func (w *essenceWriter) record(name string, r *Record, stateless bool) {
	if r == nil {
		return
	}
	w.text(`,"` + name + `":{"kind":`)
	w.string(string(r.Kind))
	w.member("id", string(r.ID))
	w.member("externalId", string(r.ExternalID))
	if r.Disabled && !stateless {
		w.text(`,"disabled":true`)
	}
	if len(r.Attributes) > 0 {
		w.text(`,"attributes":`)
		eachName(w, r.Attributes, func(values []string) {
			w.values = inOrder(w.values, values, cmp.Compare)
			list(w, values == nil, w.values, w.string)
		})
	}
	if len(r.Refs) > 0 {
		w.text(`,"refs":`)
		eachName(w, r.Refs, func(refs []Ref) {
			w.refs = inOrder(w.refs, refs, compareRefs)
			list(w, refs == nil, w.refs, func(ref Ref) {
				w.text(`{"kind":`)
				w.string(string(ref.Kind))
				w.text(`,"id":`)
				w.string(string(ref.ID))
				w.text("}")
			})
		})
	}
	w.text("}")
}

// changed writes references that are added or removed.
func (w *essenceWriter) changed(name string, all map[string][]Link, of func(Link) Link) {
	if len(all) == 0 {
		return
	}
	w.text(`,"` + name + `":`)
	eachName(w, all, func(links []Link) {
		w.links = w.links[:0]
		for _, l := range links {
			w.links = append(w.links, of(l))
		}
		slices.SortFunc(w.links, compareLinks)
		list(w, false, w.links, func(l Link) {
			w.text(`{"kind":`)
			w.string(string(l.Kind))
			w.member("source", string(l.Source))
			w.member("target", string(l.Target))
			w.text("}")
		})
	})
}

func (w *essenceWriter) text(s string) { w.dst = append(w.dst, s...) }

// member writes a member after others, unless it is empty.
func (w *essenceWriter) member(name, value string) {
	if value != "" {
		w.text(`,"` + name + `":`)
		w.string(value)
	}
}

func (w *essenceWriter) string(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			b, _ := json.Marshal(s) // It has the rules for what is escaped.
			w.dst = append(w.dst, b...)
			return
		}
	}
	w.dst = append(append(append(w.dst, '"'), s...), '"')
}

// eachName writes a map as an object, its names in order.
func eachName[V any](w *essenceWriter, m map[string]V, value func(V)) {
	w.names = slices.AppendSeq(w.names[:0], maps.Keys(m))
	slices.Sort(w.names)
	for i, name := range w.names {
		w.dst = append(w.dst, "{,"[min(i, 1)])
		w.string(name)
		w.dst = append(w.dst, ':')
		value(m[name])
	}
	w.dst = append(w.dst, '}')
}

func list[V any](w *essenceWriter, null bool, values []V, value func(V)) {
	if null {
		w.text("null")
		return
	}
	w.dst = append(w.dst, '[')
	for i, v := range values {
		if i > 0 {
			w.dst = append(w.dst, ',')
		}
		value(v)
	}
	w.dst = append(w.dst, ']')
}

// inOrder gives values in order, in the room of others.
func inOrder[V any](room, values []V, compare func(a, b V) int) []V {
	room = append(room[:0], values...)
	slices.SortFunc(room, compare)
	return room
}
