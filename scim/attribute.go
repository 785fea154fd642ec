package scim

import (
	"fmt"
	"slices"
)

// An AttributeType is the type of an attribute's values (RFC 7643 section 2.3).
type AttributeType string

// The attribute types; the empty one is String.
const (
	String    AttributeType = "string"
	Boolean   AttributeType = "boolean"
	Decimal   AttributeType = "decimal"
	Integer   AttributeType = "integer"
	DateTime  AttributeType = "dateTime"
	Binary    AttributeType = "binary"
	Reference AttributeType = "reference"
	Complex   AttributeType = "complex"
)

// A Mutability says who may change an attribute, and when (RFC 7643 section 7).
type Mutability string

// The mutabilities; the empty one is ReadWrite.
const (
	ReadWrite Mutability = "readWrite"
	ReadOnly  Mutability = "readOnly"
	Immutable Mutability = "immutable"
	WriteOnly Mutability = "writeOnly"
)

// A Returned says when an attribute is in an answer (RFC 7643 section 7).
type Returned string

// When attributes are returned; the empty one is ReturnedDefault.
const (
	ReturnedDefault Returned = "default"
	ReturnedAlways  Returned = "always"
	ReturnedNever   Returned = "never"
	ReturnedRequest Returned = "request"
)

// A Uniqueness says among which resources a value may occur but once (RFC 7643 section 7).
type Uniqueness string

// The uniquenesses; the empty one is UniqueNone.
const (
	UniqueNone   Uniqueness = "none"
	UniqueServer Uniqueness = "server"
	UniqueGlobal Uniqueness = "global"
)

// An Attribute is the definition of an attribute (RFC 7643 section 7). Its zero fields have the
// defaults of section 2.2: a single-valued string, not required, caseExact false, readWrite,
// returned by default, not unique.
type Attribute struct {
	Name            string
	Type            AttributeType
	MultiValued     bool
	Description     string
	Required        bool
	CanonicalValues []string
	// ClosedValues says that no values but the canonical ones are taken; RFC 7643 leaves it to the service.
	ClosedValues   bool
	CaseExact      bool
	Mutability     Mutability
	Returned       Returned
	Uniqueness     Uniqueness
	ReferenceTypes []string
	SubAttributes  []*Attribute

	// What follows is filled in by NewResourceType, in its own copy.
	parent *Attribute
	urn    string // of the schema that defines it
	path   string // as a filter names it: name.familyName, urn:...:User:manager.value
	subs   nameIndex
	ext    bool // stands for an extension as a whole: the name is the URN
	// requires says that the attribute or one below it is required.
	requires bool
	// protects says that something below it is readOnly.
	protects bool
	// number is its place among all attributes of the type, and label its name as the member of a JSON object: "name":
	number int
	label  string
}

// Path is the canonical name of the attribute from the resource down: "name.familyName", and with
// the URN before it if it belongs to an extension. It is empty before [NewResourceType].
func (a *Attribute) Path() string { return a.path }

// Parent is the complex attribute, or the extension, that a is in; nil at the top.
func (a *Attribute) Parent() *Attribute { return a.parent }

// SchemaID is the URN of the schema that defines the attribute.
func (a *Attribute) SchemaID() string { return a.urn }

// IsExtension reports whether a stands for an extension as a whole: its Name is the URN and its
// SubAttributes are those of the extension's schema.
func (a *Attribute) IsExtension() bool { return a.ext }

// Sub gives the sub-attribute of a name, found without regard to case; nil if there is none.
func (a *Attribute) Sub(name string) *Attribute { return a.subs.find(name) }

// Multi reports whether a resource can hold several values of the attribute: it is multi-valued,
// or a sub-attribute of one that is.
func (a *Attribute) Multi() bool {
	return a.MultiValued || a.parent != nil && a.parent.Multi()
}

// compile copies the definition into an index below parent.
func (a *Attribute) compile(parent *Attribute, urn, prefix string) (*Attribute, error) {
	c := a.withDefaults()
	c.parent, c.urn, c.path, c.subs = parent, urn, prefix+a.Name, nil
	if err := c.check(); err != nil {
		return nil, err
	}
	c.requires = c.Required
	c.SubAttributes = make([]*Attribute, len(a.SubAttributes))
	c.subs = make(nameIndex, 2*len(a.SubAttributes))
	for i, s := range a.SubAttributes {
		sub, err := s.compile(&c, urn, c.path+".")
		if err != nil {
			return nil, err
		}
		if !c.subs.add(sub.Name, sub) {
			return nil, fmt.Errorf("attribute %s: sub-attribute %s is defined twice", c.path, sub.Name)
		}
		c.SubAttributes[i] = sub
		c.requires = c.requires || sub.requires
		c.protects = c.protects || sub.protects || sub.Mutability == ReadOnly
	}
	return &c, nil
}

// exact reports whether case counts. In references and binaries it always does (RFC 7643 sections 2.3.6
// and 2.3.7), whatever a schema says.
func (a *Attribute) exact() bool {
	return a.CaseExact || a.Type == Reference || a.Type == Binary
}

// withDefaults gives the definition with nothing left to be understood.
func (a *Attribute) withDefaults() Attribute {
	c := *a
	if c.Type == "" {
		c.Type = String
	}
	if c.Mutability == "" {
		c.Mutability = ReadWrite
	}
	if c.Returned == "" {
		c.Returned = ReturnedDefault
	}
	if c.Uniqueness == "" {
		c.Uniqueness = UniqueNone
	}
	return c
}

func (a *Attribute) check() error {
	if !validName(a.Name) && !a.ext {
		return fmt.Errorf("attribute %q: a name is a letter, then letters, digits, - and _, or $ref (RFC 7643 section 2.1)", a.Name)
	}
	known := func(ok bool, what, value string) error {
		if ok {
			return nil
		}
		return fmt.Errorf("attribute %s: %s %q is not one of RFC 7643 section 7", a.path, what, value)
	}
	if err := known(slices.Contains([]AttributeType{String, Boolean, Decimal, Integer, DateTime, Binary, Reference, Complex}, a.Type), "type", string(a.Type)); err != nil {
		return err
	}
	if err := known(slices.Contains([]Mutability{ReadWrite, ReadOnly, Immutable, WriteOnly}, a.Mutability), "mutability", string(a.Mutability)); err != nil {
		return err
	}
	if err := known(slices.Contains([]Returned{ReturnedDefault, ReturnedAlways, ReturnedNever, ReturnedRequest}, a.Returned), "returned", string(a.Returned)); err != nil {
		return err
	}
	if err := known(slices.Contains([]Uniqueness{UniqueNone, UniqueServer, UniqueGlobal}, a.Uniqueness), "uniqueness", string(a.Uniqueness)); err != nil {
		return err
	}
	switch {
	case a.Type != Complex && len(a.SubAttributes) > 0:
		return fmt.Errorf("attribute %s: it has sub-attributes, so its type is complex, not %s", a.path, a.Type)
	case a.Type == Complex && a.parent != nil && !a.parent.ext && a.urn != SchemaSchema: // which describes itself
		return fmt.Errorf("attribute %s: a complex attribute cannot be within another (RFC 7643 section 2.3.8)", a.path)
	}
	return nil
}

// validName reports whether a name is one of RFC 7643 section 2.1, or $ref.
func validName(s string) bool {
	if s == "$ref" {
		return true
	}
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= lower(c) && lower(c) <= 'z'
		if !letter && (i == 0 || !('0' <= c && c <= '9' || c == '-' || c == '_')) {
			return false
		}
	}
	return s != ""
}

// A nameIndex finds attributes by name without regard to case.
type nameIndex map[string]*Attribute

// add enters an attribute by its spelling and its lower-case form; false if the name is taken.
func (x nameIndex) add(name string, a *Attribute) bool {
	low := string(appendLower(nil, name))
	if x[low] != nil {
		return false
	}
	x[low], x[name] = a, a
	return true
}

func (x nameIndex) find(name string) *Attribute {
	if a := x[name]; a != nil {
		return a
	}
	if len(name) > 256 {
		return nil
	}
	var buf [256]byte
	return x[string(appendLower(buf[:0], name))]
}
