package scim

// A Group is the typed view of a Group resource (RFC 7643 section 4.2).
type Group struct {
	ID          string `json:"id"`
	ExternalID  string `json:"externalId"`
	Meta        Meta   `json:"meta"`
	DisplayName string `json:"displayName"`
	// Members are known by the id in their Value; Type is User or Group.
	Members []Value `json:"members"`
	// Other are the attributes and extensions for which there is no field.
	Other []Member `json:"-"`
}
