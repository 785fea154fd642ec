package scim

import (
	"errors"
	"fmt"
	"strings"
)

// An Extension is a schema that resources of a type can follow besides their own (RFC 7643 section 3.3).
type Extension struct {
	Schema *Schema
	// Required says that every resource has it.
	Required bool
}

// A ResourceTypeDefinition is what a [ResourceType] is made of (RFC 7643 section 6).
type ResourceTypeDefinition struct {
	// ID is the id of the type in /ResourceTypes; the Name if empty.
	ID string
	// Name is that in meta.resourceType, as "User".
	Name        string
	Description string
	// Endpoint is the path below the base URL, as "/Users".
	Endpoint   string
	Schema     *Schema
	Extensions []Extension
}

// A ResourceType is compiled from a definition, and then reads, checks, changes, matches, sorts and
// shows resources of its type. It cannot be changed and is safe for concurrent use.
type ResourceType struct {
	def        ResourceTypeDefinition
	attributes []*Attribute // top level: common ones, those of the schema, one for each extension
	names      nameIndex    // of attributes
	extensions []*Attribute
	urns       []any // of the schema and the extensions
	count      int   // of attributes at all depths
}

// NewResourceType compiles a definition, and fails if a name in it is wrong or defined twice. It
// copies what it needs, so that one Schema can serve several types.
func NewResourceType(def ResourceTypeDefinition) (*ResourceType, error) {
	t := &ResourceType{def: def, names: nameIndex{}}
	if def.Name == "" || def.Schema == nil || !strings.HasPrefix(def.Endpoint, "/") {
		return nil, errors.New("scim: a resource type needs a Name, a Schema, and an Endpoint that begins with /")
	}
	if t.def.ID == "" {
		t.def.ID = def.Name
	}
	t.urns = append(t.urns, def.Schema.ID)
	for _, a := range commonAttributes() {
		if err := t.add(a, ""); err != nil {
			return nil, err
		}
	}
	for _, a := range def.Schema.Attributes {
		if t.names.find(a.Name) != nil && isCommon(a.Name) {
			continue // schemas that list id, externalId and meta mean those of RFC 7643 section 3.1
		}
		if err := t.add(a, def.Schema.ID); err != nil {
			return nil, err
		}
	}
	for _, e := range def.Extensions {
		if e.Schema == nil {
			return nil, fmt.Errorf("scim: resource type %s: an extension has no Schema", def.Name)
		}
		a, err := (&Attribute{
			Name: e.Schema.ID, Type: Complex, Required: e.Required, Description: e.Schema.Description,
			SubAttributes: e.Schema.Attributes, ext: true,
		}).compile(nil, e.Schema.ID, "")
		if err != nil {
			return nil, fmt.Errorf("scim: resource type %s: extension %s: %w", def.Name, e.Schema.ID, err)
		}
		if !t.names.add(a.Name, a) {
			return nil, fmt.Errorf("scim: resource type %s: extension %s is there twice", def.Name, a.Name)
		}
		a.fixExtensionPaths()
		t.attributes = append(t.attributes, a)
		t.extensions = append(t.extensions, a)
		t.urns = append(t.urns, a.Name)
	}
	t.enumerate(t.attributes)
	return t, nil
}

// enumerate gives attributes, and those below them, what makes writing them fast.
func (t *ResourceType) enumerate(attributes []*Attribute) {
	for _, a := range attributes {
		a.number, a.label = t.count, string(append(appendString(nil, a.Name), ':'))
		t.count++
		t.enumerate(a.SubAttributes)
	}
}

// MustResourceType is NewResourceType for definitions that are part of the program; it panics on a mistake in them.
func MustResourceType(def ResourceTypeDefinition) *ResourceType {
	t, err := NewResourceType(def)
	if err != nil {
		panic(err)
	}
	return t
}

func (t *ResourceType) add(a *Attribute, urn string) error {
	c, err := a.compile(nil, urn, "")
	if err != nil {
		return fmt.Errorf("scim: resource type %s: %w", t.def.Name, err)
	}
	if !t.names.add(c.Name, c) {
		return fmt.Errorf("scim: resource type %s: attribute %s is defined twice", t.def.Name, c.Name)
	}
	t.attributes = append(t.attributes, c)
	return nil
}

// fixExtensionPaths makes urn:attribute of what compile has as urn.attribute.
func (a *Attribute) fixExtensionPaths() {
	for _, s := range a.SubAttributes {
		s.path = a.Name + ":" + s.Name
		for _, ss := range s.SubAttributes {
			ss.path = s.path + "." + ss.Name
		}
	}
}

// ID is the id of the type in /ResourceTypes.
func (t *ResourceType) ID() string { return t.def.ID }

// Name is that in meta.resourceType, as "User".
func (t *ResourceType) Name() string { return t.def.Name }

// Description is for a person to read.
func (t *ResourceType) Description() string { return t.def.Description }

// Endpoint is the path below the base URL, as "/Users".
func (t *ResourceType) Endpoint() string { return t.def.Endpoint }

// Schema is the schema of the type, as it was given.
func (t *ResourceType) Schema() *Schema { return t.def.Schema }

// Extensions are the extensions of the type, as they were given.
func (t *ResourceType) Extensions() []Extension { return t.def.Extensions }

// Attributes are the compiled attributes at the top: the common ones, those of the schema, and one
// for each extension. They must not be changed.
func (t *ResourceType) Attributes() []*Attribute { return t.attributes }

// Attribute finds an attribute by its name from the top, in any case: "userName", "name.familyName",
// "emails.value", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value", with the
// URN of the core schema too. It gives nil if there is none.
func (t *ResourceType) Attribute(path string) *Attribute {
	if a := t.names.find(path); a != nil {
		return a
	}
	a, rest := t.cutSchema(path)
	if a == nil {
		name, sub, dotted := strings.Cut(rest, ".")
		if a = t.names.find(name); a == nil || a.ext || !dotted {
			return a
		}
		return a.Sub(sub)
	}
	name, sub, dotted := strings.Cut(rest, ".")
	if a = a.Sub(name); a == nil || !dotted {
		return a
	}
	return a.Sub(sub)
}

// cutSchema takes the URN of the type's schema or of an extension, and the colon, off the front of a
// path. It gives the extension, or nil for the core schema and for a path without URN.
func (t *ResourceType) cutSchema(path string) (ext *Attribute, rest string) {
	for _, e := range t.extensions {
		if n := len(e.Name); len(path) > n && path[n] == ':' && hasPrefixFold(path, e.Name) {
			return e, path[n+1:]
		}
	}
	if n := len(t.def.Schema.ID); len(path) > n && path[n] == ':' && hasPrefixFold(path, t.def.Schema.ID) {
		return nil, path[n+1:]
	}
	return nil, path
}

func isCommon(name string) bool {
	for _, c := range [...]string{"schemas", "id", "externalId", "meta"} {
		if foldEqual(c, name) {
			return true
		}
	}
	return false
}

// commonAttributes are those of every resource (RFC 7643 sections 3 and 3.1).
func commonAttributes() []*Attribute {
	return []*Attribute{
		{Name: "schemas", Type: Reference, MultiValued: true, Required: true, CaseExact: true, Returned: ReturnedAlways, ReferenceTypes: []string{"uri"},
			Description: "The URNs of the schemas that the resource follows."},
		{Name: "id", CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: UniqueServer,
			Description: "The identifier that the service provider gives the resource. It never changes and is never used again."},
		{Name: "externalId", CaseExact: true,
			Description: "The identifier that the provisioning client gives the resource."},
		{Name: "meta", Type: Complex, Mutability: ReadOnly, Description: "What the service provider says about the resource.", SubAttributes: []*Attribute{
			{Name: "resourceType", CaseExact: true, Mutability: ReadOnly, Description: "The name of the resource type."},
			{Name: "created", Type: DateTime, Mutability: ReadOnly, Description: "When the resource was created."},
			{Name: "lastModified", Type: DateTime, Mutability: ReadOnly, Description: "When the resource was last changed."},
			{Name: "location", Type: Reference, CaseExact: true, Mutability: ReadOnly, ReferenceTypes: []string{"uri"}, Description: "The URL of the resource."},
			{Name: "version", CaseExact: true, Mutability: ReadOnly, Description: "The version of the resource, as an entity tag."},
		}},
	}
}
