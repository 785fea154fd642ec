package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// Create makes a resource of a record. It is never sent twice: when the answer is lost the error wraps
// [provisioning.ErrUnavailable], and whether the resource is there can be found out by its ExternalID.
func (d *Directory) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	fail := func(err error) (provisioning.ID, error) {
		return "", fmt.Errorf("create %s for %s: %w", r.Kind, r.ExternalID, err)
	}
	k, err := d.kind(r.Kind)
	if err != nil {
		return fail(err)
	}
	res, err := d.resource(k, r)
	if err != nil {
		return fail(err)
	}
	id, err := d.client.create(ctx, k.typ.Endpoint(), res)
	if err != nil {
		return fail(lostNotFound(err))
	}
	return provisioning.ID(id), nil
}

// resource makes the resource of a record that is to be created, with what the server wants of new ones.
func (d *Directory) resource(k *kind, r *provisioning.Record) (*scim.Resource, error) {
	res, err := k.resource(r)
	if a := k.typ.Attribute("password"); err == nil && a != nil && d.client.profile.RandomPassword {
		res.Set(a.Name, "aA1-"+rand.Text()) // of each class of characters, for rules of complexity
	}
	return res, err
}

// lostNotFound takes a 404 of the whole collection for what it is: a wrong address, not a record that is gone.
func lostNotFound(err error) error {
	if errors.Is(err, provisioning.ErrNotFound) {
		return fmt.Errorf("the server has no such endpoint; check the base address: %w", errors.Join(errors.ErrUnsupported, errors.New(err.Error())))
	}
	return err
}

// Delete removes a resource. One that is not there is no error.
func (d *Directory) Delete(ctx context.Context, ref provisioning.Ref) error {
	k, err := d.kind(ref.Kind)
	if err != nil {
		return fmt.Errorf("delete %s: %w", ref, err)
	}
	err = d.client.Delete(ctx, k.typ.Endpoint(), string(ref.ID), "")
	if err != nil && !errors.Is(err, provisioning.ErrNotFound) {
		return fmt.Errorf("delete %s: %w", ref, err)
	}
	return nil
}

var (
	_ provisioning.Sink          = (*Directory)(nil)
	_ provisioning.Canonicalizer = (*Directory)(nil)
	_ provisioning.RefEditor     = (*Directory)(nil)
	_ provisioning.Finder        = (*Directory)(nil)
)
