package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// A bulkOp is one operation of a bulk request, and what came of it (RFC 7644 section 3.7).
type bulkOp struct {
	index                         int // its place in the request
	method, bulkID, path, version string
	data                          *scim.Object
	err                           error // the operation is wrong in itself

	done     bool
	id       string
	location string
	result   *result
	answer   *scim.Error
}

// bulk answers POST /Bulk.
func (x *exchange) bulk() (*result, error) {
	b, done, err := x.body(x.h.limits.BulkBody)
	if err != nil {
		return nil, err
	}
	run, err := x.decodeBulk(b)
	done()
	if err != nil {
		return nil, err
	}
	x.run = run
	x.event.Bulk = len(run.ops)
	run.all()
	x.event.Operations = run.events()
	out, err := run.response().AppendJSON(nil)
	return &result{status: http.StatusOK, body: out}, err
}

// decodeBulk reads a bulk request, without doing any of it.
func (x *exchange) decodeBulk(b []byte) (*bulkRun, error) {
	read := *x.read
	read.Limits.Body = x.h.limits.BulkBody
	body, err := scim.DecodeObject(b, &read)
	if err != nil {
		return nil, err
	}
	if err := checkMessage(body, scim.BulkRequestSchema, x.read); err != nil {
		return nil, err
	}
	list, ok := body.Get("Operations").([]any)
	if !ok {
		return nil, scim.Errorf(scim.ErrInvalidSyntax, "Operations is missing or not a list")
	}
	if limit := x.h.limits.BulkOperations; len(list) > limit {
		return nil, scim.Errorf(scim.ErrTooLarge, "the request has %d operations, more than the %d that are taken", len(list), limit)
	}
	failOnErrors := 0
	if v := body.Get("failOnErrors"); v != nil {
		n, _ := v.(json.Number)
		if failOnErrors, err = strconv.Atoi(string(n)); err != nil || failOnErrors < 0 {
			return nil, scim.Errorf(scim.ErrInvalidValue, "failOnErrors is not a whole number")
		}
	}
	run := newBulkRun(x, list)
	run.failOnErrors = failOnErrors
	return run, nil
}

// checkMessage looks whether a body is of a kind. When tolerant it need not say of which it is.
func checkMessage(o *scim.Object, urn string, read *scim.Options) error {
	if (&scim.Resource{Object: *o}).HasSchema(urn) {
		return nil
	}
	if o.Get("schemas") != nil || read.Dialect == scim.Strict {
		return scim.Errorf(scim.ErrInvalidSyntax, "schemas does not name %s", urn)
	}
	if read.Tolerated != nil {
		read.Tolerated(scim.Deviation{Kind: scim.MissingSchema, Path: "schemas"})
	}
	return nil
}

// decodeBulkOp reads one operation. What is wrong with it becomes its own answer.
func (x *exchange) decodeBulkOp(v any) *bulkOp {
	o, ok := v.(*scim.Object)
	if !ok {
		return &bulkOp{err: scim.Errorf(scim.ErrInvalidSyntax, "the operation is not an object")}
	}
	op := &bulkOp{
		method: o.GetString("method"), bulkID: o.GetString("bulkId"), path: o.GetString("path"),
		version: o.GetString("version"), data: o.GetObject("data"),
	}
	if upper := strings.ToUpper(op.method); upper != op.method && !x.strict() {
		op.method = upper
	}
	switch op.method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		if op.data == nil {
			op.err = scim.Errorf(scim.ErrInvalidSyntax, "%s needs data", op.method)
		}
		if op.method == http.MethodPost && op.bulkID == "" && x.strict() {
			op.err = scim.Errorf(scim.ErrInvalidSyntax, "POST needs a bulkId")
		}
	case http.MethodDelete:
	default:
		op.err = scim.Errorf(scim.ErrInvalidSyntax, "the method is not POST, PUT, PATCH or DELETE")
	}
	if op.path == "" {
		op.err = scim.Errorf(scim.ErrInvalidSyntax, "the operation has no path")
	}
	return op
}

// run does one operation, whose references have been resolved. Whatever goes wrong becomes its answer.
func (x *exchange) runBulkOp(op *bulkOp) {
	err := op.err
	if err == nil {
		err = func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic in a bulk operation: %v\n%s", p, debug.Stack())
				}
			}()
			op.result, err = x.bulkOperation(op)
			return err
		}()
	}
	op.done = true
	if err != nil {
		op.answer = x.public(err)
		// Only of a creation that failed there is no location (RFC 7644 section 3.7).
		if t, id, err := x.bulkTarget(op); err == nil && id != "" {
			op.location = t.location(x.baseURL(), id)
		}
		return
	}
	if r := op.result.resource; r != nil {
		op.id = r.ID()
		op.location = op.result.typ.location(x.baseURL(), op.id)
	}
}

func (x *exchange) bulkOperation(op *bulkOp) (*result, error) {
	t, id, err := x.bulkTarget(op)
	if err != nil {
		return nil, err
	}
	pre := preconditions{match: op.version}
	switch op.method {
	case http.MethodPost:
		r := &scim.Resource{Object: *op.data.Clone()}
		if err := t.Normalize(r, x.read); err != nil {
			return nil, err
		}
		return x.createResource(t, r)
	case http.MethodPut:
		return x.replaceResource(t, id, pre, func() (*scim.Resource, error) {
			r := &scim.Resource{Object: *op.data.Clone()}
			return r, t.Normalize(r, x.read)
		})
	case http.MethodPatch:
		b, err := op.data.AppendJSON(nil)
		if err != nil {
			return nil, err
		}
		read := *x.read
		read.Limits.Body = x.h.limits.BulkBody
		req, err := scim.DecodePatch(b, &read)
		if err != nil {
			return nil, err
		}
		return x.patchResource(t, id, req, pre, answer{projection: t.bare})
	}
	op.location = t.location(x.baseURL(), id)
	return &result{status: http.StatusNoContent}, x.deleteResource(t, id, pre)
}

// bulkTarget finds what the path of an operation names.
func (x *exchange) bulkTarget(op *bulkOp) (t *resourceType, id string, err error) {
	path := op.path
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	segment, after := cutSegment(strings.TrimSuffix(path, "/"))
	target, ok := x.h.endpoint(segment, after)
	if !ok || target.endpoint != endpointResources || target.search {
		return nil, "", scim.Errorf(scim.ErrNotFound, "the path names no resource type of this service")
	}
	if (op.method == http.MethodPost) != (target.id == "") {
		return nil, "", &scim.Error{Status: http.StatusMethodNotAllowed, Detail: "POST takes the path of a resource type, other methods that of a resource"}
	}
	return target.typ, target.id, nil
}
