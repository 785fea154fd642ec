package ldapsource

import (
	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/provisioning"
)

// An idSet holds the IDs that were given, those that are UUIDs in 16 bytes.
type idSet struct {
	uuids map[adtype.GUID]struct{}
	texts map[provisioning.ID]struct{}
}

// has reports whether the ID was added.
func (s *idSet) has(id provisioning.ID) bool {
	if g, ok := adtype.Canonical(string(id)); ok {
		_, ok := s.uuids[g]
		return ok
	}
	_, ok := s.texts[id]
	return ok
}

// add reports whether the ID is new.
func (s *idSet) add(id provisioning.ID) bool {
	if s.uuids == nil {
		s.uuids, s.texts = map[adtype.GUID]struct{}{}, map[provisioning.ID]struct{}{}
	}
	if g, ok := adtype.Canonical(string(id)); ok {
		n := len(s.uuids)
		s.uuids[g] = struct{}{}
		return len(s.uuids) > n
	}
	n := len(s.texts)
	s.texts[id] = struct{}{}
	return len(s.texts) > n
}
