package ldapsource

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// oidShowDeleted and oidShowRecycled let a search find what was removed (MS-ADTS section 3.1.1.3.4.1.14 and .27).
const (
	oidShowDeleted  = "1.2.840.113556.1.4.417"
	oidShowRecycled = "1.2.840.113556.1.4.2064"
)

// usn compares update sequence numbers, which each domain controller counts for itself, from 1 again when its
// database is restored. So a place names the controller's database by its invocationId.
type usn struct{}

func (h usn) now(ctx context.Context, p *pass) (place, error) {
	for _, nc := range p.contexts() {
		if err := p.seesDeleted(ctx, nc); err != nil {
			return place{}, err
		}
	}
	at, err := h.place(ctx, p)
	return at, err
}

// place reads the controller's identity and its highest number.
func (usn) place(ctx context.Context, p *pass) (place, error) {
	root, err := p.readRoot(ctx, p.conn)
	if err != nil {
		return place{}, err
	}
	at := place{Server: p.conn.server.String()}
	if at.USN, err = strconv.ParseInt(root.entry.First("highestCommittedUSN"), 10, 64); err != nil {
		return place{}, fmt.Errorf("the root DSE has no highestCommittedUSN: %w", errUnsupportedHistory)
	}
	req := wire.Request{Base: root.entry.First("dsServiceName"), Scope: ldap.ScopeBaseObject, Filter: presentFilter, Attributes: []string{"invocationId"}}
	err = p.all(ctx, req, func(m *wire.Message) error {
		if m.Entry != nil {
			at.Database = []byte(m.Entry.First("invocationId"))
		}
		return nil
	})
	if err == nil && len(at.Database) == 0 {
		err = fmt.Errorf("the account may not read the invocationId of the server: %w", provisioning.ErrUnauthorized)
	}
	return at, err
}

func (h usn) since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error) {
	if time.Since(from.At) > lifetime {
		return place{}, expired("the cursor is older than removals are remembered")
	}
	to, err := h.place(ctx, p)
	if err != nil {
		return place{}, err
	}
	if string(to.Database) != string(from.Database) {
		return place{}, expired("the database of the domain controller is another one (invocationId): it was restored, or it is another server")
	}
	if to.USN < from.USN {
		return place{}, expired("the domain controller counts lower than before: it was restored")
	}
	if to.USN == from.USN {
		return to, nil
	}
	filter := combine(ldap.FilterGreaterOrEqual, octets("uSNChanged"), octets(strconv.FormatInt(from.USN+1, 10)))
	for _, nc := range p.contexts() {
		if err := p.seesDeleted(ctx, nc); err != nil {
			return place{}, err
		}
		req := wire.Request{Scope: ldap.ScopeWholeSubtree, Filter: filter, Attributes: []string{p.rules.ID}, Controls: p.controls()}
		req.Controls = append(req.Controls, ldap.NewControlString(oidShowDeleted, true, ""))
		if p.conn.root.supports(oidShowRecycled) {
			req.Controls = append(req.Controls, ldap.NewControlString(oidShowRecycled, true, ""))
		}
		err := p.eachBelow(ctx, []string{nc}, req, func(e *entry.Entry) error {
			if id, err := p.rules.id(e); err == nil {
				touch(id)
			}
			return nil
		})
		if err != nil {
			return place{}, err
		}
	}
	return to, nil
}

// seesDeleted sees whether the account may list what was removed; otherwise removals would go unnoticed.
func (p *pass) seesDeleted(ctx context.Context, nc string) error {
	req := wire.Request{Base: "CN=Deleted Objects," + nc, Scope: ldap.ScopeBaseObject, Filter: presentFilter, Attributes: []string{p.rules.ID},
		Controls: []ldap.Control{ldap.NewControlString(oidShowDeleted, true, "")}}
	found := false
	err := p.all(ctx, req, func(m *wire.Message) error {
		found = found || m.Entry != nil
		return nil
	})
	if err == nil && found {
		return nil
	}
	return fmt.Errorf("the account may not list deleted objects of %s, so removals would not be seen; grant it List Contents and Read "+
		"Property on CN=Deleted Objects (dsacls): %w", nc, provisioning.ErrUnauthorized)
}
