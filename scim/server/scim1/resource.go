package scim1

import (
	"strings"

	"github.com/ilumy/usersync/scim"
)

// resource2 makes a resource of SCIM 2.0 of one of 1.1, as POST and PUT send it. What it does not know, it leaves to the
// Handler behind.
func (h *Handler) resource2(t *scim.ResourceType, o *scim.Object) (*scim.Object, error) {
	out := scim.NewObject()
	for name, v := range o.All() {
		var err error
		switch path := path2(name); {
		case strings.EqualFold(name, "meta"):
			// It is the server's, but for the attributes of a PATCH, which mean nothing here.
		case strings.EqualFold(name, "schemas"):
			err = add(out, "schemas", schemas2(t, v))
		default:
			err = add(out, path, h.value2(t.Attribute(path), v))
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// add adds a member whose name is not there by its other spelling already.
func add(o *scim.Object, name string, v any) error {
	if o.Has(name) {
		return scim.Errorf(scim.ErrInvalidSyntax, "%s is there twice", urn1(name))
	}
	o.Set(name, v)
	return nil
}

func schemas2(t *scim.ResourceType, v any) any {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	out := make([]any, len(list))
	for i, v := range list {
		switch s, _ := v.(string); {
		case strings.EqualFold(s, CoreSchema):
			v = t.Schema().ID
		case strings.EqualFold(s, EnterpriseSchema):
			v = scim.EnterpriseUserSchema
		}
		out[i] = v
	}
	return out
}

// value2 makes a value of SCIM 2.0 of one of 1.1. The attribute is nil if the type has none of that name.
func (h *Handler) value2(a *scim.Attribute, v any) any {
	switch v := v.(type) {
	case []any:
		kept := make([]any, 0, len(v))
		for _, e := range v {
			o, ok := e.(*scim.Object)
			if !ok {
				kept = append(kept, e)
				continue
			}
			if op := operationOf(o); op != opDelete { // one that is deleted shall not be there
				kept = append(kept, h.element2(a, o))
			}
		}
		return kept
	case *scim.Object:
		if a == nil || !a.IsExtension() {
			return h.element2(a, v)
		}
		out := scim.NewObject()
		for name, e := range v.All() {
			out.Set(name, h.value2(a.Sub(name), e))
		}
		return out
	}
	return v
}

// element2 gives an object without what SCIM 1.1 alone has in it. References are left out where an id is there, since
// they lead to the endpoints of 1.1, and the Handler behind makes those of either version itself.
func (h *Handler) element2(a *scim.Attribute, o *scim.Object) *scim.Object {
	manager := a != nil && a.SchemaID() == scim.EnterpriseUserSchema && a.Name == managerAttribute
	out := scim.NewObject()
	for name, v := range o.All() {
		switch {
		case strings.EqualFold(name, operation) && a != nil && a.MultiValued && a.Sub(operation) == nil:
		case strings.EqualFold(name, "$ref") && h.refers(a) && (o.Get("value") != nil || o.Get(managerID) != nil):
		case manager && strings.EqualFold(name, managerID):
			out.Set(managerValue, v)
		default:
			if !out.Has(name) {
				out.Set(name, v)
			}
		}
	}
	return out
}

// refers reports whether the values of an attribute refer to resources that are served here.
func (h *Handler) refers(a *scim.Attribute) bool {
	if a == nil || a.Sub("$ref") == nil {
		return false
	}
	for _, name := range a.Sub("$ref").ReferenceTypes {
		for _, t := range h.types {
			if strings.EqualFold(t.Name(), name) {
				return true
			}
		}
	}
	return false
}

// resource1 makes a resource of SCIM 1.1 of one of 2.0, as the Handler behind gives it. It changes o.
func resource1(o *scim.Object) *scim.Object {
	out := scim.NewObject()
	for name, v := range o.All() {
		switch {
		case name == "schemas":
			v = schemas1(v)
		case name == "meta":
			if meta, ok := v.(*scim.Object); ok {
				meta.Delete("resourceType")
				if meta.Len() == 0 {
					continue
				}
			}
		case strings.EqualFold(name, scim.EnterpriseUserSchema):
			name = EnterpriseSchema
			if e, ok := v.(*scim.Object); ok {
				manager1(e)
			}
		}
		out.Set(name, v)
	}
	return out
}

func schemas1(v any) any {
	list, _ := v.([]any)
	for i, v := range list {
		if s, ok := v.(string); ok {
			list[i] = urn1(s)
		}
	}
	return v
}

// manager1 gives the manager of a user the names of SCIM 1.1.
func manager1(enterprise *scim.Object) {
	m := enterprise.GetObject(managerAttribute)
	if m == nil {
		return
	}
	out := scim.NewObject()
	for name, v := range m.All() {
		if strings.EqualFold(name, managerValue) {
			name = managerID
		}
		out.Set(name, v)
	}
	enterprise.Set(managerAttribute, out)
}
