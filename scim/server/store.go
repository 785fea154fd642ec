package server

import (
	"context"

	"github.com/ilumy/usersync/scim"
)

// A Store keeps the resources of one tenant, of all types that its [Handler] serves.
//
// The Handler has read and checked what it hands to a Store: names are spelled as the schema spells
// them, values have their types, readOnly attributes are those of the stored resource, and secrets
// (attributes that are never returned) have been through [Options.Secret]. A resource that a method
// gives is shared: neither side changes it afterwards. One that a method is given belongs to the Store,
// which may complete and keep it.
//
// The Store chooses ids, and sets created, lastModified and version of meta (see [Stamp]); the
// location is the Handler's. The version changes with each write of the resource and never comes
// back; an empty one is allowed, and the Handler then makes one from the content.
//
// Uniqueness (RFC 7643 section 2.2) is enforced by the Store, since only it can do so when two
// requests come at once: Create and Replace fail with [scim.ErrUniqueness] when another resource of the
// type has one of the values that [Unique] gives. A Store that cannot implements [Finder]; then
// the Handler looks first.
//
// Errors are those of package scim: [scim.ErrNotFound], [scim.ErrVersion], [scim.ErrUniqueness]. A
// [scim.Error] is sent to the client as it is; the text of any other error is logged and never sent. A resource
// that was deleted is not found, and is a member of nothing. All methods may be called
// concurrently.
//
// Package storetest holds the test that every Store must pass.
type Store interface {
	// Get gives one resource. The attributes that p leaves out may be missing from the answer, so
	// that a group need not be read with its members; nil wants all.
	Get(ctx context.Context, t *scim.ResourceType, id string, p *scim.Projection) (*scim.Resource, error)

	// List gives the page of resources that q asks for. A Store without an index, an order or a
	// query language of its own gives q.Select all its resources.
	List(ctx context.Context, q *Query) (*Page, error)

	// Create keeps a new resource and gives it as it is now.
	Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error)

	// Replace keeps r in place of the resource with its id, and gives it as it is now. When ifVersion
	// is not empty and is not the version of what is stored, it fails with [scim.ErrVersion] and
	// changes nothing; the comparison and the write are one step.
	Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error)

	// Delete removes a resource for good, and takes it out of every group. For ifVersion see Replace.
	Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error
}

// Stores gives the Store of a tenant. It is asked for each request, after authentication, with the
// tenant of the [Caller]; so it should have its answer at hand. A tenant that it does not know is an error
// that wraps [scim.ErrForbidden].
type Stores func(ctx context.Context, tenant string) (Store, error)

// One is the Stores of a service without tenants: it gives s to callers that belong to none, and
// nothing to any other, whose tenant would else share what s holds.
func One(s Store) Stores {
	return func(_ context.Context, tenant string) (Store, error) {
		if tenant != "" {
			return nil, scim.Errorf(scim.ErrForbidden, "this service has no tenants")
		}
		return s, nil
	}
}
