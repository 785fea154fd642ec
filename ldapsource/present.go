package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// present yields the present state of records, and of those that are not found that they are gone.
func (p *pass) present(ctx context.Context, ids []provisioning.ID, yield func(provisioning.Delta, error) bool) error {
	if len(ids) == 0 {
		return nil
	}
	var err error
	if p.view, err = newView(&p.options, p.rules, &p.scope, false, p.list(ctx)); err != nil {
		return err
	}
	ids, err = p.withHolders(ctx, ids)
	if err != nil {
		return err
	}
	found := map[provisioning.ID]bool{}
	give := func(kind provisioning.Kind) func(*provisioning.Record, error) bool {
		return func(rec *provisioning.Record, err error) bool {
			d := provisioning.Delta{Record: rec, Ref: provisioning.Ref{Kind: kind}}
			var one *provisioning.RecordError
			if errors.As(err, &one) {
				d.Ref = one.Ref
			} else {
				d.Ref = rec.Ref()
			}
			found[d.Ref.ID] = true
			return yield(d, err)
		}
	}
	for k, kind := range p.rules.order {
		of := p.of(kind)
		err := of.byID(ctx, k, ids, of.shape.attributes(), func(e *entry.Entry) error {
			if !p.view.holds(e, k) {
				return nil
			}
			return of.give(ctx, e, give(kind))
		})
		if err != nil {
			return err
		}
	}
	for _, id := range ids {
		if found[id] {
			continue
		}
		for _, kind := range p.rules.order {
			if !yield(provisioning.Delta{Ref: provisioning.Ref{Kind: kind, ID: id}}, nil) {
				return errLeft
			}
		}
	}
	return nil
}

// of gives a pass over the same connections for another kind.
func (p *pass) of(kind provisioning.Kind) *pass {
	q := &pass{Source: p.Source, kind: kind, rules: p.rules, lines: p.lines, extended: p.extended, bases: p.bases, view: p.view}
	q.shape = newShape(p.rules, &p.options, kind)
	q.shape.resolve = q.resolve
	return q
}

// byID reads entries by their ID. Of an entry that changes meanwhile it may give two states, the later one last.
func (p *pass) byID(ctx context.Context, k int, ids []provisioning.ID, attributes []string, f func(*entry.Entry) error) error {
	for len(ids) > 0 {
		n := min(len(ids), 100)
		any := anyOf()
		for _, id := range ids[:n] {
			p.rules.appendID(any, id)
		}
		ids = ids[n:]
		if len(any.Children) == 0 {
			continue
		}
		req := p.request(k, attributes)
		req.Filter = allOf(req.Filter, any)
		if err := p.each(ctx, req, f); err != nil {
			return err
		}
	}
	return nil
}

// appendID adds the test for an ID to a filter: nothing for one that this directory cannot have given.
func (r *rules) appendID(any *ber.Packet, id provisioning.ID) {
	switch r.syntax(strings.ToLower(r.ID)) {
	case GUID:
		if g, err := adtype.ParseGUID(string(id)); err == nil {
			any.AppendChild(equals(r.ID, g.Raw()))
		}
	case UUID:
		g, err := adtype.ParseGUID(string(id))
		if err != nil {
			return
		}
		any.AppendChild(equals(r.ID, g.String()))
		if h := strings.ReplaceAll(g.String(), "-", ""); strings.EqualFold(r.ID, "nsUniqueId") { // which compares text
			any.AppendChild(equals(r.ID, h[:8]+"-"+h[8:16]+"-"+h[16:24]+"-"+h[24:]))
		}
	default:
		any.AppendChild(equals(r.ID, string(id)))
	}
}

// withHolders adds the groups whose members change when a group within them does. A change of a group that the scope
// depends on is more than a delta can tell.
func (p *pass) withHolders(ctx context.Context, ids []provisioning.ID) ([]provisioning.ID, error) {
	k := p.rules.kindNumber(provisioning.Group)
	if p.view.graph == nil || k < 0 {
		return ids, nil
	}
	changed := map[nameKey]bool{}
	err := p.byID(ctx, k, ids, []string{p.rules.ID}, func(e *entry.Entry) error {
		if p.view.fold(e) {
			changed[p.view.index.key(p.view.form)] = true
		}
		return nil
	})
	if err != nil || len(changed) == 0 {
		return ids, err
	}
	for _, name := range p.options.MemberOf {
		form, _ := dn.Fold(name)
		root := p.view.index.key([]byte(form))
		inside := p.view.graph.within(root)
		inside[root] = true
		for key := range changed {
			if inside[key] {
				return nil, expired(fmt.Sprintf("who is in %s changed, and so did the scope", name))
			}
		}
	}
	if !p.options.Nested {
		return ids, nil
	}
	p.view.graph.above(changed)
	for key := range changed {
		if ref, ok := p.view.index.ref(key); ok && ref.Kind == provisioning.Group && !slices.Contains(ids, ref.ID) {
			ids = append(ids, ref.ID)
		}
	}
	return ids, nil
}
