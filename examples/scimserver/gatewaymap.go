package main

import (
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// A naming makes what is written to the service when there are no rules: all that was pushed, under one name each. What is
// pushed has the values of a multi-valued attribute under two, "emails" and emails[type eq "work"].value. Plek takes the first,
// other services take the second where values have a type.
type naming struct{ typed bool }

// Map leaves out the names that the service does not take.
func (n naming) Map(src *provisioning.Record) (*provisioning.Record, error) {
	typed := map[string]bool{}
	for name := range src.Attributes {
		if head, _, ok := strings.Cut(name, "["); ok {
			typed[head] = true
		}
	}
	r := src.Clone()
	for name := range src.Attributes {
		if bracketed := strings.Contains(name, "["); bracketed && !n.typed || n.typed && typed[name] {
			delete(r.Attributes, name)
		}
	}
	return r, nil
}

var _ provisioning.Mapper = naming{}
