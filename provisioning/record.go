package provisioning

import (
	"log/slog"
	"maps"
	"slices"
	"time"
)

// Attributes are the values of a record by name, as in [net/http.Header]. The values of an attribute
// are a set. A name that is absent is not ours to manage; one that is there without values is to be
// cleared.
type Attributes map[string][]string

// Get gives the first value of an attribute, or "".
func (a Attributes) Get(name string) string {
	if v := a[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// Set replaces the values of an attribute; with none it is to be cleared.
func (a Attributes) Set(name string, values ...string) {
	if values == nil {
		values = []string{}
	}
	a[name] = values
}

// Refs are references to other records by name: "members" of a group, "manager" of a user. As with
// Attributes, a name that is absent is not ours, and one that is there and empty is to be cleared.
type Refs map[string][]Ref

// A Record is one person, group or other thing of one system.
type Record struct {
	Kind Kind `json:"kind"`
	// ID is what the record's own system calls it. It is empty in a mapped record.
	ID ID `json:"id,omitempty"`
	// ExternalID is, in a sink, the ID that the source gave the record.
	ExternalID ID `json:"externalId,omitempty"`
	// Version changes with every write to the record, where the system has versions (an ETag).
	Version string `json:"version,omitempty"`
	// Disabled says that the person may not use the system.
	Disabled bool `json:"disabled,omitempty"`
	// ValidFrom and ValidUntil bound the time in which a person may use the system: a first working
	// day, the expiry of an account. Outside it the record counts as disabled, whatever Disabled
	// says. Zero is no bound. Sources and mappers set them, since only the reconciler has a clock.
	ValidFrom  time.Time  `json:"validFrom,omitzero"`
	ValidUntil time.Time  `json:"validUntil,omitzero"`
	Attributes Attributes `json:"attributes,omitempty"`
	Refs       Refs       `json:"refs,omitempty"`
}

// Ref gives the reference to r in its own system.
func (r *Record) Ref() Ref { return Ref{Kind: r.Kind, ID: r.ID} }

// Clone gives a copy that shares nothing with r.
func (r *Record) Clone() *Record {
	if r == nil {
		return nil
	}
	c := *r
	c.Attributes = maps.Clone(r.Attributes)
	for name, values := range c.Attributes {
		c.Attributes[name] = slices.Clone(values)
	}
	c.Refs = maps.Clone(r.Refs)
	for name, refs := range c.Refs {
		c.Refs[name] = slices.Clone(refs)
	}
	return &c
}

// LogValue keeps personal data out of logs: a record shows only what it is called by its system.
func (r *Record) LogValue() slog.Value {
	if r == nil {
		return slog.Value{}
	}
	return slog.GroupValue(
		slog.String("kind", string(r.Kind)),
		slog.String("id", string(r.ID)),
		slog.String("externalId", string(r.ExternalID)),
	)
}

// String gives "Kind/ID".
func (r Ref) String() string { return string(r.Kind) + "/" + string(r.ID) }

// LogValue hides the values.
func (a Attributes) LogValue() slog.Value { return slog.IntValue(len(a)) }

var (
	_ slog.LogValuer = (*Record)(nil)
	_ slog.LogValuer = Attributes(nil)
)
