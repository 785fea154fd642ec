package provisioning

import (
	"fmt"
	"log/slog"
	"slices"
	"unicode/utf8"
)

// An Op is what a [Change] does.
type Op string

// The operations, in the order in which a plan applies them.
const (
	// Create makes a record that the sink does not have.
	Create Op = "create"
	// Adopt writes our ExternalID onto a record that the sink had already, and updates it.
	Adopt Op = "adopt"
	// Update changes attributes or references.
	Update Op = "update"
	// Reactivate enables a record that was disabled, and updates it.
	Reactivate Op = "reactivate"
	// Deactivate disables a record and changes nothing else.
	Deactivate Op = "deactivate"
	// Delete removes a record for good.
	Delete Op = "delete"
)

// A Link joins a record of the source with its counterpart in the sink.
type Link struct {
	Kind Kind `json:"kind"`
	// Source is the record's ID in the source, and its ExternalID in the sink.
	Source ID `json:"source,omitempty"`
	// Target is its ID in the sink; empty while it is still to be created.
	Target ID `json:"target,omitempty"`
}

// A Change is one step of a [Plan]: what becomes of one record.
type Change struct {
	Op Op `json:"op"`
	Link
	// Name is what a person calls the record, where that is known.
	Name string `json:"name,omitempty"`
	// Before is what the sink has now of that which is managed; nil for a Create.
	Before *Record `json:"before,omitempty"`
	// After is what it shall have; nil for a Delete. Its Refs name records of the source.
	After *Record `json:"after,omitempty"`
	// Add and Remove are the references that change, by name.
	Add    map[string][]Link `json:"add,omitempty"`
	Remove map[string][]Link `json:"remove,omitempty"`
	// Had is how many references the sink has under the names in Remove.
	Had map[string]int `json:"had,omitempty"`
	// Reason says, for a person, why the change is made, and Rule names what decided it: "mapping", or a field of Policy.
	Reason string `json:"reason,omitempty"`
	Rule   string `json:"rule,omitempty"`
}

// Changed gives, sorted, the names of the attributes in After whose values are others than in Before.
func (c *Change) Changed() []string {
	if c.After == nil {
		return nil
	}
	var names []string
	for name, after := range c.After.Attributes {
		var before []string
		if c.Before != nil {
			before = c.Before.Attributes[name]
		}
		if !sameSet(before, after) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// RefNames gives, sorted, the names under which references are added or removed.
func (c *Change) RefNames() []string {
	if !c.refers() {
		return nil
	}
	names := make([]string, 0, len(c.Add)+len(c.Remove))
	for name := range c.Add {
		names = append(names, name)
	}
	for name := range c.Remove {
		if _, twice := c.Add[name]; !twice {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// refers reports whether references are added or removed.
func (c *Change) refers() bool { return len(c.Add)+len(c.Remove) > 0 }

// sameSet reports whether a and b hold the same values, whatever their order and repetitions.
func sameSet(a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	return containsAll(a, b) && containsAll(b, a)
}

// fewValues is how many values are compared one by one; more are sorted first.
const fewValues = 16

func containsAll(set, values []string) bool {
	if len(set) <= fewValues {
		for _, v := range values {
			if !slices.Contains(set, v) {
				return false
			}
		}
		return true
	}
	sorted := slices.Sorted(slices.Values(set))
	for _, v := range values {
		if _, ok := slices.BinarySearch(sorted, v); !ok {
			return false
		}
	}
	return true
}

// check reports a change that no plan can hold.
func (c *Change) check() error {
	switch c.Op {
	case Create, Adopt, Update, Reactivate, Deactivate:
		if c.After == nil {
			return fmt.Errorf("%s of %s/%s has no after", c.Op, c.Kind, c.Source)
		}
	case Delete:
	default:
		return fmt.Errorf("unknown operation %q", c.Op)
	}
	switch {
	case c.Kind == "" || c.Op == Create && c.Source == "" || c.Op != Create && c.Target == "":
		return fmt.Errorf("%s does not name its record", c.Op)
	case c.After != nil && c.After.Kind != c.Kind:
		return fmt.Errorf("%s of %s/%s is of a %s after it", c.Op, c.Kind, c.Source, c.After.Kind)
	case c.Op != Create && c.Op != Delete && c.Before == nil:
		return fmt.Errorf("%s of %s/%s has no before", c.Op, c.Kind, c.Source)
	}
	return nil
}

// checkText reports what would be another once it is saved.
func (c *Change) checkText() error {
	if !utf8.ValidString(string(c.Target)) {
		return fmt.Errorf("the sink's ID of %s/%s is no UTF-8, and would be another once it is saved", c.Kind, c.Source)
	}
	for _, r := range []*Record{c.Before, c.After} {
		if r == nil {
			continue
		}
		for name, values := range r.Attributes {
			if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
				return fmt.Errorf("attribute %q of %s/%s is no UTF-8, and would be another once it is saved; map it as base64", name, c.Kind, c.Source)
			}
		}
	}
	return nil
}

// LogValue keeps personal data out of logs: a change shows what it is about, and the names of what changes.
func (c *Change) LogValue() slog.Value {
	if c == nil {
		return slog.Value{}
	}
	return slog.GroupValue(
		slog.String("op", string(c.Op)),
		slog.String("kind", string(c.Kind)),
		slog.String("source", string(c.Source)),
		slog.String("target", string(c.Target)),
		slog.Any("changed", c.Changed()),
		slog.Any("refs", c.RefNames()),
	)
}

var _ slog.LogValuer = (*Change)(nil)
