package scim

// multi makes a multi-valued complex attribute with the sub-attributes of RFC 7643 section 2.4.
func multi(name, description string, canonical []string, value *Attribute, more ...*Attribute) *Attribute {
	value.Name = "value"
	return &Attribute{Name: name, Type: Complex, MultiValued: true, Description: description, SubAttributes: append([]*Attribute{
		value,
		{Name: "display", Description: "A name of the value, for a person to read."},
		{Name: "type", Description: "What the value is for.", CanonicalValues: canonical},
		{Name: "primary", Type: Boolean, Description: "Whether this is the preferred value; at most one is."},
	}, more...)}
}

// NewUserSchema gives the User schema of RFC 7643 section 4.1. The caller may add to it.
func NewUserSchema() *Schema {
	place := []string{"work", "home", "other"}
	return &Schema{ID: UserSchema, Name: "User", Description: "User Account", Attributes: []*Attribute{
		{Name: "userName", Required: true, Uniqueness: UniqueServer,
			Description: "The name by which the user logs in, unique in the service provider."},
		{Name: "name", Type: Complex, Description: "The parts of the user's real name.", SubAttributes: []*Attribute{
			{Name: "formatted", Description: "The full name for display."},
			{Name: "familyName", Description: "The family name."},
			{Name: "givenName", Description: "The given name."},
			{Name: "middleName", Description: "The middle names."},
			{Name: "honorificPrefix", Description: "The title before the name, as Ms."},
			{Name: "honorificSuffix", Description: "What follows the name, as III."},
		}},
		{Name: "displayName", Description: "The name to show to other people."},
		{Name: "nickName", Description: "The casual name, as Bob for Robert."},
		{Name: "profileUrl", Type: Reference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "The URL of the user's online profile."},
		{Name: "title", Description: "The job title, as Vice President."},
		{Name: "userType", Description: "The relation to the organisation, as Employee or Contractor."},
		{Name: "preferredLanguage", Description: "The preferred languages, as the Accept-Language header has them."},
		{Name: "locale", Description: "The location by which dates, numbers and money are shown, as a language tag."},
		{Name: "timezone", Description: "The time zone, as the Olson database names it: Europe/Amsterdam."},
		{Name: "active", Type: Boolean, Description: "Whether the user may log in."},
		{Name: "password", CaseExact: true, Mutability: WriteOnly, Returned: ReturnedNever, Description: "The clear-text password to set; it is never given back."},
		multi("emails", "E-mail addresses.", place, &Attribute{Description: "An e-mail address (RFC 5321)."}),
		multi("phoneNumbers", "Telephone numbers.", []string{"work", "home", "mobile", "fax", "pager", "other"}, &Attribute{Description: "A telephone number (RFC 3966)."}),
		multi("ims", "Instant messaging addresses.", []string{"aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"}, &Attribute{Description: "An address."}),
		multi("photos", "URLs of pictures of the user.", []string{"photo", "thumbnail"}, &Attribute{Type: Reference, CaseExact: true, ReferenceTypes: []string{"external"}, Description: "The URL of a picture."}),
		{Name: "addresses", Type: Complex, MultiValued: true, Description: "Postal addresses.", SubAttributes: []*Attribute{
			{Name: "formatted", Description: "The full address for display, with line breaks."},
			{Name: "streetAddress", Description: "Street, number and so on."},
			{Name: "locality", Description: "The city."},
			{Name: "region", Description: "The state or province."},
			{Name: "postalCode", Description: "The postal code."},
			{Name: "country", Description: "The country, as two letters of ISO 3166-1."},
			{Name: "type", CanonicalValues: place, Description: "What the address is for."},
			{Name: "primary", Type: Boolean, Description: "Whether this is the preferred address; at most one is."},
		}},
		{Name: "groups", Type: Complex, MultiValued: true, Mutability: ReadOnly, Description: "The groups of the user; they are changed at the group.", SubAttributes: []*Attribute{
			{Name: "value", CaseExact: true, Mutability: ReadOnly, Description: "The id of the group."},
			{Name: "$ref", Type: Reference, CaseExact: true, Mutability: ReadOnly, ReferenceTypes: []string{"Group"}, Description: "The URL of the group."},
			{Name: "display", Mutability: ReadOnly, Description: "The name of the group."},
			{Name: "type", Mutability: ReadOnly, CanonicalValues: []string{"direct", "indirect"}, Description: "Whether the user is a member itself or through another group."},
		}},
		multi("entitlements", "Things that the user is entitled to.", nil, &Attribute{Description: "An entitlement."}),
		multi("roles", "Roles of the user, as Student or Faculty.", nil, &Attribute{Description: "A role."}),
		multi("x509Certificates", "Certificates issued to the user.", nil, &Attribute{Type: Binary, CaseExact: true, Description: "A certificate in DER."}),
	}}
}

// NewEnterpriseUserSchema gives the extension of RFC 7643 section 4.3.
func NewEnterpriseUserSchema() *Schema {
	return &Schema{ID: EnterpriseUserSchema, Name: "EnterpriseUser", Description: "Enterprise User", Attributes: []*Attribute{
		{Name: "employeeNumber", Description: "What the organisation calls the person."},
		{Name: "costCenter", Description: "The cost center."},
		{Name: "organization", Description: "The organization."},
		{Name: "division", Description: "The division."},
		{Name: "department", Description: "The department."},
		{Name: "manager", Type: Complex, Description: "The user's manager.", SubAttributes: []*Attribute{
			{Name: "value", CaseExact: true, Description: "The id of the manager's User."}, // caseExact: erratum 8472
			{Name: "$ref", Type: Reference, CaseExact: true, ReferenceTypes: []string{"User"}, Description: "The URL of the manager's User."},
			{Name: "displayName", Mutability: ReadOnly, Description: "The manager's display name."},
		}},
	}}
}

// NewGroupSchema gives the Group schema of RFC 7643 section 4.2.
func NewGroupSchema() *Schema {
	return &Schema{ID: GroupSchema, Name: "Group", Description: "Group", Attributes: []*Attribute{
		{Name: "displayName", Required: true, Description: "The name of the group, for a person to read."}, // required: erratum 5368
		{Name: "members", Type: Complex, MultiValued: true, Description: "The members of the group.", SubAttributes: []*Attribute{
			{Name: "value", CaseExact: true, Mutability: Immutable, Description: "The id of the member."},
			{Name: "$ref", Type: Reference, CaseExact: true, Mutability: Immutable, ReferenceTypes: []string{"User", "Group"}, Description: "The URL of the member."},
			{Name: "type", Mutability: Immutable, CanonicalValues: []string{"User", "Group"}, Description: "The resource type of the member."},
			{Name: "display", Mutability: ReadOnly, Description: "The name of the member."},
		}},
	}}
}

// NewUserType gives the resource type User with the EnterpriseUser extension.
func NewUserType() *ResourceType {
	return MustResourceType(ResourceTypeDefinition{
		Name: "User", Endpoint: "/Users", Description: "User Account",
		Schema: NewUserSchema(), Extensions: []Extension{{Schema: NewEnterpriseUserSchema()}},
	})
}

// NewGroupType gives the resource type Group.
func NewGroupType() *ResourceType {
	return MustResourceType(ResourceTypeDefinition{
		Name: "Group", Endpoint: "/Groups", Description: "Group", Schema: NewGroupSchema(),
	})
}
