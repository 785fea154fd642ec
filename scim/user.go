package scim

// A User is the typed view of a User resource (RFC 7643 section 4.1). Empty strings, nil and lists without
// values are attributes that are not assigned. For extensions of one's own, embed it and [Bind].
type User struct {
	ID         string `json:"id"`
	ExternalID string `json:"externalId"`
	Meta       Meta   `json:"meta"`

	UserName          string `json:"userName"`
	Name              Name   `json:"name"`
	DisplayName       string `json:"displayName"`
	NickName          string `json:"nickName"`
	ProfileURL        string `json:"profileUrl"`
	Title             string `json:"title"`
	UserType          string `json:"userType"`
	PreferredLanguage string `json:"preferredLanguage"`
	Locale            string `json:"locale"`
	Timezone          string `json:"timezone"`
	// Active is nil when it is not told.
	Active *bool `json:"active"`
	// Password is only ever sent to a service provider.
	Password string `json:"password"`

	Emails           []Value   `json:"emails"`
	PhoneNumbers     []Value   `json:"phoneNumbers"`
	IMs              []Value   `json:"ims"`
	Photos           []Value   `json:"photos"`
	Addresses        []Address `json:"addresses"`
	Groups           []Value   `json:"groups"`
	Entitlements     []Value   `json:"entitlements"`
	Roles            []Value   `json:"roles"`
	X509Certificates []Value   `json:"x509Certificates"`

	// Enterprise is the extension of RFC 7643 section 4.3; nil if the user does not have it.
	Enterprise *EnterpriseUser `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
	// Other are the attributes and extensions for which there is no field.
	Other []Member `json:"-"`
}

// A Name is the parts of a person's name (RFC 7643 section 4.1.1).
type Name struct {
	Formatted       string `json:"formatted"`
	FamilyName      string `json:"familyName"`
	GivenName       string `json:"givenName"`
	MiddleName      string `json:"middleName"`
	HonorificPrefix string `json:"honorificPrefix"`
	HonorificSuffix string `json:"honorificSuffix"`
}

// A Value is one value of a multi-valued attribute, with the sub-attributes of RFC 7643 section 2.4.
type Value struct {
	Value   string `json:"value"`
	Ref     string `json:"$ref"`
	Display string `json:"display"`
	Type    string `json:"type"`
	Primary bool   `json:"primary"`
}

// An Address is a postal address (RFC 7643 section 4.1.2).
type Address struct {
	Formatted     string `json:"formatted"`
	StreetAddress string `json:"streetAddress"`
	Locality      string `json:"locality"`
	Region        string `json:"region"`
	PostalCode    string `json:"postalCode"`
	Country       string `json:"country"`
	Type          string `json:"type"`
	Primary       bool   `json:"primary"`
}

// An EnterpriseUser is the typed view of the extension of RFC 7643 section 4.3.
type EnterpriseUser struct {
	EmployeeNumber string  `json:"employeeNumber"`
	CostCenter     string  `json:"costCenter"`
	Organization   string  `json:"organization"`
	Division       string  `json:"division"`
	Department     string  `json:"department"`
	Manager        Manager `json:"manager"`
}

// A Manager is a reference to a person's manager. Value is the id of that User.
type Manager struct {
	Value       string `json:"value"`
	Ref         string `json:"$ref"`
	DisplayName string `json:"displayName"`
}
