package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

const defaultMembers = 100

// EditRefs adds and removes members of a group, in requests of a bounded size, or sets the manager of a user.
func (d *Directory) EditRefs(ctx context.Context, ref provisioning.Ref, written string, add, remove []provisioning.Ref) error {
	fail := func(err error) error { return fmt.Errorf("change %s of %s: %w", written, ref, err) }
	k, err := d.kind(ref.Kind)
	if err != nil {
		return fail(err)
	}
	refName, err := k.refName(written)
	if err != nil {
		return fail(err)
	}
	if refName == "members" {
		if err := d.editMembers(ctx, k, string(ref.ID), add, remove); err != nil {
			return fail(err)
		}
		return nil
	}
	e := &edit{k: k, id: string(ref.ID), manager: new(string)}
	switch {
	case len(add) > 0:
		*e.manager = string(add[len(add)-1].ID)
	case len(remove) > 0:
		// Somebody may have set another one meanwhile, which is not ours to remove.
		now, err := d.client.Get(ctx, k.typ.Endpoint(), string(ref.ID))
		if err != nil {
			return fail(err)
		}
		rec := &provisioning.Record{}
		d.readManager(rec, now.GetObject(k.manager.Parent().Name).Get(k.manager.Name))
		if len(rec.Refs["manager"]) == 0 || !slices.Contains(remove, rec.Refs["manager"][0]) {
			return nil
		}
	default:
		return nil
	}
	if err := d.write(ctx, e); err != nil {
		return fail(err)
	}
	return nil
}

// editMembers sends additions and removals, never the whole list: what others do to a group at the
// same time stays done.
func (d *Directory) editMembers(ctx context.Context, k *kind, id string, add, remove []provisioning.Ref) error {
	if k.members == nil {
		return fmt.Errorf("a %s has no members: %w", k.typ.Name(), provisioning.ErrInvalid)
	}
	way, err := d.way(ctx, k)
	if err != nil {
		return err
	}
	if way == ChangePut {
		return d.putMembers(ctx, k, id, add, remove)
	}
	size, most := d.membersAtOnce(), d.client.profile.RemovalsPerRequest
	for len(add)+len(remove) > 0 {
		// Who leaves goes first: a group may have a largest size.
		out := remove[:min(size, len(remove))]
		in := add[:min(size-len(out), len(add))]
		if most > 0 && len(out) > 0 {
			out, in = out[:min(most, len(out))], nil
		}
		err := d.patchMembers(ctx, k, id, in, out)
		if errors.Is(err, errors.ErrUnsupported) && d.declared(k) == ChangeAuto {
			d.client.noPatch.Store(true)
			return d.putMembers(ctx, k, id, add, remove)
		}
		if err != nil {
			return err
		}
		remove, add = remove[len(out):], add[len(in):]
	}
	return nil
}

func (d *Directory) membersAtOnce() int {
	if n := d.client.profile.MembersPerRequest; n > 0 {
		return n
	}
	return defaultMembers
}

func (d *Directory) patchMembers(ctx context.Context, k *kind, id string, add, remove []provisioning.Ref) error {
	err := d.sendMembers(ctx, k, id, add, remove)
	if err == nil || !refusedTarget(err) || len(remove) == 0 {
		if errors.Is(err, provisioning.ErrNotFound) {
			return d.doubtful(ctx, &edit{k: k, id: id}, err)
		}
		return err
	}
	// One of those to remove is no member any more, and the server will not say which. That is what is
	// wanted, so they are removed one by one.
	for _, ref := range remove {
		if err := d.sendMembers(ctx, k, id, nil, []provisioning.Ref{ref}); err != nil && !refusedTarget(err) {
			return err
		}
	}
	if len(add) == 0 {
		return nil
	}
	return d.sendMembers(ctx, k, id, add, nil)
}

// refusedTarget reports whether a path matched nothing (RFC 7644 section 3.12).
func refusedTarget(err error) bool { return errors.Is(err, scim.ErrNoTarget) }

func (d *Directory) sendMembers(ctx context.Context, k *kind, id string, add, remove []provisioning.Ref) error {
	ops, err := d.memberOperations(add, remove)
	if err != nil {
		return err
	}
	err = d.client.do(ctx, patching(k.typ.Endpoint(), id, ops, ""))
	if statusOf(err) == http.StatusConflict && !errors.Is(err, scim.ErrUniqueness) {
		// Somebody else changed the group at the same moment. Additions and removals can be made again.
		return &answerError{text: err.Error(), status: http.StatusConflict, wrapped: []error{provisioning.ErrUnavailable}}
	}
	return err
}

// memberOperations are the PATCH that adds and removes members.
func (d *Directory) memberOperations(add, remove []provisioning.Ref) (ops []scim.PatchOperation, err error) {
	if d.client.profile.RemoveByValue && len(remove) > 0 {
		list := make([]any, len(remove))
		for i, ref := range remove {
			list[i] = scim.NewObject(scim.Member{Name: "value", Value: string(ref.ID)})
		}
		ops = append(ops, scim.PatchOperation{Op: scim.Remove, Path: "members", Value: list})
	} else {
		for _, ref := range remove {
			path, err := filter.Format(filter.Attr("members").Has(filter.Attr("value").Eq(string(ref.ID))))
			if err != nil {
				return nil, fmt.Errorf("remove %s: %w: %w", ref, err, provisioning.ErrInvalid)
			}
			ops = append(ops, scim.PatchOperation{Op: scim.Remove, Path: path})
		}
	}
	if len(add) > 0 {
		ops = append(ops, scim.PatchOperation{Op: scim.Add, Path: "members", Value: d.memberList(add)})
	}
	return ops, nil
}

func (d *Directory) memberList(refs []provisioning.Ref) []any {
	list := make([]any, len(refs))
	for i, ref := range refs {
		o := scim.NewObject(scim.Member{Name: "value", Value: string(ref.ID)})
		if d.client.profile.MemberTypes || ref.Kind != provisioning.User {
			o.Set("type", string(ref.Kind))
		}
		list[i] = o
	}
	return list
}

// putMembers is for servers without PATCH: it reads the group, changes its members, and writes it whole,
// unless somebody changed it meanwhile.
func (d *Directory) putMembers(ctx context.Context, k *kind, id string, add, remove []provisioning.Ref) error {
	for race := 0; ; race++ {
		now, version, err := d.read(ctx, &edit{k: k, id: id}, race)
		if err != nil {
			return err
		}
		rec := &provisioning.Record{}
		if v := now.Get("members"); v != nil {
			if err := readMembers(rec, v); err != nil {
				return fmt.Errorf("group %s: %w", id, err)
			}
		}
		list := slices.DeleteFunc(slices.Clone(now.GetValues("members")), func(v any) bool {
			m, ok := v.(*scim.Object)
			return ok && slices.Contains(remove, provisioning.Ref{Kind: memberKind(m), ID: provisioning.ID(m.GetString("value"))})
		})
		for _, ref := range add {
			if !slices.Contains(rec.Refs["members"], ref) {
				list = append(list, d.memberList([]provisioning.Ref{ref})...)
			}
		}
		now.Set("members", list)
		now.Delete("meta")
		err = d.client.do(ctx, replacing(k.typ.Endpoint(), now, version))
		if err == nil || !errors.Is(err, provisioning.ErrConflict) || race >= maxRaces {
			return d.doubtful(ctx, &edit{k: k, id: id}, err)
		}
	}
}

// withMembers asks for the members of a group, where the server gives groups without.
func (d *Directory) withMembers(ctx context.Context, k *kind, group *provisioning.Record) error {
	if k.members == nil || d.client.profile.MembersFilter == "" {
		return nil
	}
	return d.askMembers(ctx, group)
}

func (d *Directory) askMembers(ctx context.Context, group *provisioning.Record) error {
	users, err := d.kind(provisioning.User)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	members := []provisioning.Ref{}
	of, err := filter.Format(filter.Attr(d.client.profile.MembersFilter).Eq(string(group.ID)))
	if err != nil {
		return fmt.Errorf("read the members of %s: %w", group.Ref(), err)
	}
	for u, err := range d.client.List(ctx, users.typ.Endpoint(), &Query{Filter: of}) {
		if err != nil {
			return fmt.Errorf("read the members of %s: %w", group.Ref(), err)
		}
		if u.ID() == "" {
			what := &provisioning.Record{Kind: group.Kind, ID: group.ID, ExternalID: group.ExternalID}
			return &provisioning.RecordError{Ref: group.Ref(), Record: what, Err: errors.New("a member has no id, so nobody can tell who it is")}
		}
		members = append(members, provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(u.ID())})
	}
	group.Refs = provisioning.Refs{"members": members}
	return nil
}
