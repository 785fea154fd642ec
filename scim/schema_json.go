package scim

import "fmt"

// ParseSchema reads a schema as RFC 7643 section 7 has it. Characteristics that are missing have their
// defaults (section 2.2). Errors are of class [ErrInvalidSyntax] or [ErrInvalidValue] and name the attribute.
func ParseSchema(b []byte) (*Schema, error) {
	o, err := DecodeObject(b, nil)
	if err != nil {
		return nil, err
	}
	s := &Schema{ID: o.GetString("id"), Name: o.GetString("name"), Description: o.GetString("description")}
	if s.ID == "" {
		return nil, Errorf(ErrInvalidValue, "a schema needs an id, which is its URN")
	}
	if s.Attributes, err = parseAttributes(o.Get("attributes"), s.ID); err != nil {
		return nil, err
	}
	for _, a := range s.Attributes {
		if _, err := a.compile(nil, s.ID, ""); err != nil {
			return nil, Errorf(ErrInvalidValue, "schema %s: %w", s.ID, err)
		}
	}
	return s, nil
}

func parseAttributes(v any, within string) ([]*Attribute, error) {
	if v == nil {
		return nil, nil
	}
	list, ok := v.([]any)
	if !ok {
		return nil, Errorf(ErrInvalidValue, "%s: the attributes are not a list", within)
	}
	attributes := make([]*Attribute, len(list))
	for i, e := range list {
		o, ok := e.(*Object)
		if !ok {
			return nil, Errorf(ErrInvalidValue, "%s: attribute %d is not an object", within, i+1)
		}
		a := &Attribute{
			Name: o.GetString("name"), Description: o.GetString("description"),
			Type: AttributeType(o.GetString("type")), Mutability: Mutability(o.GetString("mutability")),
			Returned: Returned(o.GetString("returned")), Uniqueness: Uniqueness(o.GetString("uniqueness")),
		}
		for name, p := range map[string]*bool{"multiValued": &a.MultiValued, "required": &a.Required, "caseExact": &a.CaseExact} {
			if v := o.Get(name); v != nil {
				if *p, ok = v.(bool); !ok {
					return nil, Errorf(ErrInvalidValue, "%s: %s of attribute %s is not true or false", within, name, a.Name)
				}
			}
		}
		for name, p := range map[string]*[]string{"canonicalValues": &a.CanonicalValues, "referenceTypes": &a.ReferenceTypes} {
			for _, v := range o.GetValues(name) {
				s, ok := v.(string)
				if !ok {
					return nil, Errorf(ErrInvalidValue, "%s: %s of attribute %s holds what is not a string", within, name, a.Name)
				}
				*p = append(*p, s)
			}
		}
		var err error
		if a.SubAttributes, err = parseAttributes(o.Get("subAttributes"), fmt.Sprintf("%s: %s", within, a.Name)); err != nil {
			return nil, err
		}
		attributes[i] = a
	}
	return attributes, nil
}

// Object gives the schema as RFC 7643 section 7 has it, with all characteristics written out.
func (s *Schema) Object() *Object {
	return &Object{members: []Member{
		{"schemas", []any{SchemaSchema}}, {"id", s.ID}, {"name", s.Name}, {"description", s.Description},
		{"attributes", attributeObjects(s.Attributes)},
	}}
}

// MarshalJSON gives the schema as RFC 7643 section 7 has it.
func (s *Schema) MarshalJSON() ([]byte, error) { return s.Object().AppendJSON(nil) }

func attributeObjects(attributes []*Attribute) []any {
	list := make([]any, len(attributes))
	for i, a := range attributes {
		a := a.withDefaults()
		o := &Object{members: []Member{
			{"name", a.Name}, {"type", string(a.Type)}, {"multiValued", a.MultiValued}, {"description", a.Description},
			{"required", a.Required}, {"caseExact", a.CaseExact}, {"mutability", string(a.Mutability)},
			{"returned", string(a.Returned)}, {"uniqueness", string(a.Uniqueness)},
		}}
		if len(a.CanonicalValues) > 0 {
			o.Set("canonicalValues", a.CanonicalValues)
		}
		if len(a.ReferenceTypes) > 0 {
			o.Set("referenceTypes", a.ReferenceTypes)
		}
		if len(a.SubAttributes) > 0 {
			o.Set("subAttributes", attributeObjects(a.SubAttributes))
		}
		list[i] = o
	}
	return list
}

// Object gives the resource type as RFC 7643 section 6 has it.
func (t *ResourceType) Object() *Object {
	extensions := make([]any, len(t.def.Extensions))
	for i, e := range t.def.Extensions {
		extensions[i] = &Object{members: []Member{{"schema", e.Schema.ID}, {"required", e.Required}}}
	}
	return &Object{members: []Member{
		{"schemas", []any{ResourceTypeSchema}}, {"id", t.def.ID}, {"name", t.def.Name}, {"description", t.def.Description},
		{"endpoint", t.def.Endpoint}, {"schema", t.def.Schema.ID}, {"schemaExtensions", extensions},
	}}
}
