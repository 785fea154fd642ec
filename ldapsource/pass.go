package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// A pass is one read of all records of a kind.
type pass struct {
	*Source
	kind     provisioning.Kind
	rules    *rules
	shape    *shape
	conn     *conn
	extended bool // names come with their GUID
	bases    []string
	index    *index // nil when no reference needs it
	seen     idSet
	form     []byte
}

// begin connects, recognises the dialect and plans the read.
func (s *Source) begin(ctx context.Context, kind provisioning.Kind) (*pass, error) {
	c, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	p := &pass{Source: s, kind: kind, conn: c}
	if err := p.plan(); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (p *pass) plan() error {
	d := p.options.Dialect
	if d == nil {
		d = p.conn.root.dialect()
	}
	var err error
	if p.rules, err = d.check(p.options.Filters); err != nil {
		return err
	}
	if !slices.Contains(p.rules.order, p.kind) {
		return fmt.Errorf("no filter says which entries are of kind %s: %w", p.kind, errors.ErrUnsupported)
	}
	p.shape = newShape(p.rules, &p.options, p.kind)
	p.shape.resolve = p.resolve
	p.extended = p.rules.syntax(strings.ToLower(d.ID)) == GUID && p.conn.root.supports(oidExtendedDN)
	if p.bases = outermost(p.options.Bases, p.scope.bases); len(p.bases) == 0 {
		p.bases = p.conn.root.contexts()
	}
	if len(p.bases) == 0 {
		return errors.New("the server names no naming context; set Bases")
	}
	return nil
}

// end gives the connection back.
func (p *pass) end() { p.put(p.conn) }

// run reads everything.
func (p *pass) run(ctx context.Context, yield func(*provisioning.Record, error) bool) error {
	if p.shape.needsIndex(p.extended) {
		p.index = newIndex(p.rules.order)
		for k := range p.rules.order {
			err := p.each(ctx, p.request(k, []string{p.rules.ID}), func(e *entry.Entry) error {
				if id, err := p.rules.id(e); err == nil && p.inScope(e) {
					p.index.add(p.form, k, id)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("learning which name belongs to which record: %w", err)
			}
		}
	}
	k := slices.Index(p.rules.order, p.kind)
	return p.each(ctx, p.request(k, p.shape.attributes()), func(e *entry.Entry) error {
		if !p.inScope(e) {
			return nil
		}
		rec, err := p.record(ctx, e)
		if rec == nil && err == nil {
			return nil
		}
		if one := (*provisioning.RecordError)(nil); err != nil && !errors.As(err, &one) {
			return err
		}
		if !yield(rec, err) {
			return errLeft
		}
		return nil
	})
}

// record makes a record, or an error that concerns it alone, or nothing of one that was given before.
func (p *pass) record(ctx context.Context, e *entry.Entry) (*provisioning.Record, error) {
	id, err := p.rules.id(e)
	if err == nil && !p.seen.add(id) {
		return nil, nil
	}
	if err == nil {
		err = p.complete(ctx, e)
	}
	if err == nil {
		var rec *provisioning.Record
		if rec, err = p.shape.record(e, id); err == nil {
			return rec, nil
		}
	}
	if passing(err) || ctx.Err() != nil {
		return nil, err
	}
	return nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: p.kind, ID: id}, Err: err}
}

// request is the search for the entries of a kind, without those of the kinds before it.
func (p *pass) request(k int, attributes []string) wire.Request {
	f := p.rules.kinds[k].Packet()
	if k > 0 {
		and := ber.Encode(ber.ClassContext, ber.TypeConstructed, ldap.FilterAnd, nil, "")
		and.AppendChild(f)
		for _, before := range p.rules.kinds[:k] {
			not := ber.Encode(ber.ClassContext, ber.TypeConstructed, ldap.FilterNot, nil, "")
			not.AppendChild(before.Packet())
			and.AppendChild(not)
		}
		f = and
	}
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Filter: f, Attributes: attributes}
	if p.conn.root.supports(oidDomainScope) {
		req.Controls = append(req.Controls, ldap.NewControlString(oidDomainScope, false, ""))
	}
	if p.extended {
		req.Controls = append(req.Controls, ldap.NewControlString(oidExtendedDN, true, "\x30\x03\x02\x01\x01"))
	}
	return req
}

// restarts are the waits before a read starts again whose connection broke.
var restarts = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond}

// each reads all bases. A base whose read was broken off is read again from its start, on a new connection: a cookie
// is of no use there. f sees such entries twice.
func (p *pass) each(ctx context.Context, req wire.Request, f func(*entry.Entry) error) error {
	for _, base := range p.bases {
		req.Base = base
		for attempt := 0; ; attempt++ {
			err := p.pages(ctx, p.conn, req, func(m *wire.Message) error {
				if p.extended {
					m.Entry.DN = parseExtended(m.Entry.DN).name
				}
				return f(m.Entry)
			})
			if err == nil {
				break
			}
			if !passing(err) || attempt == len(restarts) || ctx.Err() != nil {
				return err
			}
			if err := p.again(ctx, restarts[attempt], err); err != nil {
				return err
			}
		}
	}
	return nil
}

// again gets a new connection after a while.
func (p *pass) again(ctx context.Context, wait time.Duration, why error) error {
	p.conn.close()
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w, then %w", why, context.Cause(ctx))
	case <-time.After(wait):
	}
	c, err := p.connect(ctx)
	if err != nil {
		return fmt.Errorf("%w, then %w", why, err)
	}
	p.conn = c
	return nil
}

// inScope reports whether an entry is, and leaves the form of its name in p.form.
func (p *pass) inScope(e *entry.Entry) bool {
	var err error
	p.form, err = dn.Append(p.form[:0], e.DN)
	return err == nil && p.scope.holds(p.form)
}

// resolve finds the record that a name leads to.
func (p *pass) resolve(to *Reference, name string) (provisioning.Ref, bool) {
	d := parseExtended(name)
	switch {
	case d.ok && len(to.To) == 1:
		return provisioning.Ref{Kind: to.To[0], ID: provisioning.ID(d.guid.String())}, true
	case p.index == nil:
		return provisioning.Ref{}, false
	case d.ok:
		return p.index.findID(d.guid)
	}
	return p.index.resolver()(to, name)
}

// complete replaces attributes of which the server gave only a range.
func (p *pass) complete(context.Context, *entry.Entry) error { return nil }

// outermost leaves out the bases that lie below another one.
func outermost(names, forms []string) []string {
	var list []string
	for i, form := range forms {
		inner := false
		for j, other := range forms {
			inner = inner || i != j && dn.Within(form, other) && (form != other || j < i)
		}
		if !inner {
			list = append(list, names[i])
		}
	}
	return list
}
