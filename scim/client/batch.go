package client

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// errAlone says that a change is to be written by itself.
var errAlone = fmt.Errorf("not written with others: %w", errors.ErrUnsupported)

// Batch writes changes in as few requests as the service takes (RFC 7644 section 3.7), where it says that it has bulk and
// the profile does not forbid it. What cannot go with others wraps [errors.ErrUnsupported] and was certainly not written:
// changes that depend on what is there now, what the service refused, and everything where there is no bulk. A change
// without an answer is [ErrUnanswered]; it may have been carried out.
func (d *Directory) Batch(ctx context.Context, changes []*provisioning.Change) []error {
	errs := make([]error, len(changes))
	if _, _, err := d.client.bulkLimits(ctx); err != nil {
		if !errors.Is(err, errors.ErrUnsupported) {
			err = errors.Join(errAlone, err) // nothing was sent
		}
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	b := &Bulk{}
	var of []int // the change of each operation
	for i, c := range changes {
		if errs[i] = d.addTo(ctx, b, c); errs[i] == nil {
			of = append(of, i)
		}
	}
	results, _ := d.client.Bulk(ctx, b) // what failed is told by the results
	for n, i := range of {
		errs[i] = d.settled(changes[i], &results[n])
	}
	return errs
}

// addTo adds one operation for a change, or says why it cannot be one.
func (d *Directory) addTo(ctx context.Context, b *Bulk, c *provisioning.Change) error {
	k, err := d.kind(c.Kind)
	if err != nil {
		return errAlone
	}
	switch c.Op {
	case provisioning.Create:
		res, err := d.resource(k, c.After)
		if err != nil || refers(&res.Object) {
			return errAlone // which tells what is wrong with it
		}
		b.Create(k.typ.Endpoint(), res)
		return nil
	case provisioning.Delete:
		b.Delete(k.typ.Endpoint(), string(c.Target), "")
		return nil
	}
	way, err := d.way(ctx, k)
	if err != nil || way != ChangePatch {
		return errAlone
	}
	e, err := d.edit(c)
	if err != nil || e.reads() {
		return errAlone
	}
	ops := e.operations(nil)
	if len(e.add)+len(e.remove) > 0 {
		members, err := d.memberOperations(e.add, e.remove)
		if err != nil || len(e.add)+len(e.remove) > d.membersAtOnce() || d.client.profile.RemovalsPerRequest > 0 {
			return errAlone
		}
		ops = append(ops, members...)
	}
	if data := patchBody(ops); len(ops) == 0 || e.manager != nil && *e.manager == "" || refers(data) {
		return errAlone // a manager is taken away only from who still has that one
	}
	version := ""
	if e.attributes() && d.versioned(ctx) {
		version = e.version
	}
	b.Patch(k.typ.Endpoint(), e.id, ops, version)
	return nil
}

// refers reports whether a value would be taken for a reference to another operation, which no record means.
func refers(data *scim.Object) (found bool) {
	visitStrings(data, func(s string) { found = found || strings.Contains(s, bulkPrefix) })
	return found
}

// settled tells what became of a change.
func (d *Directory) settled(c *provisioning.Change, r *BulkResult) error {
	fail := func(err error) error { return fmt.Errorf("%s %s in a bulk request: %w", c.Op, link(c), err) }
	switch {
	case r.Err == nil && c.Op == provisioning.Create:
		c.Target = provisioning.ID(r.ID)
		return nil
	case r.Err == nil, c.Op == provisioning.Delete && errors.Is(r.Err, provisioning.ErrNotFound):
		return nil
	case errors.Is(r.Err, ErrNotSent), r.Status >= 400 && r.Status < 500, statusOf(r.Err) >= 400 && statusOf(r.Err) < 500:
		// It was not carried out. By itself it gets the whole care of a single write: a race is run again, a 404
		// looked into, and what is wrong with it told. Nothing else is held up by it.
		return fail(errors.Join(errAlone, r.Err))
	}
	return fail(r.Err)
}

// link names the record of a change.
func link(c *provisioning.Change) string {
	if c.Target != "" {
		return provisioning.Ref{Kind: c.Kind, ID: c.Target}.String()
	}
	return string(c.Kind) + " for " + string(c.Source)
}

var _ provisioning.Batcher = (*Directory)(nil)
