package server

import (
	"context"

	"github.com/ilumy/usersync/scim"
)

// A patchingGateway is a Gateway over a Patcher.
type patchingGateway struct {
	*Gateway
	patcher Patcher
}

// Store gives the Gateway as a Store; one over a Patcher is a Patcher too, so that one more member of a large group is
// one more member for the sink.
func (g *Gateway) Store() Store {
	if p, ok := g.store.(Patcher); ok {
		return &patchingGateway{g, p}
	}
	return g
}

// Patch changes members, and the rest, in the sink and then in the Store.
func (g *patchingGateway) Patch(ctx context.Context, t *scim.ResourceType, id string, p *Patch) (*scim.Resource, error) {
	defer g.locks.lock(t.Name() + "/" + id)()
	bare, err := t.Projection(nil, []string{p.Attribute}, nil)
	if err != nil {
		return nil, err
	}
	if p.Membership != nil && p.Membership.Replace {
		bare = nil // who goes can only be told from who is there
	}
	stored, err := g.store.Get(ctx, t, id, bare)
	if err != nil {
		return nil, err
	}
	if p.IfVersion != "" && version(stored) != p.IfVersion {
		return nil, scim.Errorf(scim.ErrVersion, "the resource has version %s now", version(stored))
	}
	next := stored
	if p.Change != nil {
		if next, _, err = p.Change(stored); err != nil {
			return nil, err
		}
	}
	if err := g.pushPatch(ctx, t, stored, next, p); err != nil {
		return nil, g.refused(ctx, t, id, err)
	}
	q := *p
	q.IfVersion = version(stored)
	patched, err := g.patcher.Patch(ctx, t, id, &q)
	if err != nil {
		g.restore(ctx, t, next, stored)
	}
	return patched, err
}

var _ Patcher = (*patchingGateway)(nil)
