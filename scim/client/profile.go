package client

// A Profile is what is known of a service provider beyond what it tells of itself, from its public
// documents. It is data: take one and change it. The zero value is [Generic].
type Profile struct {
	// Name is for messages.
	Name string
	// PageSize is how many resources a page may hold; 0 is 100.
	PageSize int
	// Paging is how lists are read; empty takes what the server offers, cursors first.
	Paging Paging
	// Users and Groups say how resources are changed; empty takes what the server offers, PATCH first.
	Users, Groups Change
	// MembersPerRequest bounds the members that one PATCH adds and removes; 0 is 100.
	MembersPerRequest int
	// RemovalsPerRequest bounds the members that one PATCH removes, for servers that want removals apart from all else; 0 sends
	// them with additions, within MembersPerRequest.
	RemovalsPerRequest int
	// RemoveByValue removes members by a list of values, as Entra ID sends it, for servers that
	// know no paths with filters. Servers that follow RFC 7644 to the letter remove ALL members then.
	RemoveByValue bool
	// MemberTypes sends the type of every member, not only of groups in groups.
	MemberTypes bool
	// MembersFilter is the attribute of users by which the members of a group are asked for, as "groups.value":
	// for servers that give groups without members.
	MembersFilter string
	// NoFilter says that the server cannot filter; single records are then found by reading all.
	NoFilter bool
	// NoBulk says that several operations are not to be sent in one request, whatever the server says of itself.
	NoBulk bool
	// Lower are names of attributes that the server stores in lower case; they are written so, and
	// compared so.
	Lower []string
	// RandomPassword gives each new user a password that nobody knows, for servers that make no user without one.
	RandomPassword bool
	// Rate and Burst bound the requests per second; 0 is no bound.
	Rate  float64
	Burst int
}

// Paging is how lists are read.
type Paging string

// The ways of paging.
const (
	PagingAuto   Paging = ""
	PagingIndex  Paging = "index"  // RFC 7644 section 3.4.2.4
	PagingCursor Paging = "cursor" // RFC 9865
)

// Change is how resources of a type are changed.
type Change string

// The ways of changing resources.
const (
	// ChangeAuto asks the server.
	ChangeAuto Change = ""
	// ChangePatch sends what differs (RFC 7644 section 3.5.2).
	ChangePatch Change = "patch"
	// ChangePut reads the resource, changes it, and sends it whole (section 3.5.1).
	ChangePut Change = "put"
	// ChangeActive can only enable and disable; other changes are refused.
	ChangeActive Change = "active"
)

// Generic asks the server for all it can.
func Generic() *Profile { return &Profile{Name: "generic"} }

// AWS is IAM Identity Center: it ignores startIndex and pages by cursor only, knows no paths with filters
// in PATCH and no PUT of groups, takes at most 100 membership changes in a request, and gives groups
// without members. A user has at most one value of each attribute. There is no bulk.
func AWS() *Profile {
	return &Profile{
		Name: "AWS IAM Identity Center", PageSize: 100, Paging: PagingCursor, Users: ChangePatch, Groups: ChangePatch,
		MembersPerRequest: 100, RemoveByValue: true, MembersFilter: "groups.value", NoBulk: true,
	}
}

// GitHub is GitHub Enterprise (EMU and Server): no paths with filters in PATCH, and no bulk. It takes classic personal access
// tokens with the scope scim:enterprise (admin:enterprise in older versions of the Server).
func GitHub() *Profile {
	return &Profile{Name: "GitHub Enterprise", PageSize: 100, Groups: ChangePatch, RemoveByValue: true, NoBulk: true}
}

// Slack counts writes per minute over all SCIM applications of an organisation: 180 of users, 180 of
// groups. Share a Limiter between clients of one organisation.
func Slack() *Profile {
	return &Profile{Name: "Slack", PageSize: 100, Users: ChangePatch, Groups: ChangePatch, Rate: 3, Burst: 20}
}

// GitLab can only be told who is active, and has no PUT.
func GitLab() *Profile { return &Profile{Name: "GitLab", Users: ChangeActive} }

// GoogleCloudIdentity has no PUT, and answers it with 404 and an HTML page.
func GoogleCloudIdentity() *Profile {
	return &Profile{Name: "Google Cloud Identity", Users: ChangePatch, Groups: ChangePatch}
}

// Entra is Entra ID as a service provider: PATCH but no PUT, and paging by cursor only. It gives groups without members,
// takes 20 new members in a request or the removal of one, and makes no user without a password.
func Entra() *Profile {
	return &Profile{
		Name: "Microsoft Entra ID", PageSize: 100, Paging: PagingCursor, Users: ChangePatch, Groups: ChangePatch,
		MembersPerRequest: 20, RemovalsPerRequest: 1, MembersFilter: "groups.value", RandomPassword: true, NoBulk: true,
	}
}

// Miro refuses more than 8,000 members in a request.
func Miro() *Profile {
	return &Profile{Name: "Miro", Groups: ChangePatch, MembersPerRequest: 1000}
}

// Databricks refuses filters of more than 200 nodes; a Directory looks for one value with each filter, which has three.
func Databricks() *Profile {
	return &Profile{Name: "Databricks", PageSize: 100, Users: ChangePatch, Groups: ChangePatch}
}

// IBMVerify takes at most 2,500 changes in a request.
func IBMVerify() *Profile {
	return &Profile{Name: "IBM Verify", Groups: ChangePatch, MembersPerRequest: 1000}
}
