package client

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ilumy/usersync/scim"
)

// kind is what a Directory knows of one kind of records.
type kind struct {
	typ     *scim.ResourceType
	active  bool            // whether resources can be disabled
	lower   map[string]bool // canonical paths whose values are in lower case
	parsed  sync.Map        // of a name as it was written: name or error
	shown   sync.Map        // of typedKey: the name as a record has it
	forms   forms
	members *scim.Attribute
	manager *scim.Attribute
}

func newKind(t *scim.ResourceType) *kind {
	k := &kind{typ: t, lower: map[string]bool{}}
	if a := t.Attribute("active"); a != nil && a.Type == scim.Boolean {
		k.active = true
	}
	if a := t.Attribute("members"); a != nil && a.MultiValued {
		k.members = a
	}
	if a := t.Attribute(scim.EnterpriseUserSchema + ":manager"); a != nil && a.Type == scim.Complex {
		k.manager = a
	}
	return k
}

// setLower notes which attributes the server stores in lower case. Each must be one of some kind.
func (d *Directory) setLower(written []string) error {
	for _, s := range written {
		var errs []error
		known := false
		for _, k := range d.kinds {
			if n, err := k.name(s); err != nil {
				errs = append(errs, err)
			} else {
				k.lower[n.path], known = true, true
			}
		}
		if !known {
			return fmt.Errorf("scim client: Lower: %w", errors.Join(errs...))
		}
	}
	return nil
}

// find gives the attribute of a path without brackets: of the schema, of an extension by its URN, or
// of the only extension that has it.
func (k *kind) find(path string) (*scim.Attribute, error) {
	if a := k.typ.Attribute(path); a != nil {
		return a, nil
	}
	var found []*scim.Attribute
	if !strings.HasPrefix(strings.ToLower(path), "urn:") {
		for _, e := range k.typ.Extensions() {
			if a := k.typ.Attribute(e.Schema.ID + ":" + path); a != nil {
				found = append(found, a)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no such attribute; there are %s", strings.Join(k.names(), ", "))
	}
	var all []string
	for _, a := range found {
		all = append(all, a.Path())
	}
	return nil, fmt.Errorf("several schemas have it; name one of %s", strings.Join(all, ", "))
}

// names lists what can be written, for messages.
func (k *kind) names() []string {
	var list []string
	for _, a := range k.typ.Attributes() {
		switch {
		case isOneOf(a.Name, "id", "schemas", "meta", "externalId", "active", "password") || a.Mutability == scim.ReadOnly || a == k.members:
		case a.IsExtension():
			for _, s := range a.SubAttributes {
				if s != k.manager {
					list = append(list, s.Name)
				}
			}
		default:
			list = append(list, a.Name)
		}
	}
	slices.Sort(list)
	return list
}
