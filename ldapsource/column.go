package ldapsource

import (
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// column is what becomes of an attribute.
type column struct {
	name   string   // in Record.Attributes; empty: not given there
	also   []string // more names to give it under
	syntax Syntax
	ref    *Reference // nil: no reference
	given  int        // the number of the last record that has it
}

// spelled is a spelling of an attribute's name, nil as its column for one that is of no use.
type spelled struct {
	name string
	*column
	// next came after it the last time, which makes it likely that it does so again.
	next *spelled
	// kept says that it is among the shape's spellings.
	kept bool
}

// mostSpellings is how many names of attributes are remembered: a schema has fewer, a broken file may have more without end.
const mostSpellings = 10_000

// column gives what becomes of an attribute with this spelling, nil for nothing.
func (s *shape) column(spelling string) *column { return s.spelling(spelling).column }

func (s *shape) spelling(name string) *spelled {
	if c, ok := s.spellings[name]; ok {
		return c
	}
	lower := strings.ToLower(name)
	c, ok := s.columns[lower]
	if !ok && s.all && !strings.Contains(lower, ";range=") {
		c = s.unasked(name, lower)
		if len(s.columns) < mostSpellings {
			s.columns[lower] = c
		}
	}
	found := &spelled{name: strings.Clone(name), column: c}
	if len(s.spellings) < mostSpellings {
		s.spellings[found.name], found.kept = found, true
	}
	return found
}

// wants reports whether an attribute is of use.
func (s *shape) wants(name string) bool { return s.column(name) != nil }

// unasked decides about an attribute when everything is asked for.
func (s *shape) unasked(spelling, lower string) *column {
	if ref := s.reference(lower); ref != nil && strings.EqualFold(ref.Attribute, lower) {
		if !s.refs[ref.Name] {
			return nil
		}
		c := &column{ref: ref}
		if !ref.Long {
			c.name = strings.Clone(spelling)
		}
		return c
	}
	syntax := s.syntax(lower)
	if syntax == Binary || s.omitted[lower] || s.computed[lower] {
		return nil
	}
	return &column{name: strings.Clone(spelling), syntax: syntax}
}

// needsIndex reports whether names must be looked up: not when they come with their GUID and lead to one kind only.
func (s *shape) needsIndex(extended bool) bool {
	for i := range s.References {
		ref := &s.References[i]
		if s.refs[ref.Name] && slices.Contains(ref.Of, s.kind) && !ref.direct(extended) {
			return true
		}
	}
	return false
}

// direct reports whether values of this attribute tell by themselves which record they lead to.
func (r *Reference) direct(extended bool) bool { return extended && len(r.To) == 1 && r.By == "" }

// long reports whether a column is a list of references and nothing else.
func (c *column) long() bool { return c != nil && c.ref != nil && c.name == "" }

// attributes gives the names to ask a server for.
func (s *shape) attributes() []string {
	list := []string{s.ID}
	add := func(names ...string) {
		for _, name := range names {
			if name != "" && !slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, name) }) {
				list = append(list, name)
			}
		}
	}
	if s.all {
		list = append(list, "*")
	}
	for _, c := range s.asked {
		add(c.name)
	}
	add(s.Version, s.ValidUntil)
	if s.disabled != nil {
		add(s.disabled.Attributes()...)
	}
	for _, ref := range s.References {
		if s.refs[ref.Name] {
			add(ref.Attribute)
		}
	}
	if len(s.options.MemberOf) > 0 {
		add(s.by...)
	}
	if s.kind == provisioning.Group && s.refs[membersName] && strings.EqualFold(s.ID, "objectGUID") {
		add("groupType") // which tells whether a global catalogue has the members
	}
	return list
}
