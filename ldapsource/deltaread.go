package ldapsource

import (
	"context"
	"errors"
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/ilumy/usersync/ldapsource/internal/adtype"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/wire"
	"github.com/ilumy/usersync/provisioning"
)

// atOnce is how many entries are asked for in one filter.
const atOnce = 100

// give yields the present state of all that was noted, and of what it bears on.
func (d *deltas) give(ctx context.Context, yield func(provisioning.Delta, error) bool) error {
	if len(d.ids) == 0 {
		return nil
	}
	var err error
	if d.view, err = d.newView(ctx, false); err != nil {
		return err
	}
	if err := d.withHolders(ctx, d.ids, true); err != nil {
		return err
	}
	if err := d.referrers(ctx, d.former, true); err != nil {
		return err
	}
	for done := 0; done < len(d.ids); {
		ids := d.ids[done:]
		done = len(d.ids)
		found, moved, err := d.present(ctx, ids, yield)
		if err != nil {
			return err
		}
		missing := slices.DeleteFunc(slices.Clone(ids), func(id provisioning.ID) bool { return found[id] })
		left, err := d.absent(ctx, missing, yield)
		if err != nil {
			return err
		}
		if err := d.referrers(ctx, append(moved, left...), d.restricted()); err != nil {
			return err
		}
		if err := d.withHolders(ctx, d.ids[done:], false); err != nil {
			return err
		}
	}
	return nil
}

// present yields the records that are there and in scope. It gives the names of those that may not have been in scope
// before, or not under that name.
func (d *deltas) present(ctx context.Context, ids []provisioning.ID, yield func(provisioning.Delta, error) bool) (found map[provisioning.ID]bool, moved []string, err error) {
	found = map[provisioning.ID]bool{}
	for k, kind := range d.rules.order {
		of := &pass{Source: d.Source, kind: kind, rules: d.rules, lines: d.lines, extended: d.extended, bases: d.bases, view: d.view, shape: d.shapes[k],
			seen: newIDSet(d.options.memory())}
		of.shape.resolve = of.resolve
		err := d.byID(ctx, d.bases, d.request(k, of.shape.attributes()), ids, func(e *entry.Entry) error {
			if !d.view.holds(e, k) {
				return nil
			}
			if id, err := d.rules.id(e); err == nil && (d.marks[id]&renamed != 0 || d.active() && len(d.options.Filters) > 0) {
				moved = append(moved, e.DN)
			}
			if id, err := d.rules.id(e); err == nil && d.marks[id]&restored != 0 {
				return expired("an entry was restored, and what referred to it before it was deleted does not tell that it no longer does")
			}
			return of.give(ctx, e, func(rec *provisioning.Record, err error) bool {
				delta := provisioning.Delta{Record: rec}
				if one := (*provisioning.RecordError)(nil); errors.As(err, &one) {
					found[one.Ref.ID] = true
				} else {
					delta.Ref = rec.Ref()
					found[rec.ID] = true
				}
				return yield(delta, err)
			})
		})
		of.seen.Close()
		if err != nil {
			return nil, nil, err
		}
	}
	return found, moved, nil
}

// byID reads entries by their ID, some at a time.
func (d *deltas) byID(ctx context.Context, bases []string, req wire.Request, ids []provisioning.ID, f func(*entry.Entry) error) error {
	filter := req.Filter
	for some := range slices.Chunk(ids, atOnce) {
		any := anyOf()
		for _, id := range some {
			d.rules.appendID(any, id)
		}
		if len(any.Children) == 0 {
			continue
		}
		if req.Filter = any; filter != nil {
			req.Filter = allOf(filter, any)
		}
		if err := d.eachBelow(ctx, bases, req, f); err != nil {
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
		text := g.String()
		if strings.EqualFold(r.ID, "nsUniqueId") { // which is text to the server, in a form of its own
			h := strings.ReplaceAll(text, "-", "")
			text = h[:8] + "-" + h[8:16] + "-" + h[16:24] + "-" + h[24:]
		}
		any.AppendChild(equals(r.ID, text))
	default:
		any.AppendChild(equals(r.ID, string(id)))
	}
}

// isResult reports whether a server answered with one of these codes.
func isResult(err error, codes ...int) bool {
	var result *ResultError
	return errors.As(err, &result) && slices.Contains(codes, result.Code)
}

// showDeleted are the controls that let a search find what was deleted, and what became of that later (MS-ADTS sections
// 3.1.1.3.4.1.14 and 3.1.1.3.4.1.27).
func showDeleted(root *rootDSE) []ldap.Control {
	list := []ldap.Control{ldap.NewControlString(oidShowDeleted, true, "")}
	if root.supports(oidShowRecycled) {
		list = append(list, ldap.NewControlString(oidShowRecycled, true, ""))
	}
	return list
}

// The controls of showDeleted.
const (
	oidShowDeleted  = "1.2.840.113556.1.4.417"
	oidShowRecycled = "1.2.840.113556.1.4.2064"
)
