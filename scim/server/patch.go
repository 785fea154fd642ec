package server

import (
	"net/http"

	"github.com/ilumy/usersync/scim"
)

// patch answers PATCH /Users/{id} (RFC 7644 section 3.5.2).
func (x *exchange) patch() (*result, error) {
	p, asked, err := x.projection()
	if err != nil {
		return nil, err
	}
	b, done, err := x.body(x.h.limits.Body)
	if err != nil {
		return nil, err
	}
	req, err := scim.DecodePatch(b, x.read)
	done()
	if err != nil {
		return nil, err
	}
	// A group may be large, and who sends one member does not want them all back. Entra ID expects this. A
	// strict client reads the answer, which RFC 7644 section 3.5.2 lets be either.
	t, wanted := x.target.typ, p
	quiet := t.members != nil && !asked && !x.strict()
	if quiet {
		wanted = t.bare
	}
	res, err := x.patchResource(t, x.target.id, req, x.preconditions(), wanted)
	if err != nil {
		return nil, err
	}
	res.projection = p
	if quiet {
		res.status, res.quiet = http.StatusNoContent, true
	}
	return res, nil
}

// patchResource does a PATCH to the resource with an id, as a whole or not at all.
func (x *exchange) patchResource(t *resourceType, id string, req *scim.PatchRequest, pre preconditions, p *scim.Projection) (*result, error) {
	if len(req.Operations) == 0 {
		return nil, scim.Errorf(scim.ErrInvalidSyntax, "there is no operation (RFC 7644 section 3.5.2)")
	}
	d, err := t.Resolve(req, x.read)
	if err != nil {
		return nil, err
	}
	if store, ok := x.store.(Patcher); ok && t.members != nil {
		if m, rest, ok := d.Membership(t.members.Name); ok {
			return x.patchMembers(store, t, id, m, rest, pre, p)
		}
	}
	return x.change(t, id, pre, x.apply(t, d))
}

// apply gives the changer that a delta is.
func (x *exchange) apply(t *resourceType, d *scim.Delta) changer {
	return func(stored *scim.Resource) (*scim.Resource, bool, error) {
		next, changed, err := d.Apply(stored)
		if err != nil || !changed {
			return stored, false, err
		}
		if err := x.h.checkMembers(next); err != nil && x.h.checkMembers(stored) == nil {
			return nil, false, err
		}
		if len(t.secrets) > 0 {
			next = next.Clone()
			if err := x.h.protect(x.ctx, t, next, stored); err != nil {
				return nil, false, err
			}
		}
		return next, !t.Equal(next, stored), nil
	}
}

// patchMembers has the Store add and remove members without reading them all.
func (x *exchange) patchMembers(store Patcher, t *resourceType, id string, m *scim.Membership, rest *scim.Delta, pre preconditions, p *scim.Projection) (*result, error) {
	ifVersion, err := x.ifVersion(t, id, pre)
	if err != nil {
		return nil, err
	}
	patch := &Patch{Attribute: t.members.Name, Membership: m, IfVersion: ifVersion, Projection: p}
	if m != nil && max(len(m.Add), len(m.Remove)) > x.h.limits.Members {
		return nil, scim.Errorf(scim.ErrTooLarge, "the request adds or removes more than %d members; send several", x.h.limits.Members)
	}
	if rest != nil && !rest.Empty() {
		patch.Change = x.apply(t, rest)
	}
	r, err := store.Patch(x.ctx, t.ResourceType, id, patch)
	if err != nil {
		return nil, err
	}
	return &result{status: http.StatusOK, typ: t, resource: r}, nil
}
