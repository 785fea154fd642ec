package scim1

import (
	"strings"

	"github.com/ilumy/usersync/scim"
)

// URNs of SCIM 1.1. That of the core stands for users, groups, lists, the configuration and the schemas alike.
const (
	CoreSchema       = "urn:scim:schemas:core:1.0"
	EnterpriseSchema = "urn:scim:schemas:extension:enterprise:1.0"
)

// The manager of a user is the one attribute that SCIM 2.0 calls otherwise.
const (
	managerAttribute = "manager"
	managerID        = "managerId"
	managerValue     = "value"
)

// path2 gives the path by which SCIM 2.0 names the attribute that 1.1 names by this one.
func path2(name string) string {
	if rest, ok := cutURN(name, CoreSchema); ok && rest != "" {
		return rest
	}
	rest, ok := cutURN(name, EnterpriseSchema)
	switch {
	case !ok:
		return name
	case rest == "":
		return scim.EnterpriseUserSchema
	case strings.EqualFold(rest, managerAttribute+"."+managerID):
		rest = managerAttribute + "." + managerValue
	}
	return scim.EnterpriseUserSchema + ":" + rest
}

// cutURN takes a URN and what separates it from an attribute off a name, which some clients do by a dot.
func cutURN(name, urn string) (rest string, ok bool) {
	n := len(urn)
	switch {
	case len(name) < n || !strings.EqualFold(name[:n], urn):
		return "", false
	case len(name) == n:
		return "", true
	case name[n] == ':' || name[n] == '.':
		return name[n+1:], true
	}
	return "", false
}

// urn1 gives the URN that SCIM 1.1 has for one of 2.0; those of others stay.
func urn1(urn string) string {
	switch {
	case strings.EqualFold(urn, scim.UserSchema), strings.EqualFold(urn, scim.GroupSchema):
		return CoreSchema
	case strings.EqualFold(urn, scim.EnterpriseUserSchema):
		return EnterpriseSchema
	}
	return urn
}

// texts puts into an error what a client of 1.1 knows in place of what it does not.
var texts = strings.NewReplacer(
	scim.EnterpriseUserSchema+":"+managerAttribute+"."+managerValue, EnterpriseSchema+":"+managerAttribute+"."+managerID,
	scim.EnterpriseUserSchema, EnterpriseSchema,
	scim.UserSchema, CoreSchema,
	scim.GroupSchema, CoreSchema,
	scim.BulkRequestSchema, CoreSchema,
	scim.PatchOpSchema, CoreSchema,
	"application/scim+json", mediaType,
	"eq, ne, co, sw, ew, gt, ge, lt, le or pr", "eq, co, sw, gt, ge, lt, le or pr",
)
