package scim1

import (
	"bytes"
	"math"
	"net/http"
	"strconv"

	"github.com/ilumy/usersync/scim"
)

// An answer holds what the Handler behind answers, until it is translated. Headers go through.
type answer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (a *answer) WriteHeader(status int) { a.status = status }

func (a *answer) Write(b []byte) (int, error) { return a.body.Write(b) }

// Unwrap lets deadlines be set.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// send sends an answer in the form of SCIM 1.1. The client may be gone, which nobody can mend.
func (h *Handler) send(a *answer, method string, t target) {
	header := a.Header()
	status, text := a.status, []byte(nil)
	switch {
	case a.body.Len() > 0:
		status, text = h.translate(a, t)
		header.Set("Content-Type", mediaType)
		header.Set("Content-Length", strconv.Itoa(len(text)))
	case method == http.MethodHead:
		header.Set("Content-Type", mediaType)
		header.Del("Content-Length") // that of the other form
	case status == http.StatusNoContent && method == http.MethodDelete:
		status = http.StatusOK // as the drafts have it, and old clients look for
	}
	a.ResponseWriter.WriteHeader(status)
	_, _ = a.ResponseWriter.Write(text)
}

// translate gives the body of an answer.
func (h *Handler) translate(a *answer, t target) (status int, text []byte) {
	if a.status < http.StatusBadRequest && t.kind == schemas {
		return encode(a.status, h.schemas(t.id))
	}
	everything := scim.Limits{Body: a.body.Len(), Depth: math.MaxInt, Values: math.MaxInt}
	o, err := scim.DecodeObject(a.body.Bytes(), &scim.Options{Limits: everything})
	switch {
	case err != nil:
		return encode(http.StatusInternalServerError, errors1("an internal error", http.StatusInternalServerError))
	case a.status >= http.StatusBadRequest:
		return encode(a.status, errors1(texts.Replace(o.GetString("detail")), a.status))
	}
	switch t.kind {
	case bulk:
		o = bulk1(o)
	case config:
		o = config1(o)
	default:
		o = resources1(o)
	}
	return encode(a.status, o)
}

// resources1 makes a resource, or a list of them, of SCIM 1.1 of that of 2.0.
func resources1(o *scim.Object) *scim.Object {
	if !(&scim.Resource{Object: *o}).HasSchema(scim.ListResponseSchema) {
		return resource1(o)
	}
	o.Set("schemas", []string{CoreSchema})
	list := o.GetValues("Resources")
	for i, v := range list {
		if r, ok := v.(*scim.Object); ok {
			list[i] = resource1(r)
		}
	}
	return o
}

func encode(status int, o *scim.Object) (int, []byte) {
	text, err := o.AppendJSON(nil)
	if err != nil { // what was JSON can be written as JSON
		return http.StatusInternalServerError, []byte(`{"Errors":[{"description":"an internal error","code":"500"}]}`)
	}
	return status, text
}

// errors1 is an error as SCIM 1.1 has it.
func errors1(description string, status int) *scim.Object {
	return scim.NewObject(scim.Member{Name: "Errors", Value: []any{scim.NewObject(
		scim.Member{Name: "description", Value: description},
		scim.Member{Name: "code", Value: strconv.Itoa(status)})}})
}

var _ http.ResponseWriter = (*answer)(nil)
