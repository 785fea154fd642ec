package scim1

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// bulk2 makes a bulk request of SCIM 2.0 of one of 1.1.
func (h *Handler) bulk2(o *scim.Object) (*scim.Object, error) {
	out := scim.NewObject()
	for name, v := range o.All() {
		if strings.EqualFold(name, "schemas") {
			v = []string{scim.BulkRequestSchema}
		}
		if list, ok := v.([]any); ok && strings.EqualFold(name, "Operations") {
			ops := make([]any, len(list))
			for i, v := range list {
				var err error
				if ops[i], err = h.bulkOperation2(v); err != nil {
					return nil, inOperation(i, err)
				}
			}
			v = ops
		}
		out.Set(name, v)
	}
	return out, nil
}

// inOperation says which operation an error is about.
func inOperation(i int, err error) error {
	var e *scim.Error
	if !errors.As(err, &e) {
		return err
	}
	return &scim.Error{Status: e.Status, Type: e.Type, Detail: fmt.Sprintf("operation %d: %s; nothing was done", i+1, e.Detail)}
}

// bulkOperation2 gives an operation with its data in the form of 2.0. One that is wrong in itself is left to the Handler behind.
func (h *Handler) bulkOperation2(v any) (any, error) {
	o, ok := v.(*scim.Object)
	data := o.GetObject("data")
	if !ok || data == nil {
		return v, nil
	}
	segment, _, _ := strings.Cut(strings.TrimPrefix(o.GetString("path"), "/"), "/")
	e := h.endpoints[segment]
	if e.typ == nil {
		return v, nil
	}
	translate := h.resource2
	if strings.EqualFold(o.GetString("method"), http.MethodPatch) {
		translate = h.patch2
	}
	data, err := translate(e.typ, data)
	if err != nil {
		return nil, err
	}
	out := scim.NewObject()
	for name, v := range o.All() {
		out.Set(name, v)
	}
	out.Set("data", data)
	return out, nil
}

// bulk1 makes an answer to a bulk request of SCIM 1.1 of one of 2.0: the status of an operation is an object there, and has
// its error.
func bulk1(o *scim.Object) *scim.Object {
	o.Set("schemas", []string{CoreSchema})
	for _, v := range o.GetValues("Operations") {
		op, ok := v.(*scim.Object)
		if !ok {
			continue
		}
		code := op.GetString("status")
		if code == "204" && op.GetString("method") == http.MethodDelete {
			code = "200"
		}
		status := scim.NewObject(scim.Member{Name: "code", Value: code})
		if e := op.GetObject("response"); e != nil {
			status.Set("description", texts.Replace(e.GetString("detail")))
			op.Delete("response")
		}
		op.Set("status", status)
	}
	return o
}
