package ldapsource

import (
	"context"
	"errors"
	"slices"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/table"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// resolve finds the record that a value leads to, and appends its ID.
func (p *pass) resolve(to *Reference, value string, id []byte) (provisioning.Kind, []byte, bool) {
	x := p.view.index
	if to.By != "" {
		return x.find(x.valueKey(to.By, value), id)
	}
	d := to.nameOf(value)
	var err error
	if p.form, err = dn.Append(p.form[:0], d.name); err != nil {
		return "", id, false
	}
	switch {
	case !d.ok || !p.extended:
	case len(to.To) > 1:
		return x.findGUID(d.guid, id)
	default: // whether it is of the one kind that it should be of, its record will tell
		kind := p.rules.kindNumber(to.To[0])
		inScope := kind >= 0 && p.scope.holds(p.form) && p.view.admits(p.form, kind)
		return to.To[0], d.guid.Append(id), inScope
	}
	return x.find(x.key(p.form), id)
}

// unknown are values that lead to nothing that is known, to be asked about together.
type unknown struct {
	guids  []adtype.GUID
	values map[string][]string // by attribute
}

// learn asks the server about values of a reference that lead nowhere: to records that came, or were renamed, since the
// names were read. Names out of scope are not asked about, and none twice.
func (p *pass) learn(ctx context.Context, to *Reference, values []string) error {
	direct := to.direct(p.extended)
	if !direct && len(values) > fewNames && !p.view.named {
		if err := p.learnAll(ctx); err != nil {
			return err
		}
	}
	u := unknown{values: map[string][]string{}}
	for _, v := range values {
		if v == "" || direct && to.nameOf(v).ok {
			continue
		}
		if _, _, ok := p.resolve(to, v, p.id[:0]); ok {
			continue
		}
		if to.By != "" {
			if p.view.index.miss(p.view.index.valueKey(to.By, v)) {
				u.values[to.By] = append(u.values[to.By], v)
			}
			continue
		}
		d := to.nameOf(v)
		var key table.Key
		var err error
		if p.form, err = dn.Append(p.form[:0], d.name); err != nil || !p.scope.holds(p.form) {
			continue
		}
		if key = p.view.index.key(p.form); !p.view.index.miss(key) {
			continue
		}
		if d.ok && p.extended {
			u.guids = append(u.guids, d.guid)
		} else if err := p.lookup(ctx, d.name, ldap.ScopeBaseObject, presentFilter); err != nil {
			return err
		}
	}
	return p.learnUnknown(ctx, &u)
}

// learnUnknown asks about many at once.
func (p *pass) learnUnknown(ctx context.Context, u *unknown) error {
	var filters []*ber.Packet
	for some := range slices.Chunk(u.guids, atOnce) {
		any := anyOf()
		for _, g := range some {
			any.AppendChild(equals(p.rules.ID, g.Raw()))
		}
		filters = append(filters, any)
	}
	for attribute, values := range u.values {
		for some := range slices.Chunk(values, atOnce) {
			any := anyOf()
			for _, v := range some {
				any.AppendChild(equals(attribute, v))
			}
			filters = append(filters, any)
		}
	}
	for _, any := range filters {
		for _, base := range p.bases {
			if err := p.lookup(ctx, base, ldap.ScopeWholeSubtree, any); err != nil {
				return err
			}
		}
	}
	return nil
}

// learnEntry learns what the values in an entry lead to.
func (p *pass) learnEntry(ctx context.Context, e *entry.Entry) error {
	for i := range e.Attributes {
		if c := p.shape.column(e.Attributes[i].Name); c != nil && c.ref != nil {
			if err := p.learn(ctx, c.ref, e.Attributes[i].Values); err != nil {
				return err
			}
		}
	}
	return nil
}

// fewNames is how many names are worth asking about one by one.
const fewNames = 500

// learnAll reads all names, which were not read yet.
func (p *pass) learnAll(ctx context.Context) error {
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

// lookup takes the records at a place, or below it, that match a filter into the index, whatever that keeps.
func (p *pass) lookup(ctx context.Context, base string, scope int, filter *ber.Packet) error {
	keeps := p.view.index.keeps
	p.view.index.keeps = keepsNames | keepsIDs
	defer func() { p.view.index.keeps = keeps }()
	for k := range p.rules.order {
		req := p.request(k, p.view.nameAttributes())
		req.Base, req.Scope, req.Filter = base, scope, allOf(req.Filter, filter)
		err := p.ask(ctx, req, func(e *entry.Entry) error {
			p.view.takeName(e, k)
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
