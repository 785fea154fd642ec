package provisioning

import "strings"

// callName is what a person calls a record, for those who read a plan: the first of the names that RFC 7643 and
// directories have for people and groups. It is empty where none of them is known.
func callName(r *Record) string {
	if r == nil {
		return ""
	}
	for _, name := range [...]string{"displayName", "userName", "cn", "mail"} {
		if v := r.Attributes.Get(name); v != "" {
			return strings.ToValidUTF8(v, "\uFFFD") // as it is once it is saved
		}
	}
	return ""
}
