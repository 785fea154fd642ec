package scim

import (
	"strings"
)

// An Op is what a PATCH operation does.
type Op string

// The operations of RFC 7644 section 3.5.2.
const (
	Add     Op = "add"
	Remove  Op = "remove"
	Replace Op = "replace"
)

// A PatchRequest is the body of a PATCH (RFC 7644 section 3.5.2).
type PatchRequest struct {
	Operations []PatchOperation
}

// A PatchOperation is one operation as it is sent.
type PatchOperation struct {
	Op Op
	// Path is the attribute, with a value filter perhaps; "" if the value holds the attributes.
	Path string
	// Value is one of the values of an [Object]; nil if there is none.
	Value any

	null bool // the value was sent, and is null
}

// DecodePatch reads the body of a PATCH. Errors are of class [ErrInvalidSyntax] or [ErrTooLarge].
func DecodePatch(b []byte, o *Options) (*PatchRequest, error) {
	body, err := DecodeObject(b, o)
	if err != nil {
		return nil, err
	}
	if !containsFold(body.GetValues("schemas"), PatchOpSchema) && !o.tolerate(MissingSchema, "schemas") {
		return nil, Errorf(ErrInvalidSyntax, "schemas does not name %s", PatchOpSchema)
	}
	list, ok := body.Get("Operations").([]any)
	if !ok {
		return nil, Errorf(ErrInvalidSyntax, "Operations is missing or not a list")
	}
	if limit := o.limits().Operations; len(list) > limit {
		return nil, Errorf(ErrTooLarge, "the request has %d operations, more than the %d that are taken", len(list), limit)
	}
	p := &PatchRequest{Operations: make([]PatchOperation, len(list))}
	for i, v := range list {
		op, ok := v.(*Object)
		if !ok {
			return nil, Errorf(ErrInvalidSyntax, "operation %d is not an object", i+1)
		}
		if p.Operations[i], err = decodeOperation(op, o); err != nil {
			return nil, inOperation(i, err)
		}
	}
	return p, nil
}

func decodeOperation(obj *Object, o *Options) (op PatchOperation, err error) {
	name, _ := obj.Get("op").(string)
	op.Op = Op(strings.ToLower(name))
	switch op.Op {
	case Add, Remove, Replace:
	default:
		return op, Errorf(ErrInvalidSyntax, "op is not add, remove or replace")
	}
	if string(op.Op) != name {
		o.tolerate(CapitalOperation, "op") // the strict dialect takes it too: there is only one meaning
	}
	switch path := obj.Get("path").(type) {
	case nil:
	case string:
		op.Path = strings.TrimSpace(path)
	default:
		return op, Errorf(ErrInvalidPath, "path is not a string")
	}
	op.Value = obj.Get("value")
	op.null = op.Value == nil && obj.Has("value")
	return op, nil
}

// AppendJSON appends the request as RFC 7644 section 3.5.2 has it.
func (p *PatchRequest) AppendJSON(b []byte) ([]byte, error) {
	ops := make([]any, len(p.Operations))
	for i, op := range p.Operations {
		o := &Object{members: []Member{{"op", string(op.Op)}}}
		if op.Path != "" {
			o.members = append(o.members, Member{"path", op.Path})
		}
		if op.Value != nil || op.null {
			o.members = append(o.members, Member{"value", toValue(op.Value)})
		}
		ops[i] = o
	}
	return (&Object{members: []Member{{"schemas", []any{PatchOpSchema}}, {"Operations", ops}}}).AppendJSON(b)
}

// MarshalJSON gives the request as RFC 7644 section 3.5.2 has it.
func (p *PatchRequest) MarshalJSON() ([]byte, error) { return p.AppendJSON(nil) }
