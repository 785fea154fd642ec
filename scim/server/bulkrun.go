package server

import (
	"cmp"
	"net/http"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// A bulkRun does the operations of a bulk request: each after those that create what it refers to, and
// otherwise in their order. Resources that refer to each other are created without these references first.
type bulkRun struct {
	x            *exchange
	ops          []*bulkOp
	creates      map[string]*bulkOp // by bulkId
	failOnErrors int
	errors       int
	// open are resources that were created without the references of a circle, with their whole data.
	open []openCircle
}

type openCircle struct {
	op   *bulkOp
	full *scim.Object
}

func newBulkRun(x *exchange, list []any) *bulkRun {
	run := &bulkRun{x: x, ops: make([]*bulkOp, len(list)), creates: map[string]*bulkOp{}}
	for i, v := range list {
		op := x.decodeBulkOp(v)
		op.index, run.ops[i] = i, op
		if op.method != http.MethodPost || op.bulkID == "" {
			continue
		}
		if run.creates[op.bulkID] != nil {
			op.err = scim.Errorf(scim.ErrInvalidValue, "another operation has this bulkId")
			continue
		}
		run.creates[op.bulkID] = op
	}
	return run
}

// all does the operations until too many have failed.
func (run *bulkRun) all() {
	stack := map[*bulkOp]bool{}
	for _, op := range run.ops {
		if run.stopped() {
			return
		}
		run.do(op, stack)
		for _, c := range run.open {
			run.close(c.op, c.full)
		}
		run.open = run.open[:0]
	}
}

func (run *bulkRun) stopped() bool { return run.failOnErrors > 0 && run.errors >= run.failOnErrors }

// do does an operation after those that it refers to. Stack has the operations that wait for this one; a reference to
// one of them closes a circle, and is put in afterwards.
func (run *bulkRun) do(op *bulkOp, stack map[*bulkOp]bool) {
	if op.done || run.stopped() {
		return
	}
	stack[op] = true
	defer delete(stack, op)
	var circular bool
	if op.err == nil {
		for _, id := range references(op) {
			other := run.creates[id]
			switch {
			case other == nil:
				op.err = scim.Errorf(scim.ErrInvalidValue, "no operation creates a resource with the bulkId %q", id)
			case stack[other]:
				circular = true
			default:
				run.do(other, stack)
				if run.stopped() {
					return
				}
				if other.answer != nil {
					op.err = scim.Errorf(scim.ErrConflict, "the operation with bulkId %q, which this one refers to, failed", id)
				}
			}
		}
	}
	full := op.data
	if op.err == nil {
		op.path = run.resolveText(op.path, false)
		if circular && op.method == http.MethodPost {
			op.data = full.Clone()
		}
		run.resolveObject(op.data, circular)
	}
	run.finish(op)
	if circular && op.answer == nil && op.method == http.MethodPost {
		run.open = append(run.open, openCircle{op, full})
	}
}

// finish does an operation and counts it.
func (run *bulkRun) finish(op *bulkOp) {
	run.x.operation = op.index
	run.x.runBulkOp(op)
	if op.answer != nil {
		run.errors++
	}
}

// close puts the references of a circle into a resource that was created without them.
func (run *bulkRun) close(op *bulkOp, full *scim.Object) {
	for _, id := range references(&bulkOp{data: full}) {
		if run.creates[id].id == "" {
			op.answer = scim.Errorf(scim.ErrConflict, "the resource was created, but without its reference to the one with bulkId %q, which was not", id)
			run.errors++
			return
		}
	}
	run.resolveObject(full, false)
	op.method, op.path, op.data = http.MethodPut, op.result.typ.Endpoint()+"/"+op.id, full
	run.finish(op)
	op.method = http.MethodPost
	if op.answer == nil {
		op.result.status = http.StatusCreated
	}
}

// response is the answer: an entry for each operation that was done, in the order of the request.
func (run *bulkRun) response() *scim.Object {
	list := make([]any, 0, len(run.ops))
	for _, op := range run.ops {
		if op.done {
			list = append(list, op.response().Object())
		}
	}
	return scim.NewObject(
		scim.Member{Name: "schemas", Value: []string{scim.BulkResponseSchema}},
		scim.Member{Name: "Operations", Value: list})
}

// events are the operations that were done, for the observer.
func (run *bulkRun) events() []Event {
	list := make([]Event, 0, len(run.ops))
	for _, op := range run.ops {
		if !op.done {
			continue
		}
		e := Event{Method: op.method, Start: run.x.event.Start, Caller: run.x.event.Caller, ID: op.id}
		if t, id, err := run.x.bulkTarget(op); err == nil {
			e.Endpoint = t.Name()
			e.ID = cmp.Or(id, e.ID)
		}
		if op.answer != nil {
			e.Status, e.Type = op.answer.Status, op.answer.Type
		} else {
			e.Status = op.result.status
		}
		list = append(list, e)
	}
	return list
}

// response is what came of an operation that was done.
func (op *bulkOp) response() *event.Response {
	r := &event.Response{Method: op.method, BulkID: op.bulkID, Location: op.location}
	if op.answer != nil {
		r.Status, r.Err = op.answer.Status, op.answer
		return r
	}
	if op.result.resource != nil {
		r.Version = version(op.result.resource)
	}
	r.Status = op.result.status
	return r
}
