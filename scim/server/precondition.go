package server

import (
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// Preconditions are the If-Match and If-None-Match of a request (RFC 7644 section 3.14, RFC 9110
// section 13.1). Versions are compared without regard to W/, since SCIM sends weak ones in If-Match.
type preconditions struct {
	match, noneMatch string
}

func (x *exchange) preconditions() preconditions {
	return preconditions{
		match:     strings.Join(x.r.Header["If-Match"], ","),
		noneMatch: strings.Join(x.r.Header["If-None-Match"], ","),
	}
}

// check compares with the version of what is stored, before a write.
func (p preconditions) check(version string) error {
	if p.match != "" && !matches(p.match, version) {
		return scim.Errorf(scim.ErrVersion, "the resource has another version than If-Match names; get it again")
	}
	if p.noneMatch != "" && matches(p.noneMatch, version) {
		return scim.Errorf(scim.ErrVersion, "the resource has a version that If-None-Match names")
	}
	return nil
}

// single gives the one version that If-Match names, if it can be left to the Store to compare.
func (p preconditions) single() (version string, ok bool) {
	if p.noneMatch != "" || strings.TrimSpace(p.match) == "*" || strings.Contains(p.match, ",") {
		return "", false
	}
	return strings.TrimSpace(p.match), true
}

// notModified reports whether the client has this version already.
func (p preconditions) notModified(method, version string) bool {
	return (method == http.MethodGet || method == http.MethodHead) && p.noneMatch != "" && matches(p.noneMatch, version)
}

// matches reports whether a list of entity tags, or *, names a version.
func matches(list, version string) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	version = opaque(version)
	for list != "" {
		var tag string
		tag, list = cutTag(list)
		if tag != "" && opaque(tag) == version {
			return true
		}
	}
	return false
}

// cutTag takes the first entity tag off a list. A comma may be within the quotes.
func cutTag(list string) (tag, rest string) {
	quoted := false
	for i := range len(list) {
		switch {
		case list[i] == '"':
			quoted = !quoted
		case list[i] == ',' && !quoted:
			return strings.TrimSpace(list[:i]), list[i+1:]
		}
	}
	return strings.TrimSpace(list), ""
}

// opaque takes W/ and the quotes off an entity tag; clients leave out either.
func opaque(tag string) string {
	tag = strings.TrimPrefix(strings.TrimPrefix(tag, "W/"), "w/")
	return strings.Trim(tag, `"`)
}
