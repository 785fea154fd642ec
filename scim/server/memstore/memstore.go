// Package memstore keeps SCIM resources in memory: the reference [server.Store], for tests and for services
// that keep their resources elsewhere.
package memstore

import (
	"context"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// Options are what a [Store] does otherwise than by default.
type Options struct {
	// Indexed are paths of attributes to look up besides those that are unique and externalId, as
	// "emails.value".
	Indexed []string
}

// A Store keeps the resources of one tenant in memory. It is safe for concurrent use.
type Store struct{}

// New makes an empty Store.
func New(o *Options) *Store { return &Store{} }

// Get gives one resource.
func (s *Store) Get(ctx context.Context, t *scim.ResourceType, id string, p *scim.Projection) (*scim.Resource, error) {
	return nil, scim.ErrNotImplemented
}

// List gives a page of resources.
func (s *Store) List(ctx context.Context, q *server.Query) (*server.Page, error) {
	return nil, scim.ErrNotImplemented
}

// Create keeps a new resource.
func (s *Store) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	return nil, scim.ErrNotImplemented
}

// Replace keeps r in place of the resource with its id.
func (s *Store) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	return nil, scim.ErrNotImplemented
}

// Delete removes a resource.
func (s *Store) Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error {
	return scim.ErrNotImplemented
}

// Patch changes the members of a group.
func (s *Store) Patch(ctx context.Context, t *scim.ResourceType, id string, p *server.Patch) (*scim.Resource, error) {
	return nil, scim.ErrNotImplemented
}

var _ server.Patcher = (*Store)(nil)
