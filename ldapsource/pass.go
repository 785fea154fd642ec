package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// A pass is one read of all records of a kind.
type pass struct {
	*Source
	kind  provisioning.Kind
	rules *rules
	shape *shape
	*lines
	extended bool // names come with their GUID
	catalog  bool // this is the global catalogue
	bases    []string
	view     *view
	seen     *idSet
	form, id []byte
	open     *openEntry // a large one, of which not all parts are here yet
}

// lines are the connections of a pass, all to one server.
type lines struct {
	conn  *conn
	aside *conn // for questions while conn is in the middle of a page
	// pinned says that no other server, and no connection that replaces conn, will do.
	pinned bool
}

// begin connects, recognises the dialect and plans the read.
func (s *Source) begin(ctx context.Context, kind provisioning.Kind) (*pass, error) {
	c, err := s.take(ctx)
	if err != nil {
		return nil, err
	}
	return s.beginOn(c, kind)
}

// beginOn plans a read on a connection.
func (s *Source) beginOn(c *conn, kind provisioning.Kind) (*pass, error) {
	p := &pass{Source: s, kind: kind, lines: &lines{conn: c}, seen: newIDSet(s.options.memory())}
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
	if p.rules.kindNumber(p.kind) < 0 {
		return fmt.Errorf("no filter says which entries are of kind %s: %w", p.kind, errors.ErrUnsupported)
	}
	p.shape = newShape(p.rules, &p.options, p.kind)
	p.shape.resolve = p.resolve
	p.extended = p.rules.syntax(strings.ToLower(d.ID)) == GUID && p.conn.root.supports(oidExtendedDN)
	p.catalog = p.conn.catalog()
	if p.bases = outermost(p.options.Bases, p.scope.bases); len(p.bases) == 0 && p.catalog {
		p.bases = []string{""} // all domains
	} else if len(p.bases) == 0 {
		p.bases = p.conn.root.contexts()
	}
	if len(p.bases) == 0 {
		return errors.New("the server names no naming context; set Bases")
	}
	return nil
}

// end gives the connections back, and forgets what was learnt.
func (p *pass) end() {
	if p.view != nil {
		p.view.close()
	}
	if p.seen != nil {
		p.seen.Close()
	}
	p.put(p.conn)
	if p.aside != nil {
		p.put(p.aside)
	}
}

// run reads everything.
func (p *pass) run(ctx context.Context, yield func(*provisioning.Record, error) bool) error {
	var err error
	if p.view, err = p.newView(ctx, p.shape.needsIndex(p.extended)); err != nil {
		return err
	}
	k := p.rules.kindNumber(p.kind)
	req := p.request(k, p.shape.attributes())
	req.Parts = p.kind == provisioning.Group // whose scope the name alone decides
	return p.each(ctx, req, func(e *entry.Entry) error {
		if p.view.fold(e) && !p.view.holdsFolded(e, k) {
			return nil
		}
		return p.give(ctx, e, yield)
	})
}

// newView learns what has to be known before the first record, all names too when asked to. Where references come with
// their identifiers, nothing is looked up by name.
func (p *pass) newView(ctx context.Context, names bool) (*view, error) {
	keeps := keepsNames
	if p.extended {
		keeps = keepsIDs
	}
	if p.catalog {
		if err := p.catalogHas(ctx); err != nil {
			return nil, err
		}
	}
	return newView(&p.options, p.rules, &p.scope, keeps, names, p.list(ctx))
}

// errName says that nobody can tell whether an entry is in scope.
var errName = fmt.Errorf("the entry has a name that cannot be read: %w", dn.ErrSyntax)

// list gives entries to those who have to know them before the first record.
func (p *pass) list(ctx context.Context) lister {
	return func(kinds []int, attributes []string, f func(*entry.Entry, int) error) error {
		for _, k := range kinds {
			err := p.each(ctx, p.request(k, attributes), func(e *entry.Entry) error {
				if err := p.completeAll(ctx, e, p.rules.leads); err != nil {
					return err
				}
				if p.foreignGroup(e) {
					e.Attributes = append(e.Attributes, entry.Attribute{Name: hiddenMembers})
				}
				return f(e, k)
			})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// give yields the record of an entry, when all of that is here.
func (p *pass) give(ctx context.Context, e *entry.Entry, yield func(*provisioning.Record, error) bool) error {
	var failed error
	if e, failed = p.gather(ctx, e); e == nil {
		return failed
	}
	rec, err := p.record(ctx, e, failed)
	p.shape.forget()
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
}

// record makes a record, or an error that concerns it alone, or nothing of one that was given before. What failed with the
// entry's first parts is given.
func (p *pass) record(ctx context.Context, e *entry.Entry, failed error) (*provisioning.Record, error) {
	id, err := p.rules.id(e)
	if err == nil && p.seen.has(id) {
		return nil, nil
	}
	if err == nil && !p.view.fold(e) {
		err = errName
	}
	if err == nil {
		err = failed
	}
	if err == nil && p.shape.refs[membersName] && p.kind == provisioning.Group && p.foreignGroup(e) {
		err = &heldError{errForeignGroup}
	}
	if err == nil {
		err = p.complete(ctx, e)
	}
	if err == nil {
		err = p.learnEntry(ctx, e)
	}
	var rec *provisioning.Record
	if err == nil {
		rec, err = p.shape.record(e, id)
	}
	if err == nil {
		err = p.view.finish(rec, e)
	}
	if broken := p.view.err(); broken != nil {
		return nil, broken // and what was found, or not found, is worth nothing
	}
	if err != nil && p.endsRead(ctx, err) {
		return nil, err
	}
	if p.seen.add(id); p.seen.Err() != nil {
		return nil, p.seen.Err()
	}
	if err == nil {
		return rec, nil
	}
	return nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: p.kind, ID: id}, Err: err}
}

// A heldError is of one record, though it wraps [ErrIncomplete].
type heldError struct{ error }

func (e *heldError) Unwrap() error { return e.error }

// endsRead reports whether an error is of more than one record.
func (p *pass) endsRead(ctx context.Context, err error) bool {
	if held := (*heldError)(nil); errors.As(err, &held) {
		return false
	}
	return passing(err) || errors.Is(err, ErrIncomplete) && !errors.Is(err, provisioning.ErrNotFound) || ctx.Err() != nil
}

// request is the search for the entries of a kind, without those of the kinds before it.
func (p *pass) request(k int, attributes []string) wire.Request {
	f := p.rules.kinds[k].Packet()
	if k > 0 {
		f = allOf(f)
		for _, before := range p.rules.kinds[:k] {
			f.AppendChild(not(before.Packet()))
		}
	}
	req := wire.Request{Scope: ldap.ScopeWholeSubtree, Filter: f, Attributes: attributes, Controls: p.controls()}
	return req
}

// controls are those of every search: stay within the domain, and give names with their GUID.
func (p *pass) controls() []ldap.Control {
	var list []ldap.Control
	if p.conn.root.supports(oidDomainScope) {
		list = append(list, ldap.NewControlString(oidDomainScope, false, ""))
	}
	if p.extended {
		list = append(list, ldap.NewControlString(oidExtendedDN, true, "\x30\x03\x02\x01\x01"))
	}
	return list
}

// restarts are the waits before a read starts again whose connection broke.
var restarts = []time.Duration{100 * time.Millisecond, 500 * time.Millisecond}

// each reads all bases. A base whose read was broken off is read again from its start, on a new connection: a cookie
// is of no use there. f sees such entries twice.
func (p *pass) each(ctx context.Context, req wire.Request, f func(*entry.Entry) error) error {
	if p.options.Parallel > 1 && len(p.bases) > 1 && !p.pinned {
		return p.parallel(ctx, p.bases, req, f)
	}
	return p.eachBelow(ctx, p.bases, req, f)
}

// eachBelow is each, of other bases.
func (p *pass) eachBelow(ctx context.Context, bases []string, req wire.Request, f func(*entry.Entry) error) error {
	for _, base := range bases {
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
			if !passing(err) || attempt == len(restarts) || ctx.Err() != nil || p.pinned {
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
	if p.aside != nil {
		p.aside.close()
		p.aside = nil
	}
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
