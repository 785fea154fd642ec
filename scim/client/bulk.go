package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// bulkPrefix begins what stands for the id of a resource that the same bulk creates (RFC 7644 section 3.7.2).
const bulkPrefix = "bulkId:"

// ErrUnanswered says that a service told nothing of an operation that was sent to it: whether it was carried out is
// not known. It is of the class [provisioning.ErrUnavailable].
var ErrUnanswered = fmt.Errorf("the service did not tell what became of it: %w", provisioning.ErrUnavailable)

// ErrNotSent says that an operation was never sent, and so was certainly not carried out.
var ErrNotSent = errors.New("not sent")

// A Bulk collects operations that are sent together (RFC 7644 section 3.7). The zero value is empty and ready. It
// keeps what it is given, which must not change until it is sent.
type Bulk struct {
	// FailOnErrors is how many operations may fail before the service does no more; 0 does all, whatever fails.
	FailOnErrors int

	ops []bulkOperation
}

type bulkOperation struct {
	method  string
	path    string // "/Users", or with an id after it
	bulkID  string
	version string
	data    *scim.Object
	err     error // it cannot be sent
}

// Create adds the creation of a resource, and gives what stands for its id in the operations after it: as the value of
// a member or a manager, or as the id of Replace, Patch and Delete. Operations that refer to each other may stand in any
// order, as long as all of them fit into one request.
func (b *Bulk) Create(endpoint string, r *scim.Resource) (id string) {
	name := strconv.Itoa(len(b.ops) + 1)
	b.add(bulkOperation{method: http.MethodPost, path: endpoint, bulkID: name, data: &r.Object})
	return bulkPrefix + name
}

// Replace adds the writing of a whole resource, with its id. With a version it is done only if the resource still has it.
func (b *Bulk) Replace(endpoint string, r *scim.Resource, ifVersion string) {
	b.add(bulkOperation{method: http.MethodPut, version: ifVersion, data: &r.Object}.of(endpoint, r.ID()))
}

// Patch adds a change of a resource; see [Client.Patch].
func (b *Bulk) Patch(endpoint, id string, ops []scim.PatchOperation, ifVersion string) {
	b.add(bulkOperation{method: http.MethodPatch, version: ifVersion, data: patchBody(ops)}.of(endpoint, id))
}

// Delete adds the removal of a resource.
func (b *Bulk) Delete(endpoint, id, ifVersion string) {
	b.add(bulkOperation{method: http.MethodDelete, version: ifVersion}.of(endpoint, id))
}

// Len is the number of operations.
func (b *Bulk) Len() int { return len(b.ops) }

func (b *Bulk) add(op bulkOperation) { b.ops = append(b.ops, op) }

func (op bulkOperation) of(endpoint, id string) bulkOperation {
	op.path = endpoint + "/" + url.PathEscape(id)
	if !isID(id) {
		op.err = fmt.Errorf("%s %s: %q is no id of a resource: %w: %w", op.method, endpoint, id, ErrNotSent, provisioning.ErrInvalid)
	}
	return op
}

// String names an operation for errors.
func (op *bulkOperation) String() string { return op.method + " " + op.path }

// A BulkResult is what became of one operation of a [Bulk].
type BulkResult struct {
	// Status is that of the operation, as of a request of its own; 0 when the service did not tell.
	Status int
	// ID is the id of the resource, and Version its version; empty where the service does not tell.
	ID, Version string
	// Err is nil when the service said that the operation was carried out. A refusal is a [*scim.Error] in the class of
	// package provisioning that fits it. Of an operation without an answer it is [ErrUnanswered], of one that was not
	// sent [ErrNotSent].
	Err error
}

// bulkLimits are what a service takes at once where it does not tell, and the most that is sent in any case.
const (
	bulkOperations     = 100
	bulkOperationsMost = 1000
	bulkPayload        = 1 << 20
	bulkPayloadMost    = 16 << 20
)

// Bulk sends operations in as few requests as the service takes: it says in its ServiceProviderConfig how many operations
// and bytes those may have, and a request that is too large nevertheless (413) is cut in halves. There is a result for
// every operation, in their order. The error is nil when every operation was answered, whatever the answer; otherwise
// it says why not. It wraps [errors.ErrUnsupported] when the service has no bulk; nothing was done then.
//
// A request that creates nothing is sent again when its answer is lost, as those of Replace, Patch and Delete are.
func (c *Client) Bulk(ctx context.Context, b *Bulk) ([]BulkResult, error) {
	s := &bulkSending{client: c, ops: slices.Clone(b.ops), results: make([]BulkResult, len(b.ops)), fail: b.FailOnErrors, ids: map[string]string{}}
	for i := range s.ops {
		s.results[i].Err = s.ops[i].err
	}
	most, payload, err := c.bulkLimits(ctx)
	if err == nil {
		err = s.all(ctx, most, payload)
	}
	for i := range s.results {
		if r := &s.results[i]; r.Status == 0 && r.Err == nil {
			r.Err = fmt.Errorf("%s: %w: %w", &s.ops[i], ErrNotSent, s.reason(err))
		}
	}
	return s.results, err
}

// bulkLimits gives how many operations and bytes one request may have.
func (c *Client) bulkLimits(ctx context.Context) (most, payload int, err error) {
	config, err := c.ServiceProviderConfig(ctx)
	if err != nil {
		return 0, 0, err
	}
	if c.profile.NoBulk || c.noBulk.Load() || !config.Bulk {
		return 0, 0, fmt.Errorf("bulk: the service does not take several operations in one request: %w", errors.ErrUnsupported)
	}
	most, payload = config.BulkMaxOperations, config.BulkMaxPayloadSize
	if most == 0 { // Google Cloud Identity and others leave it out
		most = bulkOperations
	}
	if payload == 0 {
		payload = bulkPayload
	}
	if learned := int(c.bulkMost.Load()); learned > 0 {
		most = min(most, learned)
	}
	return min(most, bulkOperationsMost), min(payload, bulkPayloadMost), nil
}

func isID(s string) bool { return s != "" && s != "." && s != ".." }

// references gives the names of the creations that an operation refers to.
func (op *bulkOperation) references() []string {
	var names []string
	visitStrings(op.data, func(s string) {
		if name, ok := strings.CutPrefix(s, bulkPrefix); ok {
			names = append(names, name)
		}
	})
	if i := strings.Index(op.path, "/"+bulkPrefix); i >= 0 {
		names = append(names, op.path[i+len(bulkPrefix)+1:])
	}
	return names
}

// visitStrings gives every string in a JSON value to f.
func visitStrings(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		f(v)
	case *scim.Object:
		for _, e := range v.All() {
			visitStrings(e, f)
		}
	case []any:
		for _, e := range v {
			visitStrings(e, f)
		}
	}
}

// resolved gives an operation with ids in place of the creations that it refers to.
func (op bulkOperation) resolved(ids map[string]string) bulkOperation {
	op.path = resolveID(op.path, ids)
	if op.data != nil {
		op.data, _ = resolveValue(op.data, ids).(*scim.Object)
	}
	return op
}

func resolveID(path string, ids map[string]string) string {
	before, name, ok := strings.Cut(path, "/"+bulkPrefix)
	if id := ids[name]; ok && id != "" {
		return before + "/" + url.PathEscape(id)
	}
	return path
}

func resolveValue(v any, ids map[string]string) any {
	switch v := v.(type) {
	case string:
		if name, ok := strings.CutPrefix(v, bulkPrefix); ok && ids[name] != "" {
			return ids[name]
		}
	case *scim.Object:
		o := scim.NewObject()
		for name, e := range v.All() {
			o.Set(name, resolveValue(e, ids))
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = resolveValue(e, ids)
		}
		return list
	}
	return v
}
