package scim

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// A Binding turns resources of a type into values of a Go struct, and back. It is safe for concurrent use.
type Binding[T any] struct {
	typ *ResourceType
	str *structType
}

// Bind binds a Go struct to a resource type, whose schemas may be derived from it ([SchemaOf]) or declared otherwise. The
// struct need not have fields for all attributes. A field whose name is the URN of an extension is a struct of that; one
// of type []Member takes what has no field, which is lost where there is none. To have the attributes of a user besides
// one's own, embed [User], of which the type need not have everything. The error joins all fields that are no attribute of the type or cannot hold it.
func Bind[T any](t *ResourceType) (*Binding[T], error) {
	s, err := structOf(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	if errs := s.check(t.names, "a "+t.def.Name, false); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &Binding[T]{t, s}, nil
}

// check compares the fields of a struct with attributes. In values of a list it does not matter if there are none for those
// that a value can have (RFC 7643 section 2.4), so that one struct, as [Value], serves many.
func (s *structType) check(names nameIndex, of string, values bool) (errs []error) {
	for i := range s.fields {
		f := &s.fields[i]
		a := names.find(f.name)
		switch {
		case a == nil && f.whole:
		case a == nil && values && slices.Contains([]string{"$ref", "display", "type", "primary"}, f.name):
		case a == nil:
			errs = append(errs, fmt.Errorf("scim: %s: %s has no attribute %q", f.path, of, f.name))
		case a.ext:
			errs = append(errs, f.sub.check(a.subs, "the extension "+a.Name, false)...)
		case a.MultiValued != f.attr.MultiValued:
			errs = append(errs, fmt.Errorf("scim: %s: whether %s has several values is not as the schema says", f.path, a.path))
		case !holds(f.elem, a.Type):
			errs = append(errs, fmt.Errorf("scim: %s: %s cannot hold %s, which is a %s", f.path, f.elem, a.path, a.Type))
		case a.Type == Complex:
			errs = append(errs, f.sub.check(a.subs, a.path, a.MultiValued)...)
		}
	}
	return errs
}

// Value gives a resource as a T. Fields without a value are zero. The error joins what does not fit its field, which
// a resource from [ResourceType.Decode] has none of but for numbers too large; all else is in the T. It shares what is in
// a []Member with r.
func (b *Binding[T]) Value(r *Resource) (*T, error) {
	v := new(T)
	return v, b.str.decode(&r.Object, reflect.ValueOf(v).Elem())
}

// Resource gives a T as a resource of the type, with its schemas. Zero fields and empty lists are not assigned; a pointer
// tells false, 0 and "" from that. It shares what is in a []Member.
func (b *Binding[T]) Resource(v *T) (*Resource, error) {
	return b.str.resource(b.typ.def.Schema.ID, reflect.ValueOf(v).Elem())
}

// resource makes a resource of a struct.
func (s *structType) resource(urn string, v reflect.Value) (*Resource, error) {
	r := NewResource(urn)
	if err := s.encode(&r.Object, v); err != nil {
		return nil, err
	}
	urns := []string{urn}
	for _, m := range r.members {
		if _, ok := m.Value.(*Object); ok && hasPrefixFold(m.Name, "urn:") {
			urns = append(urns, m.Name)
		}
	}
	r.SetSchemas(urns...)
	return r, nil
}
