package scim1

import (
	"cmp"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/filter"
)

// operation is the sub-attribute by which a PATCH says what becomes of a value of a multi-valued attribute.
const (
	operation = "operation"
	opDelete  = "delete"
)

func operationOf(o *scim.Object) string { return strings.ToLower(o.GetString(operation)) }

// patch2 makes a PATCH of SCIM 2.0 of one of 1.1, which is a part of a resource: first the attributes in meta.attributes
// go, then the values that are to be deleted, then single values replace or are merged, and those of multi-valued
// attributes are added.
func (h *Handler) patch2(t *scim.ResourceType, o *scim.Object) (*scim.Object, error) {
	if o.Has("Operations") {
		return nil, scim.Errorf(scim.ErrInvalidSyntax, "this is a PATCH of SCIM 2.0; one of 1.1 is a part of the resource")
	}
	p := patcher{h: h, typ: t, gone: map[string]bool{}, single: scim.NewObject(), several: scim.NewObject()}
	if err := p.remove(o.Get("meta")); err != nil {
		return nil, err
	}
	for name, v := range o.All() {
		if strings.EqualFold(name, "schemas") || strings.EqualFold(name, "meta") || strings.EqualFold(name, "id") {
			continue
		}
		path := path2(name)
		if p.single.Has(path) || p.several.Has(path) {
			return nil, scim.Errorf(scim.ErrInvalidSyntax, "%s is there twice", urn1(path))
		}
		if err := p.set(t.Attribute(path), path, v); err != nil {
			return nil, err
		}
	}
	return p.message(o)
}

// A patcher collects the operations that a PATCH amounts to.
type patcher struct {
	h   *Handler
	typ *scim.ResourceType
	ops []*scim.Object
	// gone are the paths of the attributes that go as a whole.
	gone map[string]bool
	// single and several are the values of attributes that have one and several.
	single, several *scim.Object
}

// remove takes the names in meta.attributes.
func (p *patcher) remove(meta any) error {
	o, _ := meta.(*scim.Object)
	list, ok := o.Get("attributes").([]any)
	switch v := o.Get("attributes").(type) {
	case nil:
		return nil
	case string:
		list, ok = []any{v}, true
	}
	if !ok {
		return scim.Errorf(scim.ErrInvalidValue, "meta.attributes is not a list of names")
	}
	for _, v := range list {
		name, ok := v.(string)
		if !ok || name == "" {
			return scim.Errorf(scim.ErrInvalidValue, "meta.attributes is not a list of names")
		}
		path := path2(name)
		if a := p.typ.Attribute(path); a != nil {
			path = a.Path()
		}
		if !p.gone[path] {
			p.gone[path] = true
			p.ops = append(p.ops, op(scim.Remove, path, nil))
		}
	}
	return nil
}

// op makes an operation.
func op(o scim.Op, path string, value any) *scim.Object {
	out := scim.NewObject(scim.Member{Name: "op", Value: string(o)})
	if path != "" {
		out.Set("path", path)
	}
	if value != nil {
		out.Set("value", value)
	}
	return out
}

// set takes the value of an attribute, which is nil if the type has none of that name.
func (p *patcher) set(a *scim.Attribute, path string, v any) error {
	o, isObject := v.(*scim.Object)
	switch {
	case a != nil && a.IsExtension() && isObject:
		return p.extension(a, path, o)
	case a != nil && a.MultiValued:
		values, err := p.values(a, v)
		if err != nil {
			return err
		}
		p.several.Set(path, values)
	default:
		p.single.Set(path, p.h.value2(a, v))
	}
	return nil
}

// extension takes the attributes of an extension.
func (p *patcher) extension(ext *scim.Attribute, path string, o *scim.Object) error {
	single, several := scim.NewObject(), scim.NewObject()
	for name, v := range o.All() {
		a := ext.Sub(name)
		if a == nil || !a.MultiValued {
			single.Set(name, p.h.value2(a, v))
			continue
		}
		values, err := p.values(a, v)
		if err != nil {
			return err
		}
		several.Set(name, values)
	}
	if single.Len() > 0 {
		p.single.Set(path, single)
	}
	if several.Len() > 0 {
		p.several.Set(path, several)
	}
	return nil
}

// values gives the values of a multi-valued attribute that are to be added, and has those removed that are to be deleted. Null
// is none of either: only meta.attributes removes them all.
func (p *patcher) values(a *scim.Attribute, v any) ([]any, error) {
	list, ok := v.([]any)
	if !ok && v != nil {
		list = []any{v}
	}
	added := make([]any, 0, len(list))
	var deleted []filter.Expression
	for _, v := range list {
		o, ok := v.(*scim.Object)
		if !ok {
			added = append(added, v)
			continue
		}
		switch what := o.Get(operation); {
		case what == nil || operationOf(o) == "add" || a.Sub(operation) != nil:
			added = append(added, p.h.element2(a, o))
		case operationOf(o) != opDelete:
			return nil, scim.Errorf(scim.ErrInvalidValue, "the operation of a value of %s is not %q, which is the only one there is", a.Path(), opDelete)
		case !p.gone[a.Path()]:
			e, err := identity(a, o)
			if err != nil {
				return nil, err
			}
			deleted = append(deleted, e)
		}
	}
	return added, p.delete(a, deleted)
}

// identity gives the filter that selects a value: by its "value", or by all that is told of it where it has none.
func identity(a *scim.Attribute, o *scim.Object) (filter.Expression, error) {
	if v := o.Get("value"); v != nil {
		return filter.Attr("value").Eq(v), nil
	}
	var parts []filter.Expression
	for name, v := range o.All() {
		if v != nil && v != false && !strings.EqualFold(name, operation) && !strings.EqualFold(name, "$ref") {
			parts = append(parts, filter.Attr(name).Eq(v))
		}
	}
	if parts == nil {
		return nil, scim.Errorf(scim.ErrInvalidValue, "a value of %s is to be deleted and does not say which", a.Path())
	}
	return filter.And(parts...), nil
}

// eachAlone is how many values are deleted by an operation for each, which a Store can do without reading all others. If
// there are more, one operation deletes as many as its filter can name, so that a request stays within the limits.
const eachAlone = 100

// delete has selected values removed.
func (p *patcher) delete(a *scim.Attribute, selected []filter.Expression) error {
	l, most := p.h.limits, 1
	if n := len(selected); n > eachAlone || l.Operations > 0 && n > l.Operations/2 {
		most = cmp.Or(l.FilterTerms, 200) * 3 / 4
	}
	longest := cmp.Or(l.FilterLength, 8<<10) * 3 / 4
	for len(selected) > 0 {
		n, named, length := 0, 0, 0
		for n < len(selected) && (n == 0 || named < most && length < longest) {
			s, err := filter.Format(selected[n])
			if err != nil {
				return scim.Errorf(scim.ErrInvalidValue, "a value of %s is to be deleted and cannot be looked for by what is told of it: %w", a.Path(), err)
			}
			named, length = named+terms(selected[n]), length+len(s)+len(" or ")
			n++
		}
		s, err := filter.Format(filter.Or(selected[:n]...))
		if err != nil {
			return err
		}
		p.ops = append(p.ops, op(scim.Remove, a.Path()+"["+s+"]", nil))
		selected = selected[n:]
	}
	return nil
}

// terms counts the comparisons of a conjunction.
func terms(e filter.Expression) int {
	if l, ok := e.(*filter.LogicalExpression); ok {
		return terms(l.Left) + terms(l.Right)
	}
	return 1
}

// message is the whole request.
func (p *patcher) message(o *scim.Object) (*scim.Object, error) {
	if p.single.Len() > 0 {
		p.ops = append(p.ops, op(scim.Replace, "", p.single))
	}
	if p.several.Len() > 0 {
		p.ops = append(p.ops, op(scim.Add, "", p.several))
	}
	if len(p.ops) == 0 {
		return nil, scim.Errorf(scim.ErrInvalidSyntax, "the request changes nothing: it names no attribute but those of the server")
	}
	out := scim.NewObject()
	if o.Has("schemas") { // else the Handler behind says whether it may be missing
		out.Set("schemas", []string{scim.PatchOpSchema})
	}
	out.Set("Operations", p.ops)
	return out, nil
}
