package ldapsource

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// A mark says what is known of a change of an entry.
type mark uint8

const (
	// changed: its attributes.
	changed mark = 1 << iota
	// renamed: its name or its place, and that of all below it.
	renamed
	// unclear: something, be it its name.
	unclear
	// restored: it was deleted before. Whoever referred to it then may do so again, or no longer, without a change.
	restored
)

// deltas is one read of what changed. All of it is read from one server, for another may not have heard of the changes
// yet, and is over when the connection breaks.
type deltas struct {
	*pass
	// parts are the naming contexts that hold the bases.
	parts []string
	since time.Time
	// shapes are how the entries of each kind become records.
	shapes []*shape
	ids    []provisioning.ID
	marks  map[provisioning.ID]mark
	// former are names that entries no longer have, where the history tells. Servers do not always mend what refers to them.
	former []string
}

// beginDeltas connects: to the server at an address, when there is one.
func (s *Source) beginDeltas(ctx context.Context, address string) (*deltas, error) {
	c, err := s.takeAt(ctx, address)
	if err != nil {
		return nil, err
	}
	if c.root, err = s.readRoot(ctx, c); err != nil { // it changes while a connection is kept
		c.close()
		return nil, err
	}
	d := &deltas{pass: &pass{Source: s, lines: &lines{conn: c, pinned: true}}, marks: map[provisioning.ID]mark{}}
	if err := d.planAll(); err != nil {
		d.end()
		return nil, err
	}
	return d, nil
}

// planAll plans for all kinds.
func (d *deltas) planAll() error {
	d.kind = provisioning.User
	if _, ok := d.options.Filters[d.kind]; !ok && d.options.Dialect != nil {
		for kind := range d.options.Dialect.Kinds { // any that there is
			d.kind = kind
		}
	}
	if err := d.plan(); err != nil {
		return err
	}
	for _, kind := range d.rules.order {
		d.shapes = append(d.shapes, newShape(d.rules, &d.options, kind))
	}
	contexts := d.conn.root.entry.Get("namingContexts")
	for _, base := range d.bases {
		part := base
		for _, name := range contexts {
			if name != "" && holds(name, base) && (part == base || len(name) > len(part)) {
				part = name
			}
		}
		if !slices.Contains(d.parts, part) {
			d.parts = append(d.parts, part)
		}
	}
	return nil
}

// holds reports whether one name lies below another, or is the same.
func holds(base, name string) bool {
	b, err1 := dn.Fold(base)
	n, err2 := dn.Fold(name)
	return err1 == nil && err2 == nil && dn.Within(n, b)
}

// takeAt gives a connection to the server at an address, or to any when there is none.
func (s *Source) takeAt(ctx context.Context, address string) (*conn, error) {
	if address == "" {
		return s.take(ctx)
	}
	servers, err := s.servers(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(servers, func(at server) bool { return at.address == address })
	if i < 0 {
		return nil, expired("it is of the server %s, which is no longer one of ours", address)
	}
	c, err := s.takeFrom(ctx, servers[i])
	if passing(err) && len(servers) > 1 && ctx.Err() == nil {
		return nil, expired("it is of the server %s, which cannot be reached: %v", address, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", servers[i], err)
	}
	return c, nil
}

// note takes in that an entry changed.
func (d *deltas) note(id provisioning.ID, m mark) {
	if _, ok := d.marks[id]; !ok {
		d.ids = append(d.ids, id)
	}
	d.marks[id] |= m
}

// active reports whether the server is an Active Directory, which shows what was deleted when asked to.
func (d *deltas) active() bool { return d.conn.root.supports(oidShowDeleted) }

// one reads an entry by its name; nil when it is not there or may not be seen.
func (d *deltas) one(ctx context.Context, name string, attributes ...string) (map[string][]string, error) {
	req := wire.Request{Base: name, Scope: ldap.ScopeBaseObject, Filter: presentFilter, Attributes: attributes}
	if d.active() {
		req.Controls = showDeleted(d.conn.root)
	}
	var found map[string][]string
	err := d.search(ctx, d.conn, &req, func(m *wire.Message) error {
		if m.Entry != nil {
			found = map[string][]string{}
			for _, name := range attributes {
				found[name] = slices.Clone(m.Entry.Get(name))
			}
		}
		return nil
	})
	if isResult(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInsufficientAccessRights) {
		return nil, nil
	}
	return found, err
}

// identity gives the identifiers of the naming contexts, which are never the same in two directories.
func (d *deltas) identity(ctx context.Context) (string, error) {
	all := ""
	for _, part := range d.parts {
		e, err := d.one(ctx, part, d.rules.ID)
		if err != nil {
			return "", err
		}
		for _, v := range e[d.rules.ID] {
			id, err := decode(v, d.rules.syntax(strings.ToLower(d.rules.ID)))
			if err != nil {
				return "", err
			}
			all += id + " "
		}
	}
	return all, nil
}
