package scim

// fixed makes attributes, and those below them, what the service provider alone decides on.
func fixed(attributes ...*Attribute) []*Attribute {
	for _, a := range attributes {
		a.Mutability = ReadOnly
		fixed(a.SubAttributes...)
	}
	return attributes
}

// supported makes the attribute of a capability.
func supported(name, description string, more ...*Attribute) *Attribute {
	return &Attribute{Name: name, Type: Complex, Required: true, Description: description, SubAttributes: append([]*Attribute{
		{Name: "supported", Type: Boolean, Required: true, Description: "Whether the service provider does this."},
	}, more...)}
}

// NewServiceProviderConfigSchema gives the schema of RFC 7643 section 5, with the pagination of RFC 9865 section 4 and
// the security events of RFC 9967 section 4.
func NewServiceProviderConfigSchema() *Schema {
	return &Schema{ID: ServiceProviderConfigSchema, Name: "ServiceProviderConfig", Description: "What the service provider can do", Attributes: fixed(
		&Attribute{Name: "documentationUri", Type: Reference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "The URL of the documentation for people."},
		supported("patch", "PATCH requests."),
		supported("bulk", "Bulk requests.",
			&Attribute{Name: "maxOperations", Type: Integer, Required: true, Description: "The most operations in one request."},
			&Attribute{Name: "maxPayloadSize", Type: Integer, Required: true, Description: "The largest body in bytes."}),
		supported("filter", "Filters.", &Attribute{Name: "maxResults", Type: Integer, Required: true, Description: "The most resources in one answer."}),
		supported("changePassword", "Changing passwords."),
		supported("sort", "Sorting."),
		supported("etag", "Entity tags."),
		&Attribute{Name: "pagination", Type: Complex, Description: "Paging (RFC 9865).", SubAttributes: []*Attribute{
			{Name: "cursor", Type: Boolean, Required: true, Description: "Whether pages are had by cursor."},
			{Name: "index", Type: Boolean, Required: true, Description: "Whether pages are had by index."},
			{Name: "defaultPaginationMethod", CanonicalValues: []string{"cursor", "index"}, Description: "How pages are had when the client does not say."},
			{Name: "defaultPageSize", Type: Integer, Description: "The resources in a page when the client does not say."},
			{Name: "maxPageSize", Type: Integer, Description: "The most resources in a page."},
			{Name: "cursorTimeout", Type: Integer, Description: "How many seconds a cursor is good for at least."},
		}},
		&Attribute{Name: "securityEvents", Type: Complex, Description: "Security events (RFC 9967).", SubAttributes: []*Attribute{
			{Name: "asyncRequest", CanonicalValues: []string{"none", "long", "request"}, Description: "When requests are answered before they are done: never, when the service provider decides so, or when the client asks for it."},
			{Name: "eventUris", MultiValued: true, CaseExact: true, Description: "The events that there are."},
		}},
		&Attribute{Name: "authenticationSchemes", Type: Complex, MultiValued: true, Required: true, Description: "How clients prove who they are.", SubAttributes: []*Attribute{
			{Name: "type", Required: true, CanonicalValues: []string{"oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"}, Description: "The scheme."},
			{Name: "name", Required: true, Description: "Its name for people."},
			{Name: "description", Required: true, Description: "What it is."},
			{Name: "specUri", Type: Reference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "The URL of its specification."},
			{Name: "documentationUri", Type: Reference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "The URL of its documentation."},
			{Name: "primary", Type: Boolean, Description: "Whether this is the preferred scheme."},
		}},
	)}
}

// NewResourceTypeSchema gives the schema of RFC 7643 section 6.
func NewResourceTypeSchema() *Schema {
	return &Schema{ID: ResourceTypeSchema, Name: "ResourceType", Description: "A type of resource", Attributes: fixed(
		&Attribute{Name: "name", Required: true, Description: "The name of the type."},
		&Attribute{Name: "description", Description: "What it is."},
		&Attribute{Name: "endpoint", Type: Reference, CaseExact: true, Required: true, ReferenceTypes: []string{"uri"}, Description: "The path below the base URL."},
		&Attribute{Name: "schema", Type: Reference, CaseExact: true, Required: true, ReferenceTypes: []string{"uri"}, Description: "The URN of its schema."},
		&Attribute{Name: "schemaExtensions", Type: Complex, MultiValued: true, Description: "Its extensions.", SubAttributes: []*Attribute{
			{Name: "schema", Type: Reference, CaseExact: true, Required: true, ReferenceTypes: []string{"uri"}, Description: "The URN of the extension."},
			{Name: "required", Type: Boolean, Required: true, Description: "Whether every resource has it."},
		}},
	)}
}

// NewSchemaSchema gives the schema of RFC 7643 section 7. Its attributes nest once, as those it describes do.
func NewSchemaSchema() *Schema {
	characteristics := func(more ...*Attribute) []*Attribute {
		return append([]*Attribute{
			{Name: "name", Required: true, CaseExact: true, Description: "The name of the attribute."},
			{Name: "type", Required: true, CanonicalValues: []string{"string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"}, Description: "The type of its values."},
			{Name: "multiValued", Type: Boolean, Required: true, Description: "Whether it has several values."},
			{Name: "description", CaseExact: true, Description: "What it is."},
			{Name: "required", Type: Boolean, Description: "Whether it must have a value."},
			{Name: "canonicalValues", MultiValued: true, CaseExact: true, Description: "Values that are suggested."},
			{Name: "caseExact", Type: Boolean, Description: "Whether case counts."},
			{Name: "mutability", CaseExact: true, CanonicalValues: []string{"readOnly", "readWrite", "immutable", "writeOnly"}, Description: "Who may change it, and when."},
			{Name: "returned", CaseExact: true, CanonicalValues: []string{"always", "never", "default", "request"}, Description: "When it is in an answer."},
			{Name: "uniqueness", CaseExact: true, CanonicalValues: []string{"none", "server", "global"}, Description: "Among which resources a value is unique."},
			{Name: "referenceTypes", MultiValued: true, CaseExact: true, Description: "What it may refer to."},
		}, more...)
	}
	return &Schema{ID: SchemaSchema, Name: "Schema", Description: "A set of attributes", Attributes: fixed(
		&Attribute{Name: "name", Required: true, Description: "The name of the schema."},
		&Attribute{Name: "description", Description: "What it is."},
		&Attribute{Name: "attributes", Type: Complex, MultiValued: true, Required: true, Description: "Its attributes.", SubAttributes: characteristics(
			&Attribute{Name: "subAttributes", MultiValued: true, Type: Complex, Description: "The attributes of a complex one.", SubAttributes: characteristics()})},
	)}
}
