package ldapsource

import (
	"context"
	"fmt"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// modified asks for entries by the time of their last change. Such times are in whole seconds, of the clock of whichever
// server made the change, and arrive late by replication; so each run asks again for what the one before saw last.
type modified struct{}

// overlap is how far back a run asks beyond the start of the one before.
const overlap = 10 * time.Minute

func (modified) now(_ context.Context, p *pass) (place, error) {
	if p.rules.Modified == "" {
		return place{}, fmt.Errorf("the dialect names no attribute with the time of the last change: %w", errUnsupportedHistory)
	}
	return place{}, nil // the time that every place has
}

func (modified) since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error) {
	at := from.At.Add(-overlap).UTC().Format("20060102150405")
	if p.rules.Modified == "whenChanged" {
		at += ".0"
	}
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Attributes: []string{p.rules.ID}, Controls: p.controls(),
		Filter: combine(ldap.FilterGreaterOrEqual, octets(p.rules.Modified), octets(at+"Z"))}
	err := p.each(ctx, req, func(e *entry.Entry) error {
		if id, err := p.rules.id(e); err == nil {
			touch(id)
		}
		return nil
	})
	return place{}, err
}
