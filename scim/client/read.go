package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

type typedKey struct {
	top, sub *scim.Attribute
	typ      string
}

// record makes a record of a resource.
func (d *Directory) record(kindName provisioning.Kind, k *kind, r *scim.Resource) (*provisioning.Record, error) {
	rec := &provisioning.Record{Kind: kindName, Attributes: make(provisioning.Attributes, r.Len()+6)}
	in := &reader{kind: k, rec: rec, slab: make([]string, 0, 2*r.Len())}
	if rec.ID = provisioning.ID(r.ID()); rec.ID == "" {
		return nil, errors.New("the resource has no id, so nobody can tell which it is")
	}
	rec.ExternalID = provisioning.ID(r.ExternalID())
	rec.Version = r.GetObject("meta").GetString("version")
	for member, v := range r.All() {
		a := k.typ.Attribute(member)
		switch {
		case a == nil || v == nil || a.Parent() != nil:
		case a.IsExtension():
			ext, _ := v.(*scim.Object)
			for member, v := range ext.All() {
				if s := a.Sub(member); s != nil {
					if s == k.manager {
						d.readManager(rec, v)
					} else {
						in.read(s, v)
					}
				}
			}
		case a == k.members:
			if err := readMembers(rec, v); err != nil {
				return nil, err
			}
		case k.active && foldEqual(a.Name, "active"):
			rec.Disabled = k.decode(a, "", v) == "false"
		case isOneOf(a.Name, "id", "externalId", "schemas", "meta") || a.Mutability == scim.ReadOnly:
		default:
			in.read(a, v)
		}
	}
	if k.members != nil && rec.Refs["members"] == nil && d.client.profile.MembersFilter == "" {
		// A group that gives no members has none (RFC 7643 section 2.5).
		rec.Refs = provisioning.Refs{"members": {}}
	}
	return rec, nil
}

// read enters the values of one attribute.
func (k *reader) read(a *scim.Attribute, v any) {
	switch {
	case a.Type == scim.Complex && a.MultiValued:
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, e := range list {
			k.readElement(a, e)
		}
	case a.Type == scim.Complex:
		if o, ok := v.(*scim.Object); ok {
			for member, v := range o.All() {
				if s := a.Sub(member); s != nil {
					k.put(s.Path(), s, v)
				}
			}
		}
	default:
		if list, ok := v.([]any); ok {
			for _, e := range list {
				k.put(a.Path(), a, e)
			}
			return
		}
		k.put(a.Path(), a, v)
	}
}

// readElement enters one value of a multi-valued complex attribute, by itself and by its type.
func (k *reader) readElement(a *scim.Attribute, v any) {
	value := a.Sub("value")
	o, ok := v.(*scim.Object)
	if !ok {
		if value != nil {
			k.put(a.Path(), value, v)
		}
		return
	}
	if value != nil {
		k.put(a.Path(), value, o.Get("value"))
	}
	typ := o.GetString("type")
	if typ == "" || strings.ContainsAny(typ, `"\`) {
		return
	}
	typ = canonicalType(a, typ)
	for member, v := range o.All() {
		s := a.Sub(member)
		if s == nil || isOneOf(s.Name, "type", "primary", "$ref") {
			continue
		}
		key := typedKey{a, s, typ}
		path, ok := k.shown.Load(key)
		if !ok {
			path = typedPath(a, typ, s)
			k.shown.Store(key, path)
		}
		k.put(path.(string), s, v)
	}
}

// canonicalType spells a type as the schema does.
func canonicalType(a *scim.Attribute, typ string) string {
	if t := a.Sub("type"); t != nil {
		for _, c := range t.CanonicalValues {
			if foldEqual(c, typ) {
				return c
			}
		}
	}
	return typ
}

// reader makes one record. Its values lie in one slab, since most attributes have one value.
type reader struct {
	*kind
	rec  *provisioning.Record
	slab []string
}

func (k *reader) put(path string, a *scim.Attribute, v any) {
	if a.Returned == scim.ReturnedNever || a.Mutability == scim.WriteOnly {
		return
	}
	s := k.decode(a, path, v)
	old := k.rec.Attributes[path]
	switch {
	case s == "" || slices.Contains(old, s):
	case len(old) > 0:
		k.rec.Attributes[path] = append(old, s)
	default:
		k.slab = append(k.slab, s)
		n := len(k.slab)
		k.rec.Attributes[path] = k.slab[n-1 : n : n] // an append to it never reaches the next value
	}
}

// readManager takes the id of the manager, also where it is not in an object (Entra ID's form).
func (d *Directory) readManager(rec *provisioning.Record, v any) {
	var id string
	switch v := v.(type) {
	case *scim.Object:
		id = v.GetString("value")
	case string:
		id = v
	}
	if id == "" {
		return
	}
	if rec.Refs == nil {
		rec.Refs = provisioning.Refs{}
	}
	rec.Refs["manager"] = []provisioning.Ref{{Kind: provisioning.User, ID: provisioning.ID(id)}}
}

func readMembers(rec *provisioning.Record, v any) error {
	list, ok := v.([]any)
	if !ok {
		return errors.New("members is no list")
	}
	refs := make([]provisioning.Ref, 0, len(list))
	seen := make(map[provisioning.Ref]bool, len(list))
	for i, e := range list {
		var ref provisioning.Ref
		switch m := e.(type) {
		case *scim.Object:
			ref = provisioning.Ref{Kind: memberKind(m), ID: provisioning.ID(m.GetString("value"))}
		case string:
			ref = provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(m)}
		}
		if ref.ID == "" {
			return fmt.Errorf("member %d has no value, so nobody can tell who it is", i)
		}
		if !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	if rec.Refs == nil {
		rec.Refs = provisioning.Refs{}
	}
	rec.Refs["members"] = refs
	return nil
}

// memberKind tells what a member is: by its type, else by its address, else a user.
func memberKind(m *scim.Object) provisioning.Kind {
	switch t := m.GetString("type"); {
	case foldEqual(t, "group"):
		return provisioning.Group
	case t != "" && !isOneOf(t, "user", "direct", "indirect"):
		return provisioning.Kind(t)
	}
	if strings.Contains(m.GetString("$ref"), "/Groups/") {
		return provisioning.Group
	}
	return provisioning.User
}
