package server

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// Record makes a provisioning record of a resource, for mappers and sinks. Its kind is the name of the type, and its ID that
// of the resource; the state of a user is its Disabled, and "members" and "manager" are its Refs. Its attributes are
// named as in scim/client: "userName", "name.givenName", "emails" for the set of all values, and
// emails[type eq "work"].value for those of one type, with the URN in front of those of an extension.
func Record(t *scim.ResourceType, r *scim.Resource) *provisioning.Record {
	rec := &provisioning.Record{
		Kind: provisioning.Kind(t.Name()), ID: provisioning.ID(r.ID()), ExternalID: provisioning.ID(r.ExternalID()),
		Version: version(r), Attributes: provisioning.Attributes{},
	}
	for _, a := range t.Attributes() {
		v := r.Get(a.Name)
		switch {
		case v == nil || a.Mutability == scim.ReadOnly || a.Returned == scim.ReturnedNever:
		case a.Name == "id" || a.Name == "externalId" || a.Name == "schemas" || a.Name == "meta":
		case a.Name == "active" && a.Type == scim.Boolean:
			rec.Disabled = v == false
		case a.IsExtension():
			o, _ := v.(*scim.Object)
			for _, s := range a.SubAttributes {
				flatten(rec, s, o.Get(s.Name))
			}
		default:
			flatten(rec, a, v)
		}
	}
	return rec
}

// flatten enters the values of one attribute.
func flatten(rec *provisioning.Record, a *scim.Attribute, v any) {
	switch v := v.(type) {
	case nil:
	case []any:
		for _, e := range v {
			flattenElement(rec, a, e)
		}
	case *scim.Object:
		if refersTo(a) {
			addRef(rec, a, v)
			return
		}
		for _, s := range a.SubAttributes {
			put(rec, s.Path(), v.Get(s.Name))
		}
	default:
		put(rec, a.Path(), v)
	}
}

// flattenElement enters one value of a multi-valued attribute: by itself, and by its type.
func flattenElement(rec *provisioning.Record, a *scim.Attribute, v any) {
	o, ok := v.(*scim.Object)
	if !ok {
		put(rec, a.Path(), v)
		return
	}
	if a.Name == membersAttribute {
		addRef(rec, a, o)
		return
	}
	put(rec, a.Path(), o.Get("value"))
	kind := o.GetString("type")
	if kind == "" || strings.ContainsAny(kind, `"\`) {
		return
	}
	for _, s := range a.SubAttributes {
		if s.Name != "type" && s.Name != "primary" && s.Name != "$ref" {
			put(rec, a.Path()+`[type eq "`+kind+`"].`+s.Name, o.Get(s.Name))
		}
	}
}

const membersAttribute = "members"

// refersTo reports whether a complex attribute is a reference to one resource, as the manager is.
func refersTo(a *scim.Attribute) bool {
	ref := a.Sub("$ref")
	return !a.MultiValued && a.Sub("value") != nil && ref != nil && ref.Type == scim.Reference
}

// addRef enters a reference. What does not say what it refers to, refers to a user.
func addRef(rec *provisioning.Record, a *scim.Attribute, o *scim.Object) {
	id := o.GetString("value")
	if id == "" {
		return
	}
	kind := provisioning.User
	if strings.EqualFold(o.GetString("type"), string(provisioning.Group)) || strings.Contains(o.GetString("$ref"), "/Groups/") {
		kind = provisioning.Group
	}
	if rec.Refs == nil {
		rec.Refs = provisioning.Refs{}
	}
	rec.Refs[a.Name] = append(rec.Refs[a.Name], provisioning.Ref{Kind: kind, ID: provisioning.ID(id)})
}

func put(rec *provisioning.Record, name string, v any) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case bool:
		s = strconv.FormatBool(v)
	case json.Number:
		s = v.String()
	}
	if s != "" && !slices.Contains(rec.Attributes[name], s) {
		rec.Attributes[name] = append(rec.Attributes[name], s)
	}
}
