package scim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// A structType is a Go struct as its tags say it: a resource, an extension or a complex value.
type structType struct {
	name   string
	fields []structField
	index  map[string]int // of fields, by name in lower case
	other  []int          // the field for what has no field; nil if there is none
}

// A structField is a field that stands for an attribute or an extension.
type structField struct {
	name  string // of the attribute, or the URN of the extension
	path  string // in Go, for errors: Device.Owner
	index []int
	attr  *Attribute   // what the tags say of it; nil for an extension
	elem  reflect.Type // of one value, without pointers
	sub   *structType  // of a complex one or an extension
	tags  bool         // there is more to it than its type
	whole bool         // it is of User or Group, which have all that RFC 7643 has
}

func (s *structType) find(name string) *structField {
	if len(name) > 256 {
		return nil
	}
	var buf [256]byte
	if i, ok := s.index[string(appendLower(buf[:0], name))]; ok {
		return &s.fields[i]
	}
	return nil
}

// A structReader reads the types of structs, and collects what is wrong with them.
type structReader struct {
	errs []error
}

func (r *structReader) fail(path, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("scim: %s: "+format, append([]any{path}, args...)...))
}

// place is where a struct is: what it may hold depends on that.
type place int

const (
	inResource place = iota
	inExtension
	inComplex
)

var (
	userType   = reflect.TypeFor[User]()
	groupType  = reflect.TypeFor[Group]()
	memberList = reflect.TypeFor[[]Member]()
	timeType   = reflect.TypeFor[time.Time]()
	numberType = reflect.TypeFor[json.Number]()
	bytesType  = reflect.TypeFor[[]byte]()
)

// read reads the type of a struct.
func (r *structReader) read(t reflect.Type, path string, at place) *structType {
	s := &structType{name: t.Name(), index: map[string]int{}}
	r.fields(s, t, path, at, nil)
	return s
}

func (r *structReader) fields(s *structType, t reflect.Type, path string, at place, above []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		index := append(append([]int{}, above...), i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		tag := f.Tag.Get("scim")
		p := path + "." + f.Name
		switch {
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			r.fields(s, f.Type, p, at, index)
			continue
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Pointer:
			r.fail(p, "embed the struct itself, not a pointer to it")
			continue
		case !f.IsExported():
			if tag != "" {
				r.fail(p, "a field that is not exported cannot be an attribute")
			}
			continue
		case f.Type == memberList:
			if s.other != nil {
				r.fail(p, "there is another []Member; one takes all that has no field")
			}
			s.other = index
			continue
		case name == "-":
			if tag != "" {
				r.fail(p, `json:"-" and a scim tag contradict each other`)
			}
			continue
		case name == "":
			name = f.Name
		}
		n := len(r.errs)
		field := r.field(f, name, tag, p, at)
		if len(r.errs) > n {
			continue
		}
		field.index, field.whole = index, t == userType || t == groupType
		low := string(appendLower(nil, name))
		if _, twice := s.index[low]; twice {
			r.fail(p, "there is another field for %s", name)
			continue
		}
		s.index[low] = len(s.fields)
		s.fields = append(s.fields, field)
	}
}

func (r *structReader) field(f reflect.StructField, name, tag, path string, at place) structField {
	field := structField{name: name, path: path, elem: direct(f.Type), tags: tag != "" || f.Tag.Get("description") != ""}
	if strings.Contains(name, ":") {
		switch {
		case at != inResource:
			r.fail(path, "an extension is part of a resource, not of what is within one")
		case field.elem.Kind() != reflect.Struct:
			r.fail(path, "an extension is a struct or a pointer to one, not %s", f.Type)
		case tag != "":
			r.fail(path, "the tag of an extension belongs to the fields of its struct")
		default:
			field.sub = r.read(field.elem, path, inExtension)
		}
		return field
	}
	a := &Attribute{Name: name, Description: f.Tag.Get("description")}
	if field.elem.Kind() == reflect.Slice && field.elem != bytesType {
		a.MultiValued = true
		field.elem = direct(field.elem.Elem())
	}
	var known bool
	if a.Type, known = typeOf(field.elem); !known {
		r.fail(path, "%s cannot be an attribute; take a string, bool, number, time.Time, []byte, a struct of these, or a slice or pointer of one", f.Type)
		return field
	}
	if a.Type == Complex {
		if at == inComplex {
			r.fail(path, "a complex attribute cannot be within another (RFC 7643 section 2.3.8)")
			return field
		}
		field.sub = r.read(field.elem, path, inComplex)
		for i := range field.sub.fields {
			a.SubAttributes = append(a.SubAttributes, field.sub.fields[i].attr)
		}
	}
	field.attr = a
	r.tag(a, field.elem, tag, path)
	return field
}

// direct gives a type without pointers.
func direct(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// typeOf gives the type of attribute that a Go type stands for, unless a tag says another.
func typeOf(t reflect.Type) (AttributeType, bool) {
	switch t {
	case timeType:
		return DateTime, true
	case numberType:
		return Decimal, true
	case bytesType:
		return Binary, true
	}
	switch t.Kind() {
	case reflect.String:
		return String, true
	case reflect.Bool:
		return Boolean, true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return Integer, true
	case reflect.Float32, reflect.Float64:
		return Decimal, true
	case reflect.Struct:
		return Complex, true
	}
	return "", false
}

// holds reports whether a Go type can hold the values of an attribute's type.
func holds(t reflect.Type, of AttributeType) bool {
	is, ok := typeOf(t)
	switch {
	case !ok:
		return false
	case is == String:
		return of == String || of == Reference || of == DateTime || of == Binary
	case t == numberType:
		return of == Integer || of == Decimal
	}
	return is == of
}
