package provisioning

import (
	"encoding/json"
	"fmt"
)

// Links is a link table: which record of the sink belongs to which of the source. A nil *Links is empty.
type Links struct {
	targets map[Ref]ID // by record of the source
	sources map[Ref]ID // by record of the sink
}

// NewLinks makes an empty table.
func NewLinks() *Links { return &Links{targets: map[Ref]ID{}, sources: map[Ref]ID{}} }

// Put links two records, in place of any link that either had.
func (t *Links) Put(l Link) {
	t.Delete(l)
	t.targets[Ref{Kind: l.Kind, ID: l.Source}] = l.Target
	t.sources[Ref{Kind: l.Kind, ID: l.Target}] = l.Source
}

// Delete takes away every link that one of the two records has.
func (t *Links) Delete(l Link) {
	source, target := Ref{Kind: l.Kind, ID: l.Source}, Ref{Kind: l.Kind, ID: l.Target}
	if id, ok := t.targets[source]; ok {
		delete(t.sources, Ref{Kind: l.Kind, ID: id})
		delete(t.targets, source)
	}
	if id, ok := t.sources[target]; ok {
		delete(t.targets, Ref{Kind: l.Kind, ID: id})
		delete(t.sources, target)
	}
}

// Len counts the links.
func (t *Links) Len() int {
	if t == nil {
		return 0
	}
	return len(t.targets)
}

// Target gives the record of the sink that is linked with one of the source, or "".
func (t *Links) Target(source Ref) ID {
	if t == nil {
		return ""
	}
	return t.targets[source]
}

func (t *Links) source(target Ref) ID {
	if t == nil {
		return ""
	}
	return t.sources[target]
}

// sourceOf gives the record of the source that one of the sink belongs to, as the table or the record itself says, or "".
func (t *Links) sourceOf(h *Record) ID {
	if source := t.source(h.Ref()); source != "" {
		return source
	}
	return h.ExternalID
}

// MarshalJSON writes the table by kind and ID of the source.
func (t *Links) MarshalJSON() ([]byte, error) {
	var m ByRef[ID]
	for ref, id := range t.targets {
		m.Set(ref, id)
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Links) UnmarshalJSON(b []byte) error {
	var m ByRef[ID]
	if err := json.Unmarshal(b, &m); err != nil {
		return fmt.Errorf("read link table: %w", err)
	}
	*t = *NewLinks()
	for kind, ids := range m {
		for source, target := range ids {
			t.Put(Link{Kind: kind, Source: source, Target: target})
		}
	}
	return nil
}
