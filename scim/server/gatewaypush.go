package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// push makes the record in the sink as the mapper has it for next; before is what it was made of so far, nil for nothing.
func (g *Gateway) push(ctx context.Context, t *scim.ResourceType, before, next *scim.Resource) error {
	rec := Record(t, next)
	was := &provisioning.Record{}
	if before != nil {
		was = Record(t, before)
	}
	clearGone(rec, was)
	add, remove := difference(was.Refs, rec.Refs)
	return g.write(ctx, rec, add, remove)
}

// pushPatch is push for a change of members that are not all known.
func (g *Gateway) pushPatch(ctx context.Context, t *scim.ResourceType, stored, next *scim.Resource, p *Patch) error {
	if m := p.Membership; m != nil && m.Replace {
		next = &scim.Resource{Object: *copyOf(&next.Object)}
		next.Set(p.Attribute, slices.Clone(m.Add))
		return g.push(ctx, t, stored, next)
	}
	rec, was := Record(t, next), Record(t, stored)
	clearGone(rec, was)
	add, remove := difference(was.Refs, rec.Refs)
	if m := p.Membership; m != nil {
		a := t.Attribute(p.Attribute)
		added, removed := &provisioning.Record{}, &provisioning.Record{}
		for _, o := range m.Add {
			addRef(added, a, o)
		}
		for _, v := range m.Remove {
			addRef(removed, a, scim.NewObject(scim.Member{Name: "value", Value: v}))
		}
		add[p.Attribute] = append(add[p.Attribute], added.Refs[p.Attribute]...)
		remove[p.Attribute] = append(remove[p.Attribute], removed.Refs[p.Attribute]...)
	}
	return g.write(ctx, rec, add, remove)
}

// clearGone has the attributes that a record had cleared: what is absent from it would be left alone.
func clearGone(rec, was *provisioning.Record) {
	for name := range was.Attributes {
		if _, ok := rec.Attributes[name]; !ok {
			rec.Attributes[name] = []string{}
		}
	}
}

// difference gives the references that come and go.
func difference(was, is provisioning.Refs) (add, remove provisioning.Refs) {
	minus := func(a, b provisioning.Refs) provisioning.Refs {
		left := provisioning.Refs{}
		for name, refs := range a {
			has := make(map[provisioning.Ref]bool, len(b[name]))
			for _, r := range b[name] {
				has[r] = true
			}
			for _, r := range refs {
				if !has[r] {
					left[name] = append(left[name], r)
				}
			}
		}
		return left
	}
	return minus(is, was), minus(was, is)
}

// write maps a record and makes it in the sink, or changes what the sink has, and then its references.
func (g *Gateway) write(ctx context.Context, rec *provisioning.Record, add, remove provisioning.Refs) error {
	after, err := g.mapped(rec, nil)
	if errors.Is(err, provisioning.SkipRecord) {
		return g.drop(ctx, rec.Ref())
	}
	if err != nil {
		return err
	}
	have, err := g.find(ctx, rec.Ref())
	if err != nil {
		return err
	}
	c := &provisioning.Change{Op: provisioning.Update, Link: provisioning.Link{Kind: after.Kind, Source: after.ExternalID}, After: after}
	if have == nil {
		if c.Target, err = g.sink.Create(ctx, after); err != nil {
			return err
		}
		c.Op = provisioning.Create
	} else {
		c.Target, c.Before = have.ID, have
		switch {
		case have.Disabled && !after.Disabled:
			c.Op = provisioning.Reactivate
		case !have.Disabled && after.Disabled:
			c.Op = provisioning.Deactivate
		}
	}
	if c.Add, err = g.links(ctx, rec, add); err != nil {
		return err
	}
	if c.Remove, err = g.links(ctx, rec, remove); err != nil {
		return err
	}
	return g.update(ctx, c, have)
}

// update changes what the sink has of a record, if it differs, and its references, in small steps if the sink can.
func (g *Gateway) update(ctx context.Context, c *provisioning.Change, have *provisioning.Record) error {
	editor, edits := g.sink.(provisioning.RefEditor)
	attributes := have != nil && (have.Disabled != c.After.Disabled || len(c.Changed()) > 0)
	refs := c.RefNames()
	if len(refs) > 0 && !edits {
		return g.sink.Update(ctx, c)
	}
	if attributes {
		only := *c
		only.Add, only.Remove = nil, nil
		if err := g.sink.Update(ctx, &only); err != nil {
			return err
		}
	}
	for _, name := range refs {
		if err := editor.EditRefs(ctx, provisioning.Ref{Kind: c.Kind, ID: c.Target}, name, targets(c.Add[name]), targets(c.Remove[name])); err != nil {
			return err
		}
	}
	return nil
}

func targets(links []provisioning.Link) []provisioning.Ref {
	refs := make([]provisioning.Ref, len(links))
	for i, l := range links {
		refs[i] = provisioning.Ref{Kind: l.Kind, ID: l.Target}
	}
	return refs
}

// mapped gives the record that the sink shall have, without references unless refs are given.
func (g *Gateway) mapped(rec *provisioning.Record, refs provisioning.Refs) (*provisioning.Record, error) {
	src := rec.Clone()
	src.Refs = refs
	after := src
	if g.options.Mapper != nil {
		var err error
		if after, err = g.options.Mapper.Map(src); err != nil {
			return nil, err
		}
		after = after.Clone()
	}
	after.ID, after.Version, after.ExternalID = "", "", rec.ID
	if refs == nil {
		after.Refs = nil
		if c, ok := g.sink.(provisioning.Canonicalizer); ok {
			return c.Canonical(after)
		}
	}
	return after, nil
}

// links gives the records in the sink that references point to, by the names under which the sink has them. Who is not in
// the sink, since the mapper leaves them out, is passed over.
func (g *Gateway) links(ctx context.Context, rec *provisioning.Record, refs provisioning.Refs) (map[string][]provisioning.Link, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	after, err := g.mapped(rec, refs)
	if err != nil {
		return nil, err
	}
	links := map[string][]provisioning.Link{}
	for name, refs := range after.Refs {
		byKind := map[provisioning.Kind][]string{}
		for _, r := range refs {
			byKind[r.Kind] = append(byKind[r.Kind], string(r.ID))
		}
		for kind, ids := range byKind {
			for r, err := range provisioning.Find(ctx, g.sink, provisioning.Lookup{Kind: kind, By: provisioning.ByExternalID, Values: ids}) {
				if err != nil {
					return nil, fmt.Errorf("find who %s of %s refer to: %w", name, rec.Ref(), err)
				}
				links[name] = append(links[name], provisioning.Link{Kind: kind, Source: r.ExternalID, Target: r.ID})
			}
		}
		if len(links[name]) == 0 {
			delete(links, name)
		}
	}
	return links, nil
}

// find gives what the sink has of a resource; nil if nothing.
func (g *Gateway) find(ctx context.Context, ref provisioning.Ref) (*provisioning.Record, error) {
	var have *provisioning.Record
	for r, err := range provisioning.Find(ctx, g.sink, provisioning.Lookup{Kind: ref.Kind, By: provisioning.ByExternalID, Values: []string{string(ref.ID)}}) {
		if err != nil {
			return nil, fmt.Errorf("find %s in the sink: %w", ref, err)
		}
		if have != nil {
			return nil, fmt.Errorf("two records of the sink carry the ExternalID of %s: %w", ref, provisioning.ErrConflict)
		}
		have = r
	}
	return have, nil
}

// remove takes the record of a resource out of the sink, or disables it.
func (g *Gateway) remove(ctx context.Context, t *scim.ResourceType, stored *scim.Resource) error {
	return g.drop(ctx, Record(t, stored).Ref())
}

func (g *Gateway) drop(ctx context.Context, ref provisioning.Ref) error {
	have, err := g.find(ctx, ref)
	if err != nil || have == nil {
		return err
	}
	if ref.Kind != provisioning.User || g.options.Delete[ref.Kind] {
		return g.sink.Delete(ctx, have.Ref())
	}
	if have.Disabled {
		return nil
	}
	if d, ok := g.sink.(provisioning.Deactivator); ok {
		return d.Deactivate(ctx, have.Ref())
	}
	after := &provisioning.Record{Kind: have.Kind, ExternalID: have.ExternalID, Disabled: true}
	return g.sink.Update(ctx, &provisioning.Change{
		Op: provisioning.Deactivate, Link: provisioning.Link{Kind: have.Kind, Source: have.ExternalID, Target: have.ID},
		Before: have, After: after, Reason: "deleted by the identity provider",
	})
}

// refused makes of an error of the sink what the identity provider is told, and logs its cause, which that does not say.
// What is no refusal the Handler logs.
func (g *Gateway) refused(ctx context.Context, t *scim.ResourceType, id string, err error) error {
	told := sinkError(t, err)
	var e *scim.Error
	if errors.As(told, &e) {
		g.logger.WarnContext(ctx, "scim gateway: the target refused a change", "type", t.Name(), "id", id, "status", e.Status, "error", err)
	}
	return told
}

// sinkError is what the identity provider is told.
func sinkError(t *scim.ResourceType, err error) error {
	var e *scim.Error
	switch {
	case errors.Is(err, provisioning.ErrUnauthorized):
		// A 401 of the target must not look like one of ours: it is not the identity provider's token that is wrong.
		return fmt.Errorf("hand %s on: %v", t.Name(), err)
	case errors.Is(err, provisioning.ErrExists):
		return &scim.Error{Status: http.StatusConflict, Type: "uniqueness", Detail: "the target has another " + t.Name() + " with a value that must be unique", Err: err}
	case errors.Is(err, provisioning.ErrInvalid):
		return &scim.Error{Status: http.StatusBadRequest, Type: "invalidValue", Detail: "the target refuses the data of this " + t.Name(), Err: err}
	case errors.Is(err, provisioning.ErrConflict):
		return &scim.Error{Status: http.StatusConflict, Detail: "the target was changed meanwhile; try again", Err: err}
	case errors.Is(err, provisioning.ErrUnavailable):
		return &scim.Error{Status: http.StatusServiceUnavailable, Detail: "the target cannot be reached; try again later", Err: err}
	case errors.As(err, &e):
		return err
	}
	return fmt.Errorf("hand %s on: %w", t.Name(), err)
}
