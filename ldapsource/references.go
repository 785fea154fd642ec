package ldapsource

import (
	"slices"

	"github.com/ilumy/usersync/provisioning"
)

// foundRef is a reference whose ID ends there in shape.ids.
type foundRef struct {
	kind provisioning.Kind
	end  int
}

// takeEarly resolves some values of a reference of a record that is not there yet.
func (s *shape) takeEarly(to *Reference, values []string) {
	if s.early == nil {
		s.early = provisioning.Refs{}
	}
	s.early[to.Name] = s.appendRefs(s.early[to.Name], to, values)
}

// atATime is how many references share the memory of their IDs.
const atATime = 1024

// appendRefs appends what values lead to.
func (s *shape) appendRefs(refs []provisioning.Ref, to *Reference, values []string) []provisioning.Ref {
	refs = slices.Grow(refs, len(values))
	for some := range slices.Chunk(values, atATime) {
		s.ids, s.found = s.ids[:0], s.found[:0]
		for _, v := range some {
			if v == "" { // a groupOfNames must have a member, and so an empty one has this
				continue
			}
			kind, ids, ok := s.resolve(to, v, s.ids)
			if !ok {
				if s.dangling == nil {
					s.dangling = map[string]int{}
				}
				s.dangling[to.Name]++
				continue
			}
			s.ids = ids
			s.found = append(s.found, foundRef{kind, len(ids)})
		}
		text, start := string(s.ids), 0
		for _, f := range s.found {
			refs = append(refs, provisioning.Ref{Kind: f.kind, ID: provisioning.ID(text[start:f.end])})
			start = f.end
		}
	}
	return refs
}

// forget makes ready for the next record.
func (s *shape) forget() {
	clear(s.early)
	clear(s.dangling)
}

// unique leaves each reference once, where it may be written in two ways.
func unique(list []provisioning.Ref) []provisioning.Ref {
	seen := make(map[provisioning.Ref]bool, len(list))
	return slices.DeleteFunc(list, func(r provisioning.Ref) bool {
		again := seen[r]
		seen[r] = true
		return again
	})
}
