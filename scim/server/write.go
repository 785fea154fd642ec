package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/ilumy/usersync/scim"
)

// create answers POST /Users (RFC 7644 section 3.3).
func (x *exchange) create() (*result, error) {
	p, _, err := x.projection()
	if err != nil {
		return nil, err
	}
	r, err := x.decode(x.target.typ)
	if err != nil {
		return nil, err
	}
	res, err := x.createResource(x.target.typ, r)
	if err != nil {
		return nil, err
	}
	x.event.ID = res.resource.ID()
	res.projection = p
	return res, nil
}

// decode reads a resource from the body.
func (x *exchange) decode(t *resourceType) (*scim.Resource, error) {
	b, done, err := x.body(x.h.limits.Body)
	if err != nil {
		return nil, err
	}
	defer done()
	return t.Decode(b, x.read)
}

// createResource checks a resource that has been read, and creates it.
func (x *exchange) createResource(t *resourceType, r *scim.Resource) (*result, error) {
	if err := t.CheckCreate(r, x.read); err != nil {
		return nil, err
	}
	if err := x.h.checkMembers(r); err != nil {
		return nil, err
	}
	t.distinctMembers(r)
	if err := x.h.protect(x.ctx, t, r, nil); err != nil {
		return nil, err
	}
	if err := x.checkUnique(t, r, ""); err != nil {
		return nil, err
	}
	r, err := x.store.Create(x.ctx, t.ResourceType, r)
	if err != nil {
		return nil, err
	}
	x.tellCreated(t, r)
	return &result{status: http.StatusCreated, typ: t, resource: r}, nil
}

// replace answers PUT /Users/{id} (RFC 7644 section 3.5.1).
func (x *exchange) replace() (*result, error) {
	p, _, err := x.projection()
	if err != nil {
		return nil, err
	}
	b, done, err := x.body(x.h.limits.Body)
	if err != nil {
		return nil, err
	}
	defer done()
	t := x.target.typ
	res, err := x.replaceResource(t, x.target.id, x.preconditions(), func() (*scim.Resource, error) { return t.Decode(b, x.read) })
	if err != nil {
		return nil, err
	}
	res.projection = p
	return res, nil
}

// replaceResource puts what read gives in place of the resource with an id, after checking it. It reads again when
// somebody else changed the resource meanwhile, since the Store keeps what it is given.
func (x *exchange) replaceResource(t *resourceType, id string, pre preconditions, read func() (*scim.Resource, error)) (*result, error) {
	first, err := read()
	if err != nil {
		return nil, err
	}
	if err := x.h.checkMembers(first); err != nil {
		return nil, err
	}
	defer x.ordered(t, id)()
	res, err := x.change(t, id, pre, func(stored *scim.Resource) (*scim.Resource, bool, error) {
		next := first
		if first = nil; next == nil {
			var err error
			if next, err = read(); err != nil {
				return nil, false, err
			}
		}
		t.distinctMembers(next)
		if err := x.h.protect(x.ctx, t, next, stored); err != nil {
			return nil, false, err
		}
		if err := t.CheckReplace(next, stored, x.read); err != nil {
			return nil, false, err
		}
		return next, !t.Equal(next, stored), nil
	})
	if err == nil {
		x.tellReplaced(t, res.before, res.resource)
	}
	return res, err
}

// A changer gives what becomes of a resource, and whether that differs from what is stored. It does not
// change stored, and may be called several times.
type changer func(stored *scim.Resource) (_ *scim.Resource, changed bool, err error)

// change gets a resource, changes it, and puts it back if nobody else did so meanwhile; else it begins again,
// unless the client has said which version it means. So of two changes at once none is lost. What is as it
// was is not written, and keeps its version.
func (x *exchange) change(t *resourceType, id string, pre preconditions, do changer) (*result, error) {
	for attempt := 1; ; attempt++ {
		stored, err := x.current(x.ctx, t, id)
		if err != nil {
			return nil, err
		}
		if err := pre.check(version(stored)); err != nil {
			return nil, err
		}
		next, changed, err := do(stored)
		if err != nil {
			return nil, err
		}
		res := &result{status: http.StatusOK, typ: t, resource: stored, before: stored}
		if !changed {
			return res, nil
		}
		if err := x.checkUnique(t, next, id); err != nil {
			return nil, err
		}
		res.resource, err = x.store.Replace(x.ctx, t.ResourceType, next, version(stored))
		switch {
		case err == nil:
			return res, nil
		case !errors.Is(err, scim.ErrVersion) || pre.match != "":
			return nil, err
		case attempt >= x.h.limits.Attempts:
			return nil, scim.Errorf(scim.ErrConflict, "others keep changing this resource; try again later")
		}
	}
}

// delete answers DELETE /Users/{id} (RFC 7644 section 3.6).
func (x *exchange) delete() (*result, error) {
	if err := x.deleteResource(x.target.typ, x.target.id, x.preconditions()); err != nil {
		return nil, err
	}
	return &result{status: http.StatusNoContent}, nil
}

func (x *exchange) deleteResource(t *resourceType, id string, pre preconditions) error {
	defer x.ordered(t, id)()
	ifVersion, err := x.ifVersion(t, id, pre)
	if err != nil {
		return err
	}
	var was *scim.Resource
	if x.h.tells() {
		if was, err = x.store.Get(x.ctx, t.ResourceType, id, t.identity); err != nil {
			return err
		}
	}
	if err := x.store.Delete(x.ctx, t.ResourceType, id, ifVersion); err != nil {
		return err
	}
	x.tellDeleted(t, was)
	return nil
}

// ifVersion gives the version that the Store shall compare with, once the preconditions hold.
func (x *exchange) ifVersion(t *resourceType, id string, pre preconditions) (string, error) {
	if v, ok := pre.single(); ok && v == "" {
		return "", nil
	}
	r, err := x.store.Get(x.ctx, t.ResourceType, id, t.bare)
	if err != nil {
		return "", err
	}
	return version(r), pre.check(version(r))
}

// checkMembers bounds the values of the multi-valued attributes.
func (h *Handler) checkMembers(r *scim.Resource) error {
	for name, v := range r.All() {
		if list, ok := v.([]any); ok && len(list) > h.limits.Members {
			return scim.Errorf(scim.ErrTooLarge, "%s has %d values, more than the %d that one request may send; add them by several PATCH requests", name, len(list), h.limits.Members)
		}
	}
	return nil
}

// checkUnique looks for another resource with a value that must be unique, where the Store does not do so itself.
func (x *exchange) checkUnique(t *resourceType, r *scim.Resource, id string) error {
	f, ok := x.store.(Finder)
	if !ok {
		return nil
	}
	for _, a := range t.Unique() {
		for _, v := range a.Values(r) {
			found, err := f.Find(x.ctx, t.ResourceType, a, v)
			if errors.Is(err, errors.ErrUnsupported) {
				break
			}
			if err != nil {
				return fmt.Errorf("look for another %s with this %s: %w", t.Name(), a.Path(), err)
			}
			for _, other := range found {
				if other.ID() != id && hasKey(a, other, a.Key(v)) {
					return scim.Errorf(scim.ErrUniqueness, "another %s has this %s", t.Name(), a.Path())
				}
			}
		}
	}
	return nil
}

func hasKey(a *scim.Attribute, r *scim.Resource, key string) bool {
	for _, v := range a.Values(r) {
		if a.Key(v) == key {
			return true
		}
	}
	return false
}

// protect turns the secrets that are new in r into what is stored of them, or drops them.
func (h *Handler) protect(ctx context.Context, t *resourceType, r, stored *scim.Resource) error {
	for _, a := range t.secrets {
		owner := &r.Object
		if a.Parent() != nil {
			owner = r.GetObject(a.Parent().Name)
		}
		v := owner.Get(a.Name)
		if v == nil {
			continue
		}
		if stored != nil {
			old := stored.Get(a.Name)
			if a.Parent() != nil {
				old = stored.GetObject(a.Parent().Name).Get(a.Name)
			}
			if s, ok := v.(string); ok && s == old {
				continue
			}
		}
		if h.options.Secret == nil {
			owner.Delete(a.Name)
			continue
		}
		kept, err := h.options.Secret(ctx, a, v)
		if err != nil {
			return fmt.Errorf("make what is stored of %s: %w", a.Path(), err)
		}
		owner.Set(a.Name, kept)
	}
	return nil
}
