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
// which may complete and keep it; but the objects and lists in it may be those of a resource that the Store gave, so
// they are not changed.
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

// A Patcher changes the members of a group without reading and writing them all, so that one more member of a
// group of 100,000 costs one member. Implement it when membership is kept apart from the group; without it the
// Handler gets the resource, applies the request, and replaces it by its version.
type Patcher interface {
	Store
	// Patch does what p says in one step, and gives the resource as it is now, of which it may leave out what
	// p.Projection does. When nothing changes, the version stays.
	Patch(ctx context.Context, t *scim.ResourceType, id string, p *Patch) (*scim.Resource, error)
}

// A Patch is a PATCH request that touches a multi-valued attribute only by adding and removing whole values.
type Patch struct {
	// Attribute is "members", and Membership is what is done to it.
	Attribute  string
	Membership *scim.Membership
	// Change does the rest: it gives the resource as it shall be, and whether that differs. It looks neither at
	// Attribute nor at the outside, so it may be called within a transaction, and several times. Nil if there is
	// no rest.
	Change func(stored *scim.Resource) (_ *scim.Resource, changed bool, err error)
	// IfVersion is as in Store.Replace.
	IfVersion string
	// Projection is what will be shown of the answer.
	Projection *scim.Projection
	// Most is how many values of Attribute the answer is wanted with, if it is not 0. Of a resource that has more, the
	// store may give one more than that and leave out the rest; the Handler then shows none.
	Most int
}

// A Finder looks up resources by one value. Implement it when List has to read everything but single look-ups
// have an index; the Handler then uses it for filters that begin with such a comparison, and to find out whether
// a value that must be unique is in use.
type Finder interface {
	Store
	// Find gives the resources that have a value of the attribute with the same key as value, and perhaps more. An
	// attribute it has no index for is an error that wraps [errors.ErrUnsupported].
	Find(ctx context.Context, t *scim.ResourceType, a *scim.Attribute, value any) ([]*scim.Resource, error)
}
