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

// add reports whether the ID is new.
func (s *idSet) add(id provisioning.ID) bool {
	if s.uuids == nil {
		s.uuids, s.texts = map[adtype.GUID]struct{}{}, map[provisioning.ID]struct{}{}
	}
	if g, err := adtype.ParseGUID(string(id)); err == nil && g.String() == string(id) {
		n := len(s.uuids)
		s.uuids[g] = struct{}{}
		return len(s.uuids) > n
	}
	n := len(s.texts)
	s.texts[id] = struct{}{}
	return len(s.texts) > n
}
