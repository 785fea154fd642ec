package server

import "github.com/ilumy/usersync/scim"

// typeObject gives a resource type as RFC 7643 section 6 has it.
func typeObject(t *scim.ResourceType) *scim.Object {
	extensions := make([]any, len(t.Extensions()))
	for i, e := range t.Extensions() {
		extensions[i] = scim.NewObject(
			scim.Member{Name: "schema", Value: e.Schema.ID},
			scim.Member{Name: "required", Value: e.Required})
	}
	return scim.NewObject(
		scim.Member{Name: "schemas", Value: []string{scim.ResourceTypeSchema}},
		scim.Member{Name: "id", Value: t.ID()},
		scim.Member{Name: "name", Value: t.Name()},
		scim.Member{Name: "description", Value: t.Description()},
		scim.Member{Name: "endpoint", Value: t.Endpoint()},
		scim.Member{Name: "schema", Value: t.Schema().ID},
		scim.Member{Name: "schemaExtensions", Value: extensions})
}

// schemaObject gives a schema as RFC 7643 section 7 has it.
func schemaObject(s *scim.Schema) *scim.Object {
	return scim.NewObject(
		scim.Member{Name: "schemas", Value: []string{scim.SchemaSchema}},
		scim.Member{Name: "id", Value: s.ID},
		scim.Member{Name: "name", Value: s.Name},
		scim.Member{Name: "description", Value: s.Description},
		scim.Member{Name: "attributes", Value: attributeObjects(s.Attributes)})
}

func attributeObjects(attributes []*scim.Attribute) []any {
	list := make([]any, len(attributes))
	for i, a := range attributes {
		o := scim.NewObject(
			scim.Member{Name: "name", Value: a.Name},
			scim.Member{Name: "type", Value: or(string(a.Type), "string")},
			scim.Member{Name: "multiValued", Value: a.MultiValued},
			scim.Member{Name: "description", Value: a.Description},
			scim.Member{Name: "required", Value: a.Required},
			scim.Member{Name: "caseExact", Value: a.CaseExact},
			scim.Member{Name: "mutability", Value: or(string(a.Mutability), "readWrite")},
			scim.Member{Name: "returned", Value: or(string(a.Returned), "default")},
			scim.Member{Name: "uniqueness", Value: or(string(a.Uniqueness), "none")})
		if len(a.CanonicalValues) > 0 {
			o.Set("canonicalValues", append([]string(nil), a.CanonicalValues...))
		}
		if len(a.ReferenceTypes) > 0 {
			o.Set("referenceTypes", append([]string(nil), a.ReferenceTypes...))
		}
		if len(a.SubAttributes) > 0 {
			o.Set("subAttributes", attributeObjects(a.SubAttributes))
		}
		list[i] = o
	}
	return list
}

func or(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

func schemasOf(t *scim.ResourceType) []*scim.Schema {
	list := []*scim.Schema{t.Schema()}
	for _, e := range t.Extensions() {
		list = append(list, e.Schema)
	}
	return list
}
