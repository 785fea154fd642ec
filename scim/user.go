package scim

// A User is the typed view of a User resource (RFC 7643 section 4.1). Empty strings, nil and lists without
// values are attributes that are not assigned.
type User struct {
	ID         string
	ExternalID string
	Meta       Meta

	UserName          string
	Name              Name
	DisplayName       string
	NickName          string
	ProfileURL        string
	Title             string
	UserType          string
	PreferredLanguage string
	Locale            string
	Timezone          string
	// Active is nil when it is not told.
	Active *bool
	// Password is only ever sent to a service provider.
	Password string

	Emails           []Value
	PhoneNumbers     []Value
	IMs              []Value
	Photos           []Value
	Addresses        []Address
	Groups           []Value
	Entitlements     []Value
	Roles            []Value
	X509Certificates []Value

	// Enterprise is the extension of RFC 7643 section 4.3; nil if the user does not have it.
	Enterprise *EnterpriseUser
	// Other are the attributes and extensions for which there is no field.
	Other []Member
}

// A Name is the parts of a person's name (RFC 7643 section 4.1.1).
type Name struct {
	Formatted, FamilyName, GivenName, MiddleName, HonorificPrefix, HonorificSuffix string
}

// A Value is one value of a multi-valued attribute, with the sub-attributes of RFC 7643 section 2.4.
type Value struct {
	Value, Ref, Display, Type string
	Primary                   bool
}

// An Address is a postal address (RFC 7643 section 4.1.2).
type Address struct {
	Formatted, StreetAddress, Locality, Region, PostalCode, Country, Type string
	Primary                                                               bool
}

// An EnterpriseUser is the typed view of the extension of RFC 7643 section 4.3.
type EnterpriseUser struct {
	EmployeeNumber, CostCenter, Organization, Division, Department string
	Manager                                                        Manager
}

// A Manager is a reference to a person's manager. Value is the id of that User.
type Manager struct {
	Value, Ref, DisplayName string
}

// A field binds the name of an attribute to where its value is kept.
type field struct {
	name string
	p    *string
}

type valuesField struct {
	name string
	p    *[]Value
}

func (u *User) texts() []field {
	return []field{
		{"id", &u.ID}, {"externalId", &u.ExternalID}, {"userName", &u.UserName}, {"displayName", &u.DisplayName},
		{"nickName", &u.NickName}, {"profileUrl", &u.ProfileURL}, {"title", &u.Title}, {"userType", &u.UserType},
		{"preferredLanguage", &u.PreferredLanguage}, {"locale", &u.Locale}, {"timezone", &u.Timezone}, {"password", &u.Password},
	}
}

func (u *User) values() []valuesField {
	return []valuesField{
		{"emails", &u.Emails}, {"phoneNumbers", &u.PhoneNumbers}, {"ims", &u.IMs}, {"photos", &u.Photos}, {"groups", &u.Groups},
		{"entitlements", &u.Entitlements}, {"roles", &u.Roles}, {"x509Certificates", &u.X509Certificates},
	}
}

func (n *Name) fields() []field {
	return []field{
		{"formatted", &n.Formatted}, {"familyName", &n.FamilyName}, {"givenName", &n.GivenName},
		{"middleName", &n.MiddleName}, {"honorificPrefix", &n.HonorificPrefix}, {"honorificSuffix", &n.HonorificSuffix},
	}
}

func (v *Value) fields() []field {
	return []field{{"value", &v.Value}, {"$ref", &v.Ref}, {"display", &v.Display}, {"type", &v.Type}}
}

func (a *Address) fields() []field {
	return []field{
		{"formatted", &a.Formatted}, {"streetAddress", &a.StreetAddress}, {"locality", &a.Locality}, {"region", &a.Region},
		{"postalCode", &a.PostalCode}, {"country", &a.Country}, {"type", &a.Type},
	}
}

func (e *EnterpriseUser) fields() []field {
	return []field{
		{"employeeNumber", &e.EmployeeNumber}, {"costCenter", &e.CostCenter}, {"organization", &e.Organization},
		{"division", &e.Division}, {"department", &e.Department},
	}
}

func (m *Manager) fields() []field {
	return []field{{"value", &m.Value}, {"$ref", &m.Ref}, {"displayName", &m.DisplayName}}
}

// UserOf gives the typed view of a resource that is spelled as the schema says, as those of
// [ResourceType.Decode] are. It shares the values in Other with r.
func UserOf(r *Resource) *User {
	u := &User{Meta: r.Meta()}
	known := []string{"schemas", "meta", "name", "active", "addresses", EnterpriseUserSchema}
	known = append(known, get(&r.Object, u.texts())...)
	get(r.GetObject("name"), u.Name.fields())
	for _, f := range u.values() {
		known = append(known, f.name)
		*f.p = valuesOf(r.GetValues(f.name))
	}
	for _, v := range r.GetValues("addresses") {
		if o, ok := v.(*Object); ok {
			a := Address{Primary: isPrimary(o)}
			get(o, a.fields())
			u.Addresses = append(u.Addresses, a)
		}
	}
	if b, ok := r.Get("active").(bool); ok {
		u.Active = &b
	}
	if o := r.GetObject(EnterpriseUserSchema); o != nil {
		u.Enterprise = &EnterpriseUser{}
		get(o, u.Enterprise.fields())
		get(o.GetObject("manager"), u.Enterprise.Manager.fields())
	}
	u.Other = others(r, known)
	return u
}

// Resource gives the user as a resource. It shares the values in Other.
func (u *User) Resource() *Resource {
	r := NewResource(UserSchema)
	set(&r.Object, u.texts())
	setObject(&r.Object, "name", u.Name.fields())
	if u.Active != nil {
		r.Set("active", *u.Active)
	}
	for _, f := range u.values() {
		setValues(&r.Object, f.name, *f.p)
	}
	var addresses []any
	for _, a := range u.Addresses {
		addresses = append(addresses, labelled(a.fields(), a.Primary))
	}
	if addresses != nil {
		r.Set("addresses", addresses)
	}
	if u.Enterprise != nil {
		o := &Object{}
		set(o, u.Enterprise.fields())
		setObject(o, "manager", u.Enterprise.Manager.fields())
		r.Set(EnterpriseUserSchema, o)
		r.SetSchemas(UserSchema, EnterpriseUserSchema)
	}
	finish(r, u.Other, u.Meta)
	return r
}
