package server

import (
	"net/http"
	"strings"

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
	t, entra := x.target.typ, false
	read := x.read
	if t.members != nil {
		read, entra = x.noticingEntra(&entra), x.fromEntra()
	}
	req, err := scim.DecodePatch(b, read)
	done()
	if err != nil {
		return nil, err
	}
	wanted := answer{projection: p}
	switch {
	case t.members == nil || asked:
	case entra:
		wanted.projection = t.bare
	default:
		wanted.most = fewMembers
	}
	res, err := x.patchResource(t, x.target.id, req, x.preconditions(), wanted)
	if err != nil {
		return nil, err
	}
	res.projection = p
	if wanted.projection == t.bare || wanted.most > 0 && len(res.resource.GetValues(t.members.Name)) > wanted.most {
		res.status, res.quiet = http.StatusNoContent, true
	}
	return res, nil
}

// fewMembers is how many members a group may have for a PATCH to be answered with the group. RFC 7644 section 3.5.2 lets
// the answer be 200 with the resource, which most clients read, or 204. A group may be large, and who sends one member
// does not want a hundred thousand back; Entra ID expects 204 for any group.
const fewMembers = 100

// An answer is what a PATCH gives back: what the projection shows, but of a group with more members than most, if that is
// not 0, no more need be read.
type answer struct {
	projection *scim.Projection
	most       int
}

// fromEntra reports whether the URL is one that only Entra ID has: its flag is part of the address that it was given.
func (x *exchange) fromEntra() bool { return strings.Contains(x.r.URL.RawQuery, "aadOptscim") }

// noticingEntra gives options for reading a PATCH that tell whether it has the capital letters of Entra ID's.
func (x *exchange) noticingEntra(entra *bool) *scim.Options {
	read := *x.read
	read.Tolerated = func(d scim.Deviation) {
		*entra = *entra || d.Kind == scim.CapitalOperation
		if x.read.Tolerated != nil {
			x.read.Tolerated(d)
		}
	}
	return &read
}

// patchResource does a PATCH to the resource with an id, as a whole or not at all.
func (x *exchange) patchResource(t *resourceType, id string, req *scim.PatchRequest, pre preconditions, wanted answer) (*result, error) {
	if len(req.Operations) == 0 {
		return nil, scim.Errorf(scim.ErrInvalidSyntax, "there is no operation (RFC 7644 section 3.5.2)")
	}
	d, err := t.Resolve(req, x.read)
	if err != nil {
		return nil, err
	}
	defer x.ordered(t, id)()
	if store, ok := x.store.(Patcher); ok && t.members != nil {
		if m, rest, ok := d.Membership(t.members.Name); ok {
			return x.patchMembers(store, t, id, m, rest, pre, wanted)
		}
	}
	res, err := x.change(t, id, pre, x.apply(t, d))
	if err == nil {
		x.tellPatched(t, res.before, res.resource)
	}
	return res, err
}

// apply gives the changer that a delta is.
func (x *exchange) apply(t *resourceType, d *scim.Delta) changer {
	secret := t.hasSecret(d.Attributes())
	return func(stored *scim.Resource) (*scim.Resource, bool, error) {
		next, changed, err := d.Apply(stored)
		if err != nil || !changed {
			return stored, false, err
		}
		if err := x.h.checkMembers(next); err != nil && x.h.checkMembers(stored) == nil {
			return nil, false, err
		}
		if secret {
			next = next.Clone()
			if err := x.h.protect(x.ctx, t, next, stored); err != nil {
				return nil, false, err
			}
		}
		return next, !t.Equal(next, stored), nil
	}
}

// patchMembers has the Store add and remove members without reading them all.
func (x *exchange) patchMembers(store Patcher, t *resourceType, id string, m *scim.Membership, rest *scim.Delta, pre preconditions, wanted answer) (*result, error) {
	ifVersion, err := x.ifVersion(t, id, pre)
	if err != nil {
		return nil, err
	}
	patch := &Patch{Attribute: t.members.Name, Membership: m, IfVersion: ifVersion, Projection: wanted.projection, Most: wanted.most}
	if m != nil && max(len(m.Add), len(m.Remove)) > x.h.limits.Members {
		return nil, scim.Errorf(scim.ErrTooLarge, "the request adds or removes more than %d members; send several", x.h.limits.Members)
	}
	var was *scim.Resource
	var did patched
	if x.h.tells() {
		if was, err = store.Get(x.ctx, t.ResourceType, id, t.identity); err != nil {
			return nil, err
		}
	}
	if rest != nil && !rest.Empty() {
		change := x.apply(t, rest)
		patch.Change = func(stored *scim.Resource) (next *scim.Resource, changed bool, err error) {
			did = patched{}
			if next, changed, err = change(stored); changed {
				did = patched{stored, next}
			}
			return next, changed, err
		}
	}
	r, err := store.Patch(x.ctx, t.ResourceType, id, patch)
	if err != nil {
		return nil, err
	}
	if was != nil {
		x.tellMembers(t, was, patch, did)
	}
	return &result{status: http.StatusOK, typ: t, resource: r}, nil
}
