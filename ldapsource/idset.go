package ldapsource

import (
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/provisioning"
)

// An idSet holds the IDs that were given: 16 bytes of each, beyond some number in a file.
type idSet struct {
	hasher
	*table.Table
}

func newIDSet(o table.Options) *idSet { return &idSet{newHasher(), table.New(0, o)} }

func (s *idSet) has(id provisioning.ID) bool { return s.Has(s.keyOf(string(id))) }

func (s *idSet) add(id provisioning.ID) { s.Put(s.keyOf(string(id)), nil) }
