package scim1

import (
	"strings"

	"github.com/ilumy/usersync/scim"
)

// schema1 gives the schema of a resource type as SCIM 1.1 has it: one for the core and all extensions, whose attributes
// say by their "schema" where they belong.
func schema1(t *scim.ResourceType) *scim.Object {
	core := urn1(t.Schema().ID)
	o := scim.NewObject(
		scim.Member{Name: "schemas", Value: []string{CoreSchema}},
		scim.Member{Name: "id", Value: schemaID(t)},
		scim.Member{Name: "name", Value: t.Name()},
		scim.Member{Name: "description", Value: t.Description()},
		scim.Member{Name: "schema", Value: core},
		scim.Member{Name: "endpoint", Value: t.Endpoint()})
	var list []any
	for _, a := range t.Attributes() {
		switch {
		case a.Name == "schemas":
		case a.IsExtension():
			for _, s := range a.SubAttributes {
				list = append(list, attribute1(s, urn1(a.Name)))
			}
		default:
			list = append(list, attribute1(a, core))
		}
	}
	o.Set("attributes", list)
	return o
}

// schemaID is the URN of the core and the name of the type, as urn:scim:schemas:core:1.0:User.
func schemaID(t *scim.ResourceType) string {
	if core := urn1(t.Schema().ID); core == CoreSchema {
		return core + ":" + t.Name()
	}
	return t.Schema().ID
}

// attribute1 gives an attribute at the top as SCIM 1.1 has it.
func attribute1(a *scim.Attribute, schema string) *scim.Object {
	o := definition(a)
	if a.MultiValued {
		o.Set("multiValuedAttributeChildName", childName(a.Name))
	}
	o.Set("schema", schema)
	var subs []any
	for _, s := range a.SubAttributes {
		switch {
		case a.Name == "meta" && s.Name == "resourceType":
			continue
		case a.SchemaID() == scim.EnterpriseUserSchema && a.Name == managerAttribute && s.Name == managerValue:
			renamed := *s
			renamed.Name, s = managerID, &renamed
		}
		subs = append(subs, definition(s))
	}
	switch {
	case a.Name == "meta":
		removed := &scim.Attribute{Name: "attributes", MultiValued: true, Description: "The names of the attributes that a PATCH removes."}
		subs = append(subs, definition(removed))
	case a.MultiValued && a.Type == scim.Complex && a.Sub(operation) == nil:
		subs = append(subs, definition(&scim.Attribute{Name: operation, Description: "What a PATCH does with the value: delete removes it.", CanonicalValues: []string{opDelete}}))
	}
	if subs != nil {
		o.Set("subAttributes", subs)
	}
	return o
}

// definition is what there is to say of an attribute and of a sub-attribute.
func definition(a *scim.Attribute) *scim.Object {
	typ := a.Type
	if typ == scim.Reference || typ == "" {
		typ = scim.String
	}
	o := scim.NewObject(
		scim.Member{Name: "name", Value: a.Name},
		scim.Member{Name: "type", Value: string(typ)},
		scim.Member{Name: "multiValued", Value: a.MultiValued},
		scim.Member{Name: "description", Value: a.Description},
		scim.Member{Name: "readOnly", Value: a.Mutability == scim.ReadOnly},
		scim.Member{Name: "required", Value: a.Required},
		scim.Member{Name: "caseExact", Value: a.CaseExact})
	if len(a.CanonicalValues) > 0 {
		values := make([]any, len(a.CanonicalValues))
		for i, v := range a.CanonicalValues {
			values[i] = scim.NewObject(scim.Member{Name: "value", Value: v})
		}
		o.Set("canonicalValues", values)
	}
	return o
}

// childName is what one value of a multi-valued attribute is called: the email of emails.
func childName(name string) string {
	if s, ok := strings.CutSuffix(name, "sses"); ok {
		return s + "ss"
	}
	return strings.TrimSuffix(name, "s")
}

// schemas answers with the schema that is asked for, or with all.
func (h *Handler) schemas(id string) *scim.Object {
	var list []any
	for _, t := range h.types {
		if id != "" && h.isSchema(t, id) {
			return schema1(t)
		}
		list = append(list, schema1(t))
	}
	return scim.NewObject(
		scim.Member{Name: "totalResults", Value: len(list)},
		scim.Member{Name: "itemsPerPage", Value: len(list)},
		scim.Member{Name: "startIndex", Value: 1},
		scim.Member{Name: "schemas", Value: []string{CoreSchema}},
		scim.Member{Name: "Resources", Value: list})
}

// isSchema reports whether a schema is called by an id: its URN, or the name or endpoint of its type, which the drafts leave open.
func (h *Handler) isSchema(t *scim.ResourceType, id string) bool {
	return strings.EqualFold(id, schemaID(t)) || strings.EqualFold(id, t.Name()) || strings.EqualFold("/"+id, t.Endpoint())
}
