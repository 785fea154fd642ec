package plekclient

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// ErrRule says that a record breaks a rule that Plek documents. It is of the class [provisioning.ErrInvalid].
var ErrRule = fmt.Errorf("plek refuses this: %w", provisioning.ErrInvalid)

var (
	// dateName finds attributes that hold dates by their names, in English and Dutch.
	dateName = regexp.MustCompile(`(?i)(birth|geboorte|verjaardag|date$|datum$|dateof|dateTime$)`)
	// dateValue finds values that are a date or a time and nothing else (ISO 8601, and days as Europe writes them).
	dateValue = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}.*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|\d{14}(\.\d+)?Z)$`)
	// pictureName finds attributes that hold profile pictures.
	pictureName = regexp.MustCompile(`(?i)(photo|picture|avatar|thumbnail|jpegphoto|profielfoto)`)
)

func rule(name, format string, args ...any) error {
	return fmt.Errorf("attribute %q: %s: %w", name, fmt.Sprintf(format, args...), ErrRule)
}

// checkUser finds what Plek does not take in a user that is wanted.
func (o *Options) checkUser(r *provisioning.Record) error {
	var problems []error
	for name, values := range r.Attributes {
		switch {
		case strings.Contains(name, "["):
			problems = append(problems, rule(name, `attributes with a value path as [type eq "..."] cannot be processed; map to %q`, name[:strings.IndexByte(name, '[')]))
		case pictureName.MatchString(name):
			problems = append(problems, rule(name, "profile pictures are not synchronised; leave it out of the mapping"))
		case dateName.MatchString(lastPart(name)):
			problems = append(problems, rule(name, "dates, birthdays among them, are not synchronised; leave it out of the mapping"))
		case slices.ContainsFunc(values, dateValue.MatchString):
			problems = append(problems, rule(name, "its value is a date, and dates are not synchronised; leave it out of the mapping"))
		}
	}
	return errors.Join(problems...)
}

// checkNew finds what a new user must have.
func checkNew(r *provisioning.Record) error {
	var problems []error
	for _, must := range []struct{ name, what string }{
		{"emails", "an e-mail address"}, {"name.givenName", "a first name"}, {"name.familyName", "a last name"},
	} {
		if len(r.Attributes[must.name]) == 0 {
			problems = append(problems, rule(must.name, "a user must have %s; map it", must.what))
		}
	}
	return errors.Join(problems...)
}

// checkRole finds rights that Plek does not have.
func (o *Options) checkRole(r *provisioning.Record) error {
	for _, name := range []string{"roles", "entitlements"} {
		if _, ok := r.Attributes[name]; ok && name != o.RoleAttribute {
			return rule(name, "Plek does not document that rights can be provisioned; set RoleAttribute to %q once Plek has confirmed it, or leave it out of the mapping", name)
		}
	}
	if o.RoleAttribute == "" {
		return nil
	}
	for _, v := range r.Attributes[o.RoleAttribute] {
		if !slices.Contains(o.Roles, v) {
			return rule(o.RoleAttribute, "a value is none of the rights that Plek knows: %s", strings.Join(o.Roles, ", "))
		}
	}
	return nil
}

// lastPart is the name of an attribute without its schema and the attribute it is part of.
func lastPart(name string) string {
	name = name[strings.LastIndexByte(name, ':')+1:]
	return name[strings.LastIndexByte(name, '.')+1:]
}
