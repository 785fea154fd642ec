package scim

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Decode reads a resource of the type: JSON by [DecodeObject], then [ResourceType.Normalize].
func (t *ResourceType) Decode(b []byte, o *Options) (*Resource, error) {
	obj, err := DecodeObject(b, o)
	if err != nil {
		return nil, err
	}
	r := &Resource{*obj}
	if err := t.Normalize(r, o); err != nil {
		return nil, err
	}
	return r, nil
}

// Normalize spells names as the schema does, gives values their types, drops what is null or empty
// (RFC 7643 section 2.5), and makes schemas say what is there, so that everything after it can rely on
// that. It changes r. What does not fit is an error of class [ErrInvalidValue] or, for a name that no
// schema has, [ErrInvalidSyntax]; the tolerant dialect drops such names.
func (t *ResourceType) Normalize(r *Resource, o *Options) error {
	n := normalizer{typ: t, options: o}
	return n.resource(r)
}

type normalizer struct {
	typ     *ResourceType
	options *Options
}

func (n *normalizer) resource(r *Resource) error {
	kept := r.members[:0]
	var paths []Member
	for _, m := range r.members {
		a := n.typ.names.find(m.Name)
		if a == nil {
			if strings.ContainsAny(m.Name, ".:") && n.typ.Attribute(m.Name) != nil {
				paths = append(paths, m)
				continue
			}
			if err := n.unknown(m.Name); err != nil {
				return err
			}
			continue
		}
		if a.Name == "schemas" {
			kept = append(kept, Member{a.Name, m.Value})
			continue
		}
		v, err := n.value(a, m.Value)
		if err != nil {
			return err
		}
		if err := a.emptied(m.Value, v); err != nil {
			return err
		}
		if v != nil {
			kept = append(kept, Member{a.Name, v})
		}
	}
	clear(r.members[len(kept):])
	r.members = kept
	for _, m := range paths {
		if err := n.path(r, m); err != nil {
			return err
		}
	}
	return n.schemas(r)
}

// emptied fails if nothing is left of a list of references that is not empty: whoever sent it did not mean to have none, and
// a replacement by it would empty a group.
func (a *Attribute) emptied(sent, normal any) error {
	list, ok := sent.([]any)
	if sent == nil || ok && len(list) == 0 || normal != nil || !a.MultiValued || !a.byReference() {
		return nil
	}
	return Errorf(ErrInvalidValue, "no value of %s has an id; to have none send an empty list", a.path)
}

// path sets an attribute whose path is used as a name.
func (n *normalizer) path(r *Resource, m Member) error {
	a := n.typ.Attribute(m.Name)
	if !n.options.tolerate(PathAsKey, a.path) || a.parent != nil && a.parent.Multi() {
		return Errorf(ErrInvalidSyntax, "%s is a path, not the name of a member", a.path)
	}
	v, err := n.value(a, m.Value)
	if err != nil || v == nil {
		return err
	}
	holder(&r.Object, a).Set(a.Name, v)
	return nil
}

// holder gives the object that an attribute is a member of, and makes it if need be.
func holder(top *Object, a *Attribute) *Object {
	if a.parent == nil {
		return top
	}
	o := holder(top, a.parent)
	sub := o.GetObject(a.parent.Name)
	if sub == nil {
		sub = &Object{}
		o.Set(a.parent.Name, sub)
	}
	return sub
}

func (n *normalizer) unknown(name string) error {
	name = clip(name)
	if n.options.tolerate(UnknownAttribute, name) {
		return nil
	}
	return Errorf(ErrInvalidSyntax, "%q is not an attribute of a %s", name, n.typ.def.Name)
}

// schemas checks which schemas r names, and makes it name its own and those of the extensions that it has.
func (n *normalizer) schemas(r *Resource) error {
	list, _ := r.Get("schemas").([]any)
	if s, ok := r.Get("schemas").(string); ok {
		list = []any{s}
	}
	core, strange := false, false
	for _, v := range list {
		s, _ := v.(string)
		switch e := n.typ.names.find(s); {
		case foldEqual(s, n.typ.def.Schema.ID):
			core = true
		case e == nil || !e.ext:
			strange = true
		}
	}
	if !core && !n.options.tolerate(MissingSchema, "schemas") {
		return Errorf(ErrInvalidSyntax, "schemas does not name %s", n.typ.def.Schema.ID)
	}
	if strange && !n.options.tolerate(UnknownSchema, "schemas") {
		return Errorf(ErrInvalidSyntax, "schemas names one that a %s does not have", n.typ.def.Name)
	}
	n.typ.syncSchemas(&r.Object)
	return nil
}

// value gives a value of an attribute its type; nil if it is unassigned.
func (n *normalizer) value(a *Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	list, isList := v.([]any)
	if !a.MultiValued {
		if !isList {
			return n.single(a, v)
		}
		if len(list) > 1 || !n.options.tolerate(SingleList, a.path) {
			return nil, Errorf(ErrInvalidValue, "%s takes one value, not a list", a.path)
		}
		if len(list) == 0 {
			return nil, nil
		}
		return n.single(a, list[0])
	}
	if !isList {
		if !n.options.tolerate(ListSingle, a.path) {
			return nil, Errorf(ErrInvalidValue, "%s takes a list of values", a.path)
		}
		list = []any{v}
	}
	kept := list[:0]
	for _, v := range list {
		v, err := n.single(a, v)
		if err != nil {
			return nil, err
		}
		if v != nil {
			kept = append(kept, v)
		}
	}
	clear(list[len(kept):])
	if len(kept) == 0 {
		return nil, nil
	}
	kept = a.distinct(kept)
	return kept, n.onePrimary(a, kept)
}

// onePrimary sees to it that no more than one value is primary (RFC 7643 section 2.4).
func (n *normalizer) onePrimary(a *Attribute, list []any) error {
	if p := a.Sub("primary"); p == nil || p.Type != Boolean {
		return nil
	}
	var last *Object
	for _, v := range list {
		o, _ := v.(*Object)
		if o.Get("primary") != true {
			continue
		}
		if last != nil {
			if !n.options.tolerate(SeveralPrimary, a.path) {
				return Errorf(ErrInvalidValue, "%s has more than one primary value", a.path)
			}
			last.Set("primary", false)
		}
		last = o
	}
	return nil
}

// single gives one value its type; nil if it is unassigned.
func (n *normalizer) single(a *Attribute, v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	if a.Type == Complex {
		return n.complex(a, v)
	}
	if o, ok := v.(*Object); ok {
		// Entra ID sends [{"value": "x"}] for an attribute that is not complex.
		inner := o.Get("value")
		if inner == nil || kindOf(inner) > kindOf("") || !n.options.tolerate(WrappedScalar, a.path) {
			return nil, n.wrongType(a, v)
		}
		v = inner
	}
	switch a.Type {
	case Boolean:
		if _, ok := v.(bool); ok {
			return v, nil
		}
		if b, ok := parseBoolean(v); ok && n.options.tolerate(BooleanString, a.path) {
			return b, nil
		}
		if v == "" && n.options.tolerate(EmptyString, a.path) {
			return nil, nil
		}
	case Integer, Decimal:
		return n.number(a, v)
	default:
		s, ok := v.(string)
		if !ok {
			if kindOf(v) > kindOf("") || !n.options.tolerate(ScalarString, a.path) {
				return nil, n.wrongType(a, v)
			}
			s = scalarText(v)
			v = s
		}
		return n.text(a, v, s)
	}
	return nil, n.wrongType(a, v)
}

func scalarText(v any) string {
	switch v := v.(type) {
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return string(v)
	}
	return ""
}

func (n *normalizer) wrongType(a *Attribute, v any) error {
	what := map[int]string{1: "a boolean", 2: "a number", 3: "a string", 4: "an object", 5: "a list"}[kindOf(v)]
	return Errorf(ErrInvalidValue, "%s is of type %s, and %s does not fit", a.path, a.Type, what)
}

func (n *normalizer) number(a *Attribute, v any) (any, error) {
	num, ok := v.(json.Number)
	if !ok {
		if v == "" && n.options.tolerate(EmptyString, a.path) {
			return nil, nil
		}
		parsed, isNumber := parseNumber(v)
		if !isNumber || !n.options.tolerate(NumberString, a.path) {
			return nil, n.wrongType(a, v)
		}
		num = parsed.(json.Number)
	}
	if a.Type == Integer {
		if d := parseDecimal(string(num)); len(d.digits) > d.exp {
			return nil, Errorf(ErrInvalidValue, "%s is an integer, and a fraction does not fit", a.path)
		}
	}
	return num, nil
}

// text checks a string of the types that JSON has strings for.
func (n *normalizer) text(a *Attribute, v any, s string) (any, error) {
	switch {
	case a.Type == DateTime && s == "" && n.options.tolerate(EmptyString, a.path):
		return nil, nil
	case a.Type == DateTime:
		t, err := ParseTime(s)
		if err == nil && len(s) > 10 && s[10] == 'T' {
			return v, nil
		}
		if err != nil || !n.options.tolerate(BadDateTime, a.path) {
			return nil, Errorf(ErrInvalidValue, "%s is not a dateTime such as 2008-01-23T04:56:22Z", a.path)
		}
		return FormatTime(t), nil
	case a.Type == Binary:
		if _, ok := decodeBase64(s); ok {
			return v, nil
		}
		return nil, Errorf(ErrInvalidValue, "%s is not base64 (RFC 4648)", a.path)
	case a.ClosedValues && len(a.CanonicalValues) > 0:
		for _, c := range a.CanonicalValues {
			if a.compareStrings(c, s) == 0 {
				return c, nil
			}
		}
		return nil, Errorf(ErrInvalidValue, "%s must be one of %s", a.path, strings.Join(a.CanonicalValues, ", "))
	}
	return v, nil
}

// complex normalises the members of a complex value or an extension.
func (n *normalizer) complex(a *Attribute, v any) (any, error) {
	o, ok := v.(*Object)
	if !ok {
		switch {
		case v == "" && n.options.tolerate(EmptyString, a.path):
			return nil, nil
		case a.Sub("value") == nil || kindOf(v) > kindOf("") || !n.options.tolerate(ScalarComplex, a.path):
			return nil, n.wrongType(a, v)
		}
		o = &Object{members: []Member{{"value", v}}}
	}
	kept := o.members[:0]
	for _, m := range o.members {
		s := a.Sub(m.Name)
		if s == nil && a.ext && foldEqual(m.Name, "schemas") {
			continue
		}
		if s == nil {
			if err := n.unknown(fmt.Sprintf("%s.%s", a.path, m.Name)); err != nil {
				return nil, err
			}
			continue
		}
		v, err := n.value(s, m.Value)
		if err != nil {
			return nil, err
		}
		if v != nil {
			kept = append(kept, Member{s.Name, v})
		}
	}
	clear(o.members[len(kept):])
	o.members = kept
	if len(kept) == 0 {
		return nil, nil
	}
	if a.MultiValued && a.byReference() && !present(o.Get("value")) { // it would be nobody
		if n.options.tolerate(NoReference, a.path) {
			return nil, nil
		}
		return nil, Errorf(ErrInvalidValue, "one of the %s has no value; send the id of each", a.path)
	}
	// Entra ID clears the manager with an empty value.
	if !a.ext && o.Get("value") == "" && (!a.MultiValued || onlyLabels(o)) && n.options.tolerate(EmptyString, a.path) {
		return nil, nil
	}
	return o, nil
}
