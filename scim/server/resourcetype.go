package server

import (
	"net/url"
	"slices"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// A resourceType is a type with what the Handler works out of it once.
type resourceType struct {
	*scim.ResourceType
	// shown is what is shown of a resource unless the request says otherwise; bare is its id and meta.
	shown, bare *scim.Projection
	// identity is bare with the externalId.
	identity *scim.Projection
	// members is the attribute that a Patcher changes; nil for types without.
	members *scim.Attribute
	// secrets are the attributes that are never returned.
	secrets []*scim.Attribute
	links   []link
}

func newResourceType(t *scim.ResourceType) (*resourceType, error) {
	rt := &resourceType{ResourceType: t}
	var err error
	if rt.shown, err = t.Projection(nil, nil, nil); err != nil {
		return nil, err
	}
	if rt.bare, err = t.Projection([]string{"meta"}, nil, nil); err != nil {
		return nil, err
	}
	if rt.identity, err = t.Projection([]string{"meta", "externalId"}, nil, nil); err != nil {
		return nil, err
	}
	if a := t.Attribute("members"); a != nil && a.Parent() == nil && a.MultiValued && a.Sub("value") != nil {
		rt.members = a
	}
	for _, a := range t.Attributes() {
		rt.secrets = appendSecrets(rt.secrets, a)
	}
	return rt, nil
}

// appendSecrets finds attributes that are never returned. One within a multi-valued attribute cannot be
// told from its neighbours, so the whole attribute counts.
func appendSecrets(list []*scim.Attribute, a *scim.Attribute) []*scim.Attribute {
	if a.Returned == scim.ReturnedNever {
		return append(list, a)
	}
	for _, s := range a.SubAttributes {
		if a.MultiValued {
			if s.Returned == scim.ReturnedNever {
				return append(list, a)
			}
			continue
		}
		list = appendSecrets(list, s)
	}
	return list
}

// hasSecret reports whether attributes at the top hold a secret.
func (t *resourceType) hasSecret(attributes []*scim.Attribute) bool {
	for _, a := range t.secrets {
		for a.Parent() != nil {
			a = a.Parent()
		}
		if slices.Contains(attributes, a) {
			return true
		}
	}
	return false
}

// location is the URL of a resource.
func (t *resourceType) location(base, id string) string {
	return base + t.Endpoint() + "/" + url.PathEscape(id)
}

// distinctMembers leaves a member that a client sent twice in but once.
func (t *resourceType) distinctMembers(r *scim.Resource) {
	if t.members == nil {
		return
	}
	list, value := r.GetValues(t.members.Name), t.members.Sub("value")
	if len(list) < 2 {
		return
	}
	seen := make(map[string]bool, len(list))
	kept := slices.DeleteFunc(list, func(v any) bool {
		o, _ := v.(*scim.Object)
		k := value.Key(o.Get("value"))
		twice := seen[k]
		seen[k] = true
		return twice
	})
	if len(kept) < len(list) {
		r.Set(t.members.Name, kept)
	}
}

// A link is an attribute whose values point to resources by their id, and have a $ref (RFC 7643 section 2.4).
type link struct {
	attribute *scim.Attribute
	// types are those it can point to, by the name in its "type".
	types map[string]*resourceType
	only  *resourceType
}

// findLinks finds the attributes that point to resources of one of the types.
func (t *resourceType) findLinks(types []*resourceType) {
	for _, a := range t.Attributes() {
		t.addLink(a, types)
		if a.IsExtension() {
			for _, s := range a.SubAttributes {
				t.addLink(s, types)
			}
		}
	}
}

func (t *resourceType) addLink(a *scim.Attribute, types []*resourceType) {
	ref := a.Sub("$ref")
	if ref == nil || a.Sub("value") == nil {
		return
	}
	l := link{attribute: a, types: map[string]*resourceType{}}
	for _, name := range ref.ReferenceTypes {
		for _, other := range types {
			if strings.EqualFold(other.Name(), name) {
				l.types[strings.ToLower(name)], l.only = other, other
			}
		}
	}
	switch len(l.types) {
	case 0:
		return
	case 1:
	default:
		l.only = nil
	}
	t.links = append(t.links, l)
}

// link gives r with a $ref in each value that points to a resource and has none. It does not change r.
func (x *exchange) link(t *resourceType, r *scim.Resource) *scim.Resource {
	linked := r
	for i := range t.links {
		l := &t.links[i]
		owner, extension := &r.Object, l.attribute.Parent()
		if extension != nil {
			owner = r.GetObject(extension.Name)
		}
		v := owner.Get(l.attribute.Name)
		if v == nil {
			continue
		}
		with, changed := l.complete(x.baseURL(), v)
		if !changed {
			continue
		}
		if linked == r {
			linked = &scim.Resource{Object: *copyOf(&r.Object)}
		}
		if extension == nil {
			linked.Set(l.attribute.Name, with)
			continue
		}
		o := copyOf(linked.GetObject(extension.Name))
		o.Set(l.attribute.Name, with)
		linked.Set(extension.Name, o)
	}
	return linked
}

// complete gives a value, or a list of values, with a $ref in each.
func (l *link) complete(base string, v any) (_ any, changed bool) {
	switch v := v.(type) {
	case *scim.Object:
		id := v.GetString("value")
		t := l.only
		if t == nil {
			t = l.types[strings.ToLower(v.GetString("type"))]
		}
		if id == "" || t == nil || v.Get("$ref") != nil {
			return v, false
		}
		o := copyOf(v)
		o.Set("$ref", t.location(base, id))
		return o, true
	case []any:
		var list []any
		for i := range v {
			with, one := l.complete(base, v[i])
			if one && list == nil {
				list = append(make([]any, 0, len(v)), v[:i]...)
			}
			if list != nil {
				list = append(list, with)
			}
		}
		if list != nil {
			return list, true
		}
	}
	return v, false
}

// copyOf gives a copy of o that shares its values.
func copyOf(o *scim.Object) *scim.Object {
	members := make([]scim.Member, 0, o.Len()+1)
	for name, v := range o.All() {
		members = append(members, scim.Member{Name: name, Value: v})
	}
	return scim.NewObject(members...)
}
