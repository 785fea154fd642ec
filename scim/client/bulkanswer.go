package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// operations reads the answer to a bulk request (RFC 7644 section 3.7).
func (r *response) operations() ([]any, error) {
	o, err := r.object()
	if err != nil {
		return nil, err
	}
	list, ok := o.Get("Operations").([]any)
	if !ok {
		return nil, fmt.Errorf("%s: the answer is JSON but tells of no Operations: %w", r.what(), errAnswer)
	}
	return list, nil
}

// answered enters what the service says of each operation of a request. What it says nothing of stays without a result.
func (s *bulkSending) answered(part []int, list []any) {
	twice := map[int]bool{}
	ordered := s.ordered(part, list)
	for n, v := range list {
		o, ok := v.(*scim.Object)
		if !ok {
			continue
		}
		var i int
		if ordered {
			i = part[n]
		} else if i, ok = s.meant(part, o); !ok || twice[i] {
			continue
		}
		if s.results[i].Status != 0 {
			// Two answers to one operation are none.
			twice[i] = true
			s.results[i] = BulkResult{}
			continue
		}
		s.results[i] = s.result(&s.ops[i], o)
		if op := &s.ops[i]; op.bulkID != "" && s.results[i].Err == nil {
			s.ids[op.bulkID] = s.results[i].ID
		}
	}
}

// ordered reports whether the answers are those of all operations in their order, as far as they tell: some services leave
// out of refusals whom they are about.
func (s *bulkSending) ordered(part []int, list []any) bool {
	if len(list) != len(part) {
		return false
	}
	for n, v := range list {
		o, ok := v.(*scim.Object)
		op := &s.ops[part[n]]
		if !ok || !strings.EqualFold(o.GetString("method"), op.method) {
			return false
		}
		id, location := o.GetString("bulkId"), o.GetString("location")
		if id != op.bulkID && (id != "" || op.method == http.MethodPost) {
			return false
		}
		if location != "" && op.bulkID == "" && !strings.Contains(op.path, bulkPrefix) && !isAt(location, op.path) {
			return false
		}
	}
	return true
}

// meant gives the operation of a request that an answer is about: the one with its bulkId, or else the first one with its
// method and path that has no answer yet, since answers come in the order of operations.
func (s *bulkSending) meant(part []int, answer *scim.Object) (int, bool) {
	if id := answer.GetString("bulkId"); id != "" {
		for _, i := range part {
			if s.ops[i].bulkID == id {
				return i, true
			}
		}
	}
	method, location := answer.GetString("method"), answer.GetString("location")
	if location == "" {
		return 0, false
	}
	for _, i := range part {
		op := &s.ops[i]
		if s.results[i].Status == 0 && op.bulkID == "" && (method == "" || strings.EqualFold(method, op.method)) && isAt(location, resolveID(op.path, s.ids)) {
			return i, true
		}
	}
	return 0, false
}

// isAt reports whether a location is that of a path below the base address, which a proxy may have changed.
func isAt(location, path string) bool {
	u, err := url.Parse(location)
	if err != nil {
		return false
	}
	if plain, err := url.PathUnescape(path); err == nil {
		path = plain
	}
	at := strings.TrimRight("/"+strings.TrimLeft(u.Path, "/"), "/")
	return at == path || strings.HasSuffix(at, path)
}

// result reads what the service says of one operation.
func (s *bulkSending) result(op *bulkOperation, answer *scim.Object) BulkResult {
	inner := answer.GetObject("response")
	r := BulkResult{Status: bulkStatus(answer.Get("status")), Version: answer.GetString("version")}
	switch {
	case r.Status == 0:
		return BulkResult{} // it says nothing of what came of it
	case r.Status/100 != 2:
		r.Err = bulkRefusal(op, r.Status, inner)
		return r
	}
	if r.ID = lastSegment(answer.GetString("location")); r.ID == "" {
		r.ID = inner.GetString("id")
	}
	if r.Version == "" {
		r.Version = inner.GetObject("meta").GetString("version")
	}
	if r.ID == "" && op.bulkID != "" {
		r.Err = fmt.Errorf("%s: the service made the resource but gave neither its id nor its location: %w: %w", op, ErrUnanswered, errAnswer)
	}
	return r
}

// bulkStatus reads a status, which is a string in RFC 7644; some services give a number, or the object of an early draft.
func bulkStatus(v any) int {
	if o, ok := v.(*scim.Object); ok {
		v = o.Get("code")
	}
	if n := number(v); n >= 100 && n < 600 {
		return n
	}
	return 0
}

// bulkRefusal makes the error of an operation that was not carried out.
func bulkRefusal(op *bulkOperation, status int, answer *scim.Object) error {
	refusal := &scim.Error{}
	if b, err := answer.AppendJSON(nil); answer != nil && err == nil {
		_ = json.Unmarshal(b, refusal) // one that says nothing is known by its status alone
	}
	refusal.Status, refusal.Detail = status, redact(refusal.Detail, &request{said: []*scim.Object{op.data}})
	e := &answerError{text: op.String() + ", in a bulk request: " + refusal.Error(), status: status, wrapped: []error{refusal}}
	if class := classOf(refusal); class != nil {
		e.wrapped = append(e.wrapped, class)
	}
	return e
}

// unanswered marks the operations of a request of which the service said nothing.
func (s *bulkSending) unanswered(part []int) error {
	n := 0
	for _, i := range part {
		if r := &s.results[i]; r.Status == 0 && r.Err == nil {
			r.Err = fmt.Errorf("%s: %w", &s.ops[i], ErrUnanswered)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("bulk: of %d operations in one request %d got no answer: %w", len(part), n, ErrUnanswered)
}
