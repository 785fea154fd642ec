package scim

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// decode sets the fields of a struct to the members of an object. It goes on after an error.
func (s *structType) decode(o *Object, v reflect.Value) error {
	var errs []error
	var rest []Member
	for _, m := range o.members {
		f := s.find(m.Name)
		if f == nil {
			if !foldEqual(m.Name, "schemas") {
				rest = append(rest, m)
			}
			continue
		}
		if err := f.set(v.FieldByIndex(f.index), m.Value); err != nil {
			errs = append(errs, err)
		}
	}
	if s.other != nil && rest != nil {
		v.FieldByIndex(s.other).Set(reflect.ValueOf(rest))
	}
	return errors.Join(errs...)
}

// set sets a field to a value of an Object.
func (f *structField) set(v reflect.Value, value any) error {
	if value == nil {
		return nil
	}
	if f.attr == nil || !f.attr.MultiValued {
		err := f.setOne(v, value)
		if f.empty(v) {
			v.SetZero()
		}
		return err
	}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	v = reach(v)
	values := reflect.MakeSlice(v.Type(), len(list), len(list))
	var errs []error
	n := 0
	for _, e := range list {
		if e == nil {
			continue
		}
		if err := f.setOne(values.Index(n), e); err != nil {
			errs = append(errs, err)
		}
		if !f.empty(values.Index(n)) {
			n++
		}
	}
	if n > 0 {
		v.Set(values.Slice(0, n))
	}
	return errors.Join(errs...)
}

// empty reports whether a struct says nothing: {"type": ""}.
func (f *structField) empty(v reflect.Value) bool {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return f.sub != nil && v.IsZero()
}

// reach makes what a pointer points to, and gives it.
func reach(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

// setOne sets one value. Its type decides how: the value of the schema may have another.
func (f *structField) setOne(v reflect.Value, value any) error {
	v = reach(v)
	if f.sub != nil {
		o, ok := value.(*Object)
		if !ok { // a bare value of what is complex
			o = &Object{members: []Member{{"value", value}}}
			ok = f.sub.find("value") != nil && kindOf(value) <= kindOf("")
		}
		if ok {
			return f.sub.decode(o, v)
		}
	}
	switch value := value.(type) {
	case string:
		switch {
		case v.Type() == timeType:
			t, err := ParseTime(value)
			if err == nil {
				v.Set(reflect.ValueOf(t))
				return nil
			}
		case v.Type() == bytesType:
			if b, ok := decodeBase64(value); ok {
				v.SetBytes(b)
				return nil
			}
		case v.Kind() == reflect.String && v.Type() != numberType:
			v.SetString(value)
			return nil
		}
	case bool:
		if v.Kind() == reflect.Bool {
			v.SetBool(value)
			return nil
		}
	case json.Number:
		if setNumber(v, value) {
			return nil
		}
	}
	return fmt.Errorf("scim: %s: %s cannot hold what %s has", f.path, v.Type(), f.name)
}

// decodeBase64 reads base64 in the forms that are in use.
func decodeBase64(s string) ([]byte, bool) {
	for _, e := range [...]*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		if b, err := e.DecodeString(s); err == nil {
			return b, true
		}
	}
	return nil, false
}

// setNumber sets a number, if it fits without loss of what an integer says.
func setNumber(v reflect.Value, n json.Number) bool {
	switch {
	case v.Type() == numberType:
		v.SetString(string(n))
	case v.CanInt():
		i, err := n.Int64()
		if err != nil { // 5.0, 5e3
			f, err := n.Float64()
			if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				return false
			}
			i = int64(f)
		}
		if v.OverflowInt(i) {
			return false
		}
		v.SetInt(i)
	case v.CanUint():
		u, err := strconv.ParseUint(string(n), 10, 64)
		if err != nil {
			f, err := n.Float64()
			if err != nil || f != math.Trunc(f) || f < 0 || f > 1<<53 {
				return false
			}
			u = uint64(f)
		}
		if v.OverflowUint(u) {
			return false
		}
		v.SetUint(u)
	case v.CanFloat():
		f, err := n.Float64()
		if err != nil || v.OverflowFloat(f) {
			return false
		}
		v.SetFloat(f)
	default:
		return false
	}
	return true
}

// encode sets the members of an object to the fields of a struct that have a value.
func (s *structType) encode(o *Object, v reflect.Value) error {
	for i := range s.fields {
		f := &s.fields[i]
		field := v.FieldByIndex(f.index)
		if field.IsZero() || foldEqual(f.name, "schemas") {
			continue
		}
		value, err := f.get(field)
		if err != nil {
			return err
		}
		if assignedValue(value) != nil {
			o.members = append(o.members, Member{f.name, value})
		}
	}
	if s.other != nil {
		for _, m := range v.FieldByIndex(s.other).Interface().([]Member) {
			o.Set(m.Name, m.Value)
		}
	}
	return nil
}

// get gives a field as a value of an Object; nil if it has none.
func (f *structField) get(v reflect.Value) (any, error) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if f.attr == nil || !f.attr.MultiValued {
		return f.getOne(v)
	}
	list := make([]any, 0, v.Len())
	for i := range v.Len() {
		value, err := f.getOne(v.Index(i))
		if err != nil {
			return nil, err
		}
		if value != nil {
			list = append(list, value)
		}
	}
	return list, nil
}

func (f *structField) getOne(v reflect.Value) (any, error) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil, nil
		}
		v = v.Elem()
	}
	switch {
	case f.sub != nil:
		o := &Object{}
		if err := f.sub.encode(o, v); err != nil || o.Len() == 0 {
			return nil, err
		}
		return o, nil
	case v.Type() == timeType:
		return FormatTime(v.Interface().(time.Time)), nil
	case v.Type() == bytesType:
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	case v.Type() == numberType:
		if n := json.Number(v.String()); scanNumber(string(n)) == len(n) && n != "" {
			return n, nil
		}
		return nil, fmt.Errorf("scim: %s: it does not hold a number", f.path)
	case v.CanInt():
		return json.Number(strconv.FormatInt(v.Int(), 10)), nil
	case v.CanUint():
		return json.Number(strconv.FormatUint(v.Uint(), 10)), nil
	case v.CanFloat():
		if x := v.Float(); math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, fmt.Errorf("scim: %s: JSON has no number that is infinite or none", f.path)
		}
		return json.Number(strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())), nil
	case v.Kind() == reflect.Bool:
		return v.Bool(), nil
	}
	return v.String(), nil
}
