package server

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// A Gateway is a Store that hands what an identity provider pushes on to a [provisioning.Sink] at once. It keeps the
// resources in a Store of its own, so that the identity provider reads back what it wrote, whatever the
// sink makes of it; and it answers a request with success only once the sink has taken the change. When the sink refuses,
// the resource stays as it was, and the identity provider is told so and tries again.
//
// A record in the sink carries the id of the resource as its ExternalID, and is found by that; so none is made
// twice, and one that is missing is made with the next change. A user that is deleted is deactivated
// in the sink, unless [GatewayOptions.Delete] says otherwise.
//
// The methods of one Gateway do one change of a resource at a time. Two Gateways over one Store and sink do not know of each other,
// so run one for each tenant.
type Gateway struct {
	store   Store
	sink    provisioning.Sink
	options GatewayOptions
	logger  *slog.Logger
	locks   keyedLocks
}

// GatewayOptions are what a [Gateway] does otherwise than by default.
type GatewayOptions struct {
	// Mapper makes of a resource, as a record, the record that the sink shall have. The record's attributes are named as
	// [Record] says. Nil takes it as it is. A resource that is out of scope ([provisioning.SkipRecord]) is kept, but
	// not handed on, and deactivated in the sink if it was there.
	Mapper provisioning.Mapper
	// Delete has resources of a kind deleted in the sink, not deactivated. Kinds other than User are always deleted.
	Delete map[provisioning.Kind]bool
	// Logger gets why the sink refused a change, and what could not be undone. Nil is [slog.Default].
	Logger *slog.Logger
}

// NewGateway makes a Gateway of a Store, which keeps the resources, and the sink that they are handed on to.
func NewGateway(store Store, sink provisioning.Sink, o *GatewayOptions) (*Gateway, error) {
	if store == nil || sink == nil {
		return nil, errors.New("scim server: a gateway needs a store and a sink")
	}
	g := &Gateway{store: store, sink: sink, logger: slog.Default()}
	if o != nil {
		g.options = *o
		if o.Logger != nil {
			g.logger = o.Logger
		}
	}
	return g, nil
}

// Get gives what the identity provider wrote.
func (g *Gateway) Get(ctx context.Context, t *scim.ResourceType, id string, p *scim.Projection) (*scim.Resource, error) {
	return g.store.Get(ctx, t, id, p)
}

// List gives what the identity provider wrote.
func (g *Gateway) List(ctx context.Context, q *Query) (*Page, error) { return g.store.List(ctx, q) }

// Create keeps a resource and makes its record in the sink. If the sink refuses, the resource is taken back.
func (g *Gateway) Create(ctx context.Context, t *scim.ResourceType, r *scim.Resource) (*scim.Resource, error) {
	created, err := g.store.Create(ctx, t, r)
	if err != nil {
		return nil, err
	}
	defer g.locks.lock(t.Name() + "/" + created.ID())()
	if err := g.push(ctx, t, nil, created); err != nil {
		ctx = context.WithoutCancel(ctx)
		if undo := g.store.Delete(ctx, t, created.ID(), ""); undo != nil {
			g.unhealed(ctx, t, created.ID(), "the sink refused a new resource, which could not be taken back", undo)
		}
		return nil, g.refused(ctx, t, created.ID(), err)
	}
	return created, nil
}

// Replace changes the record in the sink, and then the resource.
func (g *Gateway) Replace(ctx context.Context, t *scim.ResourceType, r *scim.Resource, ifVersion string) (*scim.Resource, error) {
	defer g.locks.lock(t.Name() + "/" + r.ID())()
	stored, err := g.check(ctx, t, r.ID(), ifVersion)
	if err != nil {
		return nil, err
	}
	if err := g.push(ctx, t, stored, r.Clone()); err != nil {
		return nil, g.refused(ctx, t, r.ID(), err)
	}
	replaced, err := g.store.Replace(ctx, t, r, version(stored))
	if err != nil {
		g.restore(ctx, t, r, stored)
	}
	return replaced, err
}

// Delete deactivates or deletes the record in the sink, and then deletes the resource.
func (g *Gateway) Delete(ctx context.Context, t *scim.ResourceType, id, ifVersion string) error {
	defer g.locks.lock(t.Name() + "/" + id)()
	stored, err := g.check(ctx, t, id, ifVersion)
	if err != nil {
		return err
	}
	if err := g.remove(ctx, t, stored); err != nil {
		return g.refused(ctx, t, id, err)
	}
	return g.store.Delete(ctx, t, id, version(stored))
}

// check gives what is stored, if it has the version.
func (g *Gateway) check(ctx context.Context, t *scim.ResourceType, id, ifVersion string) (*scim.Resource, error) {
	stored, err := g.store.Get(ctx, t, id, nil)
	if err == nil && ifVersion != "" && version(stored) != ifVersion {
		return nil, scim.Errorf(scim.ErrVersion, "the resource has version %s now", version(stored))
	}
	return stored, err
}

// restore puts the record in the sink back to what is stored, after the Store refused what the sink had taken.
func (g *Gateway) restore(ctx context.Context, t *scim.ResourceType, pushed, stored *scim.Resource) {
	ctx = context.WithoutCancel(ctx)
	if err := g.push(ctx, t, pushed, stored); err != nil {
		g.unhealed(ctx, t, stored.ID(), "the store refused a change, which the sink could not be made to take back", err)
	}
}

func (g *Gateway) unhealed(ctx context.Context, t *scim.ResourceType, id, what string, err error) {
	g.logger.ErrorContext(ctx, "scim gateway: "+what, "type", t.Name(), "id", id, "error", err)
}

// keyedLocks are locks by name. The zero value is ready.
type keyedLocks struct {
	mu    sync.Mutex
	locks map[string]*keyedLock
}

type keyedLock struct {
	sync.Mutex
	waiting int
}

// lock waits for the lock of a name, and gives what unlocks it.
func (k *keyedLocks) lock(name string) (unlock func()) {
	k.mu.Lock()
	l := k.locks[name]
	if l == nil {
		if k.locks == nil {
			k.locks = map[string]*keyedLock{}
		}
		l = &keyedLock{}
		k.locks[name] = l
	}
	l.waiting++
	k.mu.Unlock()
	l.Lock()
	return func() {
		l.Unlock()
		k.mu.Lock()
		if l.waiting--; l.waiting == 0 {
			delete(k.locks, name)
		}
		k.mu.Unlock()
	}
}

var _ Store = (*Gateway)(nil)
