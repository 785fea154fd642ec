package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// bulkSending is a [Bulk] on its way, in one request or several.
type bulkSending struct {
	client  *Client
	ops     []bulkOperation
	results []BulkResult
	fail    int
	ids     map[string]string // of what was created, by bulkId
}

// errEnough says that as many operations failed as may.
var errEnough = errors.New("as many operations failed as may, and the rest was left")

// all sends the operations in their order.
func (s *bulkSending) all(ctx context.Context, most, payload int) error {
	var bad []error
	for next := 0; next < len(s.ops) && !s.enough(); {
		var part []int
		var body []byte
		part, body, next = s.fill(next, len(s.ops), most, payload)
		if len(part) == 0 {
			continue
		}
		if err := s.send(ctx, part, body); err != nil {
			bad = append(bad, err)
			if leaves(err) {
				break
			}
		}
	}
	return errors.Join(bad...)
}

// leaves reports whether an error is one that the next request would meet too.
func leaves(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, provisioning.ErrUnavailable) && !errors.Is(err, ErrUnanswered) || errors.Is(err, provisioning.ErrUnauthorized) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// enough reports whether as many operations failed as may.
func (s *bulkSending) enough() bool { return s.fail > 0 && s.failed() >= s.fail }

func (s *bulkSending) failed() (n int) {
	for i := range s.results {
		if s.results[i].Err != nil {
			n++
		}
	}
	return n
}

// reason is why an operation was not sent.
func (s *bulkSending) reason(err error) error {
	if err == nil {
		return errEnough
	}
	return err
}

const (
	bulkHead = `{"schemas":["` + scim.BulkRequestSchema + `"],`
	bulkOps  = `"Operations":[`
	bulkTail = `]}`
)

// fill gives the operations of the next request, of those from one up to another, its body, and where the one after it
// begins. An operation alone is sent however large it is.
func (s *bulkSending) fill(from, to, most, payload int) (part []int, body []byte, next int) {
	body = append(body, bulkHead...)
	if s.fail > 0 {
		body = append(body, `"failOnErrors":`...)
		body = strconv.AppendInt(body, int64(s.fail-s.failed()), 10)
		body = append(body, ',')
	}
	body = append(body, bulkOps...)
	i := from
	for ; i < to && len(part) < most; i++ {
		if s.results[i].Err != nil || !s.ready(i, part) {
			continue
		}
		op := &s.ops[i]
		end := len(body)
		if len(part) > 0 {
			body = append(body, ',')
		}
		longer, err := op.object().AppendJSON(body)
		if err != nil {
			s.results[i].Err = fmt.Errorf("%s: %w: %w: %w", op, ErrNotSent, err, provisioning.ErrInvalid)
			body = body[:end]
			continue
		}
		body = longer
		if len(body)+len(bulkTail) > payload && len(part) > 0 {
			body = body[:end]
			break
		}
		part = append(part, i)
	}
	return part, append(body, bulkTail...), i
}

// ready puts ids in place of what earlier requests created, and reports whether the operation can go into a request.
func (s *bulkSending) ready(i int, part []int) bool {
	op := &s.ops[i]
	names := op.references()
	if len(names) == 0 {
		return true
	}
	for _, name := range names {
		at := slices.IndexFunc(s.ops, func(o bulkOperation) bool { return o.bulkID == name })
		switch {
		case at < 0:
			s.results[i].Err = fmt.Errorf("%s: %w: no operation creates what %q stands for: %w", op, ErrNotSent, bulkPrefix+name, provisioning.ErrInvalid)
			return false
		case s.ids[name] != "", at >= i, slices.Contains(part, at):
			// It is there, or in the same request, unless that ends before it: then the service refuses the operation.
		default:
			s.results[i].Err = fmt.Errorf("%s: %w: it refers to operation %d, which was not carried out", op, ErrNotSent, at+1)
			return false
		}
	}
	*op = op.resolved(s.ids)
	return true
}

func (op *bulkOperation) object() *scim.Object {
	o := scim.NewObject(scim.Member{Name: "method", Value: op.method}, scim.Member{Name: "path", Value: op.path})
	if op.bulkID != "" {
		o.Set("bulkId", op.bulkID)
	}
	if op.version != "" {
		o.Set("version", op.version)
	}
	if op.data != nil {
		o.Set("data", op.data)
	}
	return o
}

// send sends one request and reads its answer. What is too large for the service is sent in halves.
func (s *bulkSending) send(ctx context.Context, part []int, body []byte) error {
	r := &request{method: http.MethodPost, path: []string{"/Bulk"}, raw: body, repeatable: true}
	for _, i := range part {
		r.repeatable = r.repeatable && s.ops[i].method != http.MethodPost
		r.said = append(r.said, s.ops[i].data)
	}
	resp, err := s.client.send(ctx, r)
	var list []any
	if err == nil {
		list, err = resp.operations()
	}
	switch status := statusOf(err); {
	case err == nil:
		s.answered(part, list)
	case status == http.StatusRequestEntityTooLarge && len(part) > 1:
		s.client.bulkMost.Store(int64(max(len(part)/2, 1)))
		return s.halves(ctx, part)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed, status == http.StatusNotImplemented:
		s.client.noBulk.Store(true)
		return fmt.Errorf("bulk: the service says that it takes several operations in one request, but does not: %w",
			errors.Join(errors.ErrUnsupported, errors.New(err.Error())))
	case status >= 400 && status < 500:
		s.each(part, func(i int) error { return fmt.Errorf("%s: refused with the whole request: %w", &s.ops[i], err) })
	default:
		s.each(part, func(i int) error { return fmt.Errorf("%s: %w: %w", &s.ops[i], ErrUnanswered, err) })
	}
	if err == nil {
		err = s.unanswered(part)
	}
	return err
}

func (s *bulkSending) each(part []int, f func(int) error) {
	for _, i := range part {
		s.results[i].Err = f(i)
	}
}

// halves sends what was too large for one request. References from one half to the other become ids.
func (s *bulkSending) halves(ctx context.Context, part []int) error {
	middle, end := part[len(part)/2], part[len(part)-1]+1
	var bad []error
	for _, half := range [][2]int{{part[0], middle}, {middle, end}} {
		if s.enough() {
			break
		}
		some, body, _ := s.fill(half[0], half[1], len(part), bulkPayloadMost)
		if len(some) == 0 {
			continue
		}
		if err := s.send(ctx, some, body); err != nil {
			bad = append(bad, err)
			if leaves(err) {
				break
			}
		}
	}
	return errors.Join(bad...)
}
