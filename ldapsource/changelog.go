package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// changelog reads the retro changelog (draft-good-ldap-changelog): changes by number, of which the server forgets the
// oldest.
type changelog struct{}

func (changelog) now(ctx context.Context, p *pass) (place, error) {
	root, err := p.readRoot(ctx, p.conn)
	if err != nil {
		return place{}, err
	}
	last, err := strconv.ParseInt(root.entry.First("lastchangenumber"), 10, 64)
	if err != nil {
		return place{}, fmt.Errorf("the root DSE has no lastChangeNumber: %w", errUnsupportedHistory)
	}
	return place{Server: p.conn.server.String(), USN: last}, nil
}

func (h changelog) since(ctx context.Context, p *pass, from place, touch func(provisioning.ID)) (place, error) {
	to, err := h.now(ctx, p)
	if err != nil {
		return place{}, err
	}
	root, err := p.readRoot(ctx, p.conn)
	if err != nil {
		return place{}, err
	}
	first, err := strconv.ParseInt(root.entry.First("firstchangenumber"), 10, 64)
	if err != nil || first > from.USN+1 || to.USN < from.USN {
		return place{}, expired("the changelog no longer reaches back that far")
	}
	req := wire.Request{Scope: ldap.ScopeSingleLevel, Attributes: []string{"changeNumber", "changeType", "targetDn", "targetUniqueId",
		"nsUniqueId", "newRdn", "newSuperior"},
		Filter: combine(ldap.FilterGreaterOrEqual, octets("changeNumber"), octets(strconv.FormatInt(from.USN+1, 10)))}
	var names []string
	err = p.eachBelow(ctx, []string{root.entry.First("changelog")}, req, func(e *entry.Entry) error {
		name, err := p.target(e, touch)
		if name != "" {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return place{}, err
	}
	return to, p.touchNames(ctx, names, touch)
}

// target touches the entry that a change is of, or gives its name now.
func (p *pass) target(e *entry.Entry, touch func(provisioning.ID)) (string, error) {
	for _, attribute := range []string{"targetUniqueId", "nsUniqueId"} {
		if text := e.First(attribute); text != "" {
			id, err := decode(text, UUID)
			touch(provisioning.ID(id))
			return "", err
		}
	}
	name := e.First("targetDn")
	form, err := dn.Append(nil, name)
	if err != nil {
		return "", fmt.Errorf("%w: change %s names no entry", ErrIncomplete, e.First("changeNumber"))
	}
	switch strings.ToLower(e.First("changeType")) {
	case "delete":
		if p.scope.holds(form) {
			return "", expired("an entry was removed, and the changelog does not tell its ID (set nsslapd-attribute: nsuniqueid:targetUniqueId)")
		}
		return "", nil
	case "modrdn", "moddn":
		parent := e.First("newSuperior")
		if parsed, err := ldap.ParseDN(name); parent == "" && err == nil && len(parsed.RDNs) > 1 {
			parent = (&ldap.DN{RDNs: parsed.RDNs[1:]}).String()
		}
		return e.First("newRdn") + "," + parent, nil
	}
	return name, nil
}

// touchNames touches entries by their name. One that is not there was renamed or removed by a later change.
func (p *pass) touchNames(ctx context.Context, names []string, touch func(provisioning.ID)) error {
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		req := wire.Request{Base: name, Scope: ldap.ScopeBaseObject, Filter: presentFilter, Attributes: []string{p.rules.ID}}
		err := p.all(ctx, req, func(m *wire.Message) error {
			if m.Entry == nil {
				return nil
			}
			id, err := p.rules.id(m.Entry)
			if err == nil {
				touch(id)
			}
			return nil
		})
		if err != nil && !errors.Is(err, provisioning.ErrNotFound) {
			return err
		}
	}
	return nil
}
