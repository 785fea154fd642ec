package scim

import (
	"reflect"
	"slices"
	"strings"
)

// tag reads what a scim tag says of an attribute, in words between commas.
func (r *structReader) tag(a *Attribute, t reflect.Type, tag, path string) {
	fail := func(format string, args ...any) { r.fail(path, format, args...) }
	said := map[string]bool{}
	once := func(what string) {
		if said[what] {
			fail("the tag says twice what its %s is", what)
		}
		said[what] = true
	}
	for _, word := range strings.Split(tag, ",") {
		word = strings.TrimSpace(word)
		name, value, has := strings.Cut(word, "=")
		if has && value == "" {
			fail("%s= needs a value", name)
			continue
		}
		switch {
		case word == "":
			if tag != "" {
				fail("there is an empty word in the tag %q", tag)
			}
		case word == "required":
			a.Required = true
		case word == "caseExact":
			a.CaseExact = true
		case word == "closed":
			a.ClosedValues = true
		case slices.Contains([]Mutability{ReadWrite, ReadOnly, Immutable, WriteOnly}, Mutability(word)):
			once("mutability")
			a.Mutability = Mutability(word)
		case word == "unique":
			once("uniqueness")
			a.Uniqueness = UniqueServer
		case name == "unique" && slices.Contains([]Uniqueness{UniqueNone, UniqueServer, UniqueGlobal}, Uniqueness(value)):
			once("uniqueness")
			a.Uniqueness = Uniqueness(value)
		case name == "returned" && slices.Contains([]Returned{ReturnedDefault, ReturnedAlways, ReturnedNever, ReturnedRequest}, Returned(value)):
			once("returned")
			a.Returned = Returned(value)
		case name == "canonical" && has:
			a.CanonicalValues = append(a.CanonicalValues, strings.Split(value, "|")...)
		case name == "ref" && has:
			once("type")
			a.Type, a.ReferenceTypes, a.CaseExact = Reference, strings.Split(value, "|"), true
		case name == "type" && has:
			once("type")
			a.Type = AttributeType(value)
		default:
			fail("%q is not a word of a scim tag; they are required, caseExact, closed, readWrite, readOnly, immutable, writeOnly, unique, unique=global, "+
				"returned=always|never|default|request, canonical=a|b, ref=User|Group, type=reference|dateTime|binary|decimal|integer", word)
		}
	}
	if !holds(t, a.Type) {
		fail("%s cannot hold a %s", t, a.Type)
	}
	text := a.Type == String || a.Type == Reference || a.Type == Binary
	switch {
	case a.CaseExact && !text:
		fail("caseExact is for strings, not for a %s", a.Type)
	case a.Uniqueness != "" && a.Uniqueness != UniqueNone && (a.Type == Complex || a.Type == Boolean):
		fail("a %s cannot be unique", a.Type)
	case len(a.CanonicalValues) > 0 && a.Type != String:
		fail("canonical values are for strings, not for a %s", a.Type)
	case a.ClosedValues && len(a.CanonicalValues) == 0:
		fail("closed needs canonical values to choose from")
	case a.Mutability == WriteOnly && a.Returned != "" && a.Returned != ReturnedNever:
		fail("what is writeOnly is never returned (RFC 7643 section 7), so it cannot be returned=%s", a.Returned)
	}
	if a.Mutability == WriteOnly {
		a.Returned = ReturnedNever
	}
}
