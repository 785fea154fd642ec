package ldapsource

import (
	"context"
	"fmt"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
)

// modified compares the time of the last change. Times are in whole seconds, of the clock of whoever wrote, and in
// Active Directory of the domain controller that is asked. A place is the time of our clock, or of the server's where
// it tells it.
type modified struct{}

// overlap is how far behind a place the search begins: as far as clocks may differ.
const overlap = 10 * time.Minute

func (modified) local() bool { return true }

func (modified) begin(ctx context.Context, d *deltas) (string, error) {
	if d.rules.Modified == "" {
		return "", fmt.Errorf("dialect %q names no attribute with the time of the last change: %w", d.rules.Name, errNotOffered)
	}
	return d.identity(ctx)
}

func (modified) place(_ context.Context, d *deltas) (map[string]string, error) {
	return map[string]string{"": d.now().UTC().Format(time.RFC3339)}, nil
}

func (h modified) changes(ctx context.Context, d *deltas, since map[string]string) (map[string]string, error) {
	next, err := h.place(ctx, d)
	if err != nil {
		return nil, err
	}
	from, err := time.Parse(time.RFC3339, since[""])
	if err != nil {
		return nil, expired("it has no time")
	}
	layout := "20060102150405Z"
	if d.active() {
		layout = "20060102150405.0Z"
	}
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Attributes: []string{d.rules.ID}, Controls: d.controls(),
		Filter: combine(ldap.FilterGreaterOrEqual, octets(d.rules.Modified), octets(from.Add(-overlap).UTC().Format(layout)))}
	return next, d.eachBelow(ctx, d.parts, req, func(e *entry.Entry) error {
		if id, err := d.rules.id(e); err == nil {
			d.note(id, changed|unclear)
		}
		return nil
	})
}
