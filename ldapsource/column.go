package ldapsource

import (
	"slices"
	"strings"
)

// column is what becomes of an attribute.
type column struct {
	name   string // in Record.Attributes; empty: not given there
	syntax Syntax
	ref    *Reference // nil: no reference
}

// column gives what becomes of an attribute with this spelling, nil for nothing.
func (s *shape) column(spelling string) *column {
	c, ok := s.columns[spelling]
	if ok {
		return c
	}
	lower := strings.ToLower(spelling)
	if c, ok = s.columns[lower]; !ok && s.all && !strings.Contains(lower, ";range=") {
		c = s.unasked(spelling, lower)
	}
	if len(s.columns) < 10_000 { // a schema has fewer; a broken file may have more
		s.columns[strings.Clone(spelling)] = c
	}
	return c
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
	if syntax == Binary || s.omitted[lower] {
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
	add(s.asked...)
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
	return list
}
