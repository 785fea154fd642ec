package scim

import (
	"errors"
	"fmt"
	"strings"
)

// Resolve makes a Delta of a PATCH request: paths are found in the schema, values normalised, vendors' forms
// understood. Errors are of the classes of RFC 7644 section 3.5.2 and name the operation. The values of p are
// changed and become part of the Delta.
func (t *ResourceType) Resolve(p *PatchRequest, o *Options) (*Delta, error) {
	r := resolver{normalizer: normalizer{typ: t, options: o}, delta: &Delta{typ: t, options: o}}
	for i := range p.Operations {
		if err := r.operation(&p.Operations[i]); err != nil {
			if len(p.Operations) > 1 {
				err = inOperation(i, err)
			}
			return nil, err
		}
	}
	return r.delta, nil
}

// inOperation says which operation an error is about.
func inOperation(i int, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return fmt.Errorf("operation %d: %w", i+1, err)
	}
	return &Error{Status: e.Status, Type: e.Type, Detail: fmt.Sprintf("operation %d: %s", i+1, e.Detail), Err: e.Err}
}

type resolver struct {
	normalizer
	delta *Delta
}

func (r *resolver) operation(op *PatchOperation) error {
	switch {
	case op.Op != Add && op.Op != Remove && op.Op != Replace:
		return Errorf(ErrInvalidSyntax, "op is not add, remove or replace")
	case op.Path == "" && op.Op == Remove:
		return Errorf(ErrNoTarget, "a remove needs a path")
	case op.Value == nil && !op.null && op.Op != Remove:
		return Errorf(ErrInvalidValue, "%s needs a value", op.Op)
	case op.Path != "":
		return r.path(op.Op, op.Path, op.Value, false)
	}
	o, ok := op.Value.(*Object)
	if !ok {
		return Errorf(ErrInvalidValue, "without a path the value must be an object of attributes")
	}
	return r.object(op.Op, o)
}

// object resolves the members of the value of an operation without a path.
func (r *resolver) object(op Op, o *Object) error {
	for _, m := range o.members {
		a := r.typ.names.find(m.Name)
		switch {
		case foldEqual(m.Name, r.typ.def.Schema.ID):
			if err := r.core(op, m.Name, m.Value); err != nil {
				return err
			}
		case a == nil && strings.ContainsAny(m.Name, ".:["):
			if !r.options.tolerate(PathAsKey, clip(m.Name)) {
				return Errorf(ErrInvalidSyntax, "%s is a path, not the name of a member", clip(m.Name))
			}
			if err := r.path(op, m.Name, m.Value, true); err != nil {
				return err
			}
		case a == nil:
			if err := r.unknown(m.Name); err != nil {
				return err
			}
		default:
			if err := r.add(deltaOp{op: op, Path: Path{attr: a}}, m.Value, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// core resolves attributes that are in an object under the URN of the schema, as if that were an extension.
func (r *resolver) core(op Op, urn string, value any) error {
	o, ok := value.(*Object)
	if !ok || !r.options.tolerate(PathAsKey, urn) {
		return Errorf(ErrInvalidSyntax, "%s is the schema of the resource, not the name of an attribute", urn)
	}
	return r.object(op, o)
}

// path resolves an operation with a path. Lenient says that the path is the name of a member.
func (r *resolver) path(op Op, path string, value any, lenient bool) error {
	if foldEqual(path, r.typ.def.Schema.ID) && !r.options.strict() {
		if op == Remove {
			return Errorf(ErrInvalidPath, "%s is the schema of the resource, which cannot be removed", path)
		}
		return r.core(op, path, value)
	}
	p, err := r.typ.ParsePath(path, r.options)
	var unknown *unknownError
	if errors.As(err, &unknown) || lenient && errors.Is(err, ErrInvalidPath) {
		if r.options.tolerate(UnknownAttribute, clip(path)) {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return r.add(deltaOp{op: op, Path: *p}, value, lenient)
}

// add enters an operation, with its value normalised. Lenient says that the attribute is but one of
// several in a value, as when Okta sends the id along.
func (r *resolver) add(d deltaOp, value any, lenient bool) error {
	target := d.Attribute()
	if target.Name == "schemas" && target.parent == nil {
		return nil // they follow from what the resource has
	}
	if target.readOnly() {
		fixed := target.Name == "id" || target.Name == "meta" || target.parent != nil && target.parent.Name == "meta"
		if (lenient || !fixed) && r.options.tolerate(ReadOnlyIgnored, target.path) {
			return nil
		}
		return Errorf(ErrMutability, "%s is readOnly", target.path)
	}
	if d.op == Remove {
		return r.remove(d, target, value)
	}
	if value == nil {
		if !r.options.tolerate(NullRemoves, target.path) {
			return Errorf(ErrInvalidValue, "%s of %s needs a value", d.op, target.path)
		}
		if d.op == Add && target.MultiValued {
			return nil // nothing is added; nothing goes
		}
		d.op = Remove
		return r.remove(d, target, nil)
	}
	value = r.unwrap(target, value)
	if _, isList := value.([]any); !isList && target.MultiValued && d.op == Add && d.match == nil {
		value = []any{value} // "a new value is added" (RFC 7644 section 3.5.2.1)
	}
	if target.ext {
		return r.extension(d.op, target, value)
	}
	if d.match != nil && d.sub == nil { // one value, in the place of those selected
		v, err := r.oneOf(target, value)
		if err != nil {
			return err
		}
		d.value = v
	} else {
		v, err := r.value(target, value)
		if err != nil {
			return err
		}
		d.value = v
	}
	if p := target.parent; d.value == "" && target.Name == "value" && p != nil && !p.ext && r.options.tolerate(EmptyString, p.path) {
		d.op = Remove // an address, or the manager, that is none
		if !p.MultiValued {
			d.Path = Path{attr: p}
		}
		return r.remove(d, p, nil)
	}
	if d.op == Replace {
		if err := target.emptied(value, d.value); err != nil {
			return err
		}
	}
	if d.value == nil { // an empty list, an empty string
		if d.op == Add {
			return nil
		}
		d.op = Remove
	}
	writable := target.dropReadOnly(d.value)
	if writable == nil && d.value != nil { // there was nothing in it but what the client may not write
		if r.options.tolerate(ReadOnlyIgnored, target.path) {
			return nil
		}
		return Errorf(ErrMutability, "%s holds nothing but what is readOnly", target.path)
	}
	d.value = writable
	r.push(d)
	return nil
}

func (r *resolver) push(d deltaOp) { r.delta.ops = append(r.delta.ops, d) }

// readOnly reports whether a client may not write the attribute.
func (a *Attribute) readOnly() bool {
	return a.Mutability == ReadOnly || a.parent != nil && a.parent.readOnly()
}

// oneOf normalises the one value that goes in the place of those a filter selects.
func (r *resolver) oneOf(a *Attribute, value any) (any, error) {
	if list, ok := value.([]any); ok {
		if len(list) != 1 || !r.options.tolerate(SingleList, a.path) {
			return nil, Errorf(ErrInvalidValue, "one value is expected for the selected values of %s", a.path)
		}
		value = list[0]
	}
	return r.single(a, value)
}

// unwrap takes {"members": [...]} for [...], which Ping sends with the path members.
func (r *resolver) unwrap(a *Attribute, value any) any {
	o, ok := value.(*Object)
	if !ok || o.Len() != 1 || !foldEqual(o.members[0].Name, a.Name) || a.Sub(a.Name) != nil || !r.options.tolerate(WrappedValue, a.path) {
		return value
	}
	return o.members[0].Value
}

// extension resolves the members of an extension one by one, since those not mentioned stay.
func (r *resolver) extension(op Op, ext *Attribute, value any) error {
	o, ok := value.(*Object)
	if !ok {
		return r.wrongType(ext, value)
	}
	for _, m := range o.members {
		a := ext.Sub(m.Name)
		if a == nil && foldEqual(m.Name, "schemas") {
			continue // a name common to all (RFC 7643 section 3), which clients that keep extensions as objects send along
		}
		if a == nil && strings.ContainsAny(m.Name, ".[") && r.options.tolerate(PathAsKey, clip(m.Name)) {
			if err := r.path(op, ext.Name+":"+m.Name, m.Value, true); err != nil {
				return err
			}
			continue
		}
		if a == nil {
			if err := r.unknown(fmt.Sprintf("%s:%s", ext.Name, m.Name)); err != nil {
				return err
			}
			continue
		}
		if err := r.add(deltaOp{op: op, Path: Path{attr: a}}, m.Value, true); err != nil {
			return err
		}
	}
	return nil
}

// remove resolves a remove. One with a value names the values to remove, which RFC 7644 does not have; it
// never removes all.
func (r *resolver) remove(d deltaOp, target *Attribute, value any) error {
	if value == nil || !target.MultiValued || d.match != nil {
		if value != nil && !r.options.tolerate(RemoveByValue, target.path) {
			return Errorf(ErrInvalidValue, "a remove has no value; select the values of %s by a filter in the path", target.path)
		}
		if !target.ext {
			r.push(d)
			return nil
		}
		for _, s := range target.SubAttributes { // what is readOnly in it stays
			if s.Mutability != ReadOnly {
				r.push(deltaOp{op: Remove, Path: Path{attr: s}})
			}
		}
		return nil
	}
	if !r.options.tolerate(RemoveByValue, target.path) {
		return Errorf(ErrInvalidValue, "a remove has no value; select the values of %s by a filter in the path", target.path)
	}
	v, err := r.value(target, r.unwrap(target, value))
	if err != nil {
		return err
	}
	if list, _ := v.([]any); len(list) > 0 {
		d.value = list
		r.push(d)
	}
	return nil
}
