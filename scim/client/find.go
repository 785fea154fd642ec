package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// Find gives the records that a lookup names, by a filter for each value. Since servers are known that
// match parts of values or ignore filters, each answer is checked; and where filters are
// refused, all records are read.
func (d *Directory) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		k, err := d.kind(l.Kind)
		if err != nil {
			yield(nil, err)
			return
		}
		matches, condition, err := k.lookup(l)
		if err != nil {
			yield(nil, fmt.Errorf("find %s: %w", l.Kind, err))
			return
		}
		switch {
		case l.By == provisioning.ByID:
			d.findIDs(ctx, k, l, yield)
		case d.client.profile.NoFilter:
			d.findAll(ctx, l.Kind, matches)(yield)
		default:
			d.findFiltered(ctx, k, l, matches, condition, yield)
		}
	}
}

func (d *Directory) findIDs(ctx context.Context, k *kind, l provisioning.Lookup, yield func(*provisioning.Record, error) bool) {
	for _, id := range unique(l.Values) {
		r, err := d.client.Get(ctx, k.typ.Endpoint(), id)
		if errors.Is(err, provisioning.ErrNotFound) {
			continue
		}
		var rec *provisioning.Record
		if err == nil {
			if rec, err = d.record(l.Kind, k, r); err != nil {
				err = unreadable(l.Kind, r, "", err)
			}
		}
		if err == nil {
			err = d.withMembers(ctx, k, rec)
		}
		if err != nil {
			if !yield(nil, fmt.Errorf("find %s: %w", l.Kind, err)) || ends(err) {
				return
			}
			continue
		}
		if rec.Ref().ID == provisioning.ID(id) && !yield(rec, nil) {
			return
		}
	}
}

func (d *Directory) findFiltered(ctx context.Context, k *kind, l provisioning.Lookup, matches func(*provisioning.Record) bool, condition func(string) filter.Expression, yield func(*provisioning.Record, error) bool) {
	given := map[provisioning.ID]bool{}
	for _, v := range unique(l.Values) {
		f, err := filter.Format(condition(v))
		if err != nil {
			yield(nil, fmt.Errorf("find %s by %s: %w: %w", l.Kind, l.By, err, provisioning.ErrInvalid))
			return
		}
		for rec, err := range d.list(ctx, l.Kind, k, &Query{Filter: f}) {
			if refusedFilter(err) {
				d.findAll(ctx, l.Kind, func(r *provisioning.Record) bool { return !given[r.ID] && matches(r) })(yield)
				return
			}
			if err == nil && (given[rec.ID] || !matches(rec)) {
				continue
			}
			if err == nil {
				given[rec.ID] = true
			}
			if !yield(rec, err) || ends(err) {
				return
			}
		}
	}
}

func (d *Directory) findAll(ctx context.Context, kindName provisioning.Kind, matches func(*provisioning.Record) bool) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for rec, err := range d.Records(ctx, kindName) {
			if (err != nil || matches(rec)) && !yield(rec, err) {
				return
			}
		}
	}
}

// refusedFilter reports whether the server cannot filter by this attribute, or not at all. Some say so with a 400 that tells
// no more, as IAM Identity Center and GitHub.
func refusedFilter(err error) bool {
	return err != nil && (errors.Is(err, scim.ErrInvalidFilter) || errors.Is(err, errors.ErrUnsupported) || statusOf(err) == http.StatusBadRequest)
}

// lookup gives what a record must be like, and the condition that asks for one with a value.
func (k *kind) lookup(l provisioning.Lookup) (matches func(*provisioning.Record) bool, condition func(string) filter.Expression, err error) {
	equal := func(path string) func(string) filter.Expression {
		return func(v string) filter.Expression { return filter.Attr(path).Eq(v) }
	}
	switch l.By {
	case provisioning.ByID:
		return nil, nil, nil
	case provisioning.ByExternalID:
		return func(r *provisioning.Record) bool { return slices.Contains(l.Values, string(r.ExternalID)) }, equal("externalId"), nil
	}
	n, err := k.name(l.By)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case n.typed:
		condition = func(v string) filter.Expression {
			return filter.Attr(n.top.Path()).Has(filter.And(filter.Attr("type").Eq(n.typ), filter.Attr(n.sub.Name).Eq(v)))
		}
	case n.top.Type == scim.Complex && n.top.MultiValued:
		condition = equal(n.top.Path() + ".value")
	default:
		condition = equal(n.path)
	}
	if t := n.leaf().Type; t == scim.Boolean || t == scim.Integer || t == scim.Decimal {
		return nil, nil, fmt.Errorf("attribute %q is a %s, and records are not looked up by those: %w", n.path, t, errors.ErrUnsupported)
	}
	same := func(a, b string) bool { return a == b }
	if !n.leaf().CaseExact {
		same = strings.EqualFold
	}
	return func(r *provisioning.Record) bool {
		return slices.ContainsFunc(r.Attributes[n.path], func(v string) bool {
			return slices.ContainsFunc(l.Values, func(w string) bool { return same(v, w) })
		})
	}, condition, nil
}

// unique gives the values without repetitions and without empty ones.
func unique(values []string) []string {
	var list []string
	for _, v := range values {
		if v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
