package ldapsource

import (
	"context"
	"errors"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// resolve finds the record that a name leads to.
func (p *pass) resolve(to *Reference, name string) (provisioning.Ref, bool) {
	d := parseExtended(name)
	var err error
	if p.form, err = dn.Append(p.form[:0], d.name); err != nil {
		return provisioning.Ref{}, false
	}
	switch {
	case !d.ok || !p.extended:
	case len(to.To) > 1:
		return p.view.index.findID(d.guid)
	default: // whether it is of the one kind that it should be of, its record will tell
		kind := p.rules.kindNumber(to.To[0])
		inScope := kind >= 0 && p.scope.holds(p.form) && p.view.admits(p.form, kind)
		return provisioning.Ref{Kind: to.To[0], ID: provisioning.ID(d.guid.String())}, inScope
	}
	return p.view.index.find(p.form)
}

// learn asks the server about the names in an entry that are not known: of records that came, or were renamed, since the
// names were read. Names out of scope are not asked about, and none twice.
func (p *pass) learn(ctx context.Context, e *entry.Entry) error {
	if err := p.learnMany(ctx, e); err != nil {
		return err
	}
	var guids []adtype.GUID
	for i := range e.Attributes {
		c := p.shape.column(e.Attributes[i].Name)
		if c == nil || c.ref == nil {
			continue
		}
		for _, v := range e.Attributes[i].Values {
			d := parseExtended(v)
			if known := d.ok && p.extended && len(c.ref.To) == 1; known || v == "" {
				continue
			}
			if _, ok := p.resolve(c.ref, v); ok {
				continue
			}
			var err error
			if p.form, err = dn.Append(p.form[:0], d.name); err != nil || !p.scope.holds(p.form) || !p.view.index.miss(p.form) {
				continue
			}
			if d.ok && p.extended {
				guids = append(guids, d.guid)
			} else if err := p.lookup(ctx, d.name, ldap.ScopeBaseObject, presentFilter); err != nil {
				return err
			}
		}
	}
	for len(guids) > 0 {
		n := min(len(guids), 100)
		any := anyOf()
		for _, g := range guids[:n] {
			any.AppendChild(equals(p.rules.ID, g.Raw()))
		}
		guids = guids[n:]
		for _, base := range p.bases {
			if err := p.lookup(ctx, base, ldap.ScopeWholeSubtree, any); err != nil {
				return err
			}
		}
	}
	return nil
}

// fewNames is how many names are worth asking about one by one.
const fewNames = 500

// learnMany reads all names when an entry has more than a few, and they were not read yet.
func (p *pass) learnMany(ctx context.Context, e *entry.Entry) error {
	n := 0
	for i := range e.Attributes {
		if c := p.shape.column(e.Attributes[i].Name); c != nil && c.ref != nil && !(p.extended && len(c.ref.To) == 1) {
			n += len(e.Attributes[i].Values)
		}
	}
	if n <= fewNames || p.view.named {
		return nil
	}
	return p.view.learnNames(func(kinds []int, attributes []string, f func(*entry.Entry, int) error) error {
		for _, k := range kinds {
			for _, base := range p.bases {
				req := p.request(k, attributes)
				req.Base = base
				if err := p.ask(ctx, req, func(e *entry.Entry) error { return f(e, k) }); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// lookup takes the records at a place, or below it, that match a filter into the index.
func (p *pass) lookup(ctx context.Context, base string, scope int, filter *ber.Packet) error {
	for k := range p.rules.order {
		req := p.request(k, []string{p.rules.ID})
		req.Base, req.Scope, req.Filter = base, scope, allOf(req.Filter, filter)
		err := p.ask(ctx, req, func(e *entry.Entry) error {
			if id, err := p.rules.id(e); err == nil && p.view.holds(e, k) {
				p.view.index.add(p.view.form, k, id)
			}
			return nil
		})
		if errors.Is(err, provisioning.ErrNotFound) && scope == ldap.ScopeBaseObject {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ask sends a search on the connection that is kept for questions.
func (p *pass) ask(ctx context.Context, req wire.Request, f func(*entry.Entry) error) error {
	if p.aside == nil {
		var err error
		if p.aside, err = p.takeFrom(ctx, p.conn.server); err != nil {
			return err
		}
	}
	return p.pages(ctx, p.aside, req, func(m *wire.Message) error {
		if p.extended {
			m.Entry.DN = parseExtended(m.Entry.DN).name
		}
		return f(m.Entry)
	})
}
