package client

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ilumy/usersync/provisioning"
)

// Canonical gives r as it would come back: names in full and as the schemas spell them, booleans,
// numbers and times in one spelling, no empty values. An attribute "active" becomes Disabled. It
// refuses names that no schema has, attributes that cannot be written or are never given back, several values of
// an attribute that takes one, and users without a userName, which every server refuses.
func (d *Directory) Canonical(r *provisioning.Record) (*provisioning.Record, error) {
	k, err := d.kind(r.Kind)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, provisioning.ErrInvalid)
	}
	c := *r
	c.Attributes = make(provisioning.Attributes, len(r.Attributes))
	var problems []error
	for written, values := range r.Attributes {
		if k.active && isOneOf(written, "active") {
			if len(values) > 0 {
				s, err := spell(k.typ.Attribute("active"), values[0])
				if err != nil {
					problems = append(problems, fmt.Errorf(`attribute "active": %w: %w`, err, provisioning.ErrInvalid))
				}
				c.Disabled = c.Disabled || s == "false"
			}
			continue
		}
		n, err := k.name(written)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		list, err := k.canonical(n, values)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if other, twice := c.Attributes[n.path]; twice && !slices.Equal(other, list) {
			problems = append(problems, fmt.Errorf("attribute %q is given twice under different names, with different values: %w", n.path, provisioning.ErrInvalid))
			continue
		}
		c.Attributes[n.path] = list
	}
	problems = append(problems, k.mixed(c.Attributes)...)
	if r.Disabled && !k.active {
		problems = append(problems, fmt.Errorf("a %s cannot be disabled in SCIM: %w", r.Kind, provisioning.ErrInvalid))
	}
	refs, err := k.refs(r.Refs)
	if err != nil {
		problems = append(problems, err)
	}
	c.Refs = refs
	for _, a := range k.typ.Schema().Attributes {
		if a.Required && len(c.Attributes[a.Name]) == 0 {
			problems = append(problems, fmt.Errorf("attribute %q of %s: every %s must have one; map it: %w", a.Name, k.typ.Name(), k.typ.Name(), provisioning.ErrInvalid))
		}
	}
	if len(problems) > 0 {
		slices.SortFunc(problems, func(a, b error) int {
			switch x, y := a.Error(), b.Error(); {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		})
		return nil, errors.Join(problems...)
	}
	return &c, nil
}

// Name gives the canonical name of an attribute of a kind, as the records of [Directory.Records] have
// it, or says why there is none.
func (d *Directory) Name(kindName provisioning.Kind, written string) (string, error) {
	k, err := d.kind(kindName)
	if err != nil {
		return "", err
	}
	n, err := k.name(written)
	return n.path, err
}

// mixed refuses an attribute that is wanted both as a whole and by type, where the two would undo each
// other: the whole has the values of every type.
func (k *kind) mixed(attrs provisioning.Attributes) []error {
	var problems []error
	for path, values := range attrs {
		n, err := k.name(path)
		if err != nil || !n.typed || !n.set() {
			continue
		}
		whole, both := attrs[n.top.Path()]
		if both && slices.ContainsFunc(values, func(v string) bool { return !slices.Contains(whole, v) }) {
			problems = append(problems, fmt.Errorf("attribute %q of %s: %q is mapped too, which is to hold the values of every type and lacks one of these; map one of the two: %w", path, k.typ.Name(), n.top.Path(), provisioning.ErrInvalid))
		}
	}
	return problems
}

// refs gives references under their canonical names.
func (k *kind) refs(refs provisioning.Refs) (provisioning.Refs, error) {
	if refs == nil {
		return nil, nil
	}
	c := make(provisioning.Refs, len(refs))
	for written, list := range refs {
		canonical, err := k.refName(written)
		if err != nil {
			return nil, err
		}
		if canonical == "manager" && len(list) > 1 {
			return nil, fmt.Errorf("reference %q: a user has one manager, and %d are given: %w", written, len(list), provisioning.ErrInvalid)
		}
		c[canonical] = append([]provisioning.Ref{}, list...)
	}
	return c, nil
}

func (k *kind) refName(written string) (string, error) {
	switch { // as nearly everybody writes them, before the schema is asked
	case k.members != nil && foldEqual(written, "members"):
		return "members", nil
	case k.manager != nil && foldEqual(written, "manager"):
		return "manager", nil
	}
	switch a := k.typ.Attribute(written); {
	case a == nil:
	case a == k.members:
		return "members", nil
	case a == k.manager:
		return "manager", nil
	}
	return "", fmt.Errorf(`reference %q: a %s has none of that name; there are "members" of groups and "manager" of users: %w`, written, k.typ.Name(), provisioning.ErrInvalid)
}
