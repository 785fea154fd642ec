package scim

import (
	"errors"
	"reflect"
)

// SchemaOf derives a schema from a Go struct, for a custom resource type or an extension, so that it is said but once
// what it has. Its URN is given; the name is that of the struct, and the caller may set the Description.
//
// The name of an attribute is that in the json tag, else that of the field; `json:"-"` is none. Its type follows from
// that of the field: string, bool, integers, floats (decimal), time.Time (dateTime), []byte (binary), a struct (complex), a
// slice of one of these (multi-valued). Pointers count as what they point to, and embedded structs as their fields. The tag
// scim says the rest in words between commas, and the tag description what it is:
//
//	required                          it must have a value
//	readOnly, immutable, writeOnly    who may change it; readWrite unless told
//	returned=request                  when it is in an answer: always, never, default, request
//	unique, unique=global             among which resources a value occurs once: of the server, of the world
//	caseExact                         case counts when values are compared
//	canonical=work|home, closed       values that are suggested; with closed there are no others
//	ref=User|Group                    a string is a reference, to these
//	type=dateTime                     a string is a dateTime, reference or binary; a json.Number is an integer
//
// Fields for what all resources have (id, externalId, meta, schemas), for extensions (whose name is a URN) and of type
// []Member are for [Bind], and no part of the schema. The error joins all mistakes in the tags, each with its field.
func SchemaOf[T any](urn string) (*Schema, error) {
	s, err := structOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	schema := &Schema{ID: urn, Name: s.name}
	var errs []error
	if !hasPrefixFold(urn, "urn:") {
		errs = append(errs, errors.New("scim: "+s.name+": the id of a schema is a URN (RFC 7643 section 7)"))
	}
	for i := range s.fields {
		f := &s.fields[i]
		switch {
		case f.attr == nil:
		case isCommon(f.name):
			if f.tags {
				errs = append(errs, errors.New("scim: "+f.path+": what "+f.name+" is, RFC 7643 section 3.1 says; remove the tag"))
			}
		default:
			if _, err := f.attr.compile(nil, urn, ""); err != nil {
				errs = append(errs, errors.New("scim: "+f.path+": "+err.Error()))
			}
			schema.Attributes = append(schema.Attributes, f.attr)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return schema, nil
}

// structOf reads the type of a struct that stands for a resource or an extension.
func structOf(t reflect.Type) (*structType, error) {
	var r structReader
	if t.Kind() != reflect.Struct {
		r.fail(t.String(), "a schema is derived from a struct")
		return nil, r.errs[0]
	}
	s := r.read(t, t.Name(), inResource)
	return s, errors.Join(r.errs...)
}
