package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

// ErrIncomplete says that a list was not read to its end, or changed while it was read. It is of the
// class [provisioning.ErrUnavailable]: another read may succeed.
var ErrIncomplete = fmt.Errorf("the list is not complete: %w", provisioning.ErrUnavailable)

// ErrNotSCIM says that what answers at the base address does not speak SCIM.
var ErrNotSCIM = errors.New("not a SCIM answer")

// errAnswer marks answers with a status of success that are not what they should be.
var errAnswer = ErrNotSCIM

// refused makes the error of a request that was not carried out: the SCIM error of the answer if it
// has one, in the class that fits.
func (c *Client) refused(err error, r *request) error {
	var status *httpx.StatusError
	if !errors.As(err, &status) {
		return err
	}
	refusal := &scim.Error{}
	known := json.Unmarshal(status.Body, refusal) == nil && (refusal.Type != "" || refusal.Detail != "" || refusal.Status != 0)
	if !known {
		var raw json.RawMessage
		if e := httpx.Decode(status.Header, status.Body, &raw); e != nil && len(status.Body) > 0 {
			// A page of a proxy says nothing about the resource: its 404 is not "gone".
			if class := httpx.Class(status.Status); class == provisioning.ErrUnavailable || class == provisioning.ErrUnauthorized {
				return fmt.Errorf("%w (%w)", err, e)
			}
			return &answerError{
				text:    fmt.Sprintf("%s %s: %d %s: %v", status.Method, status.URL, status.Status, http.StatusText(status.Status), e),
				status:  status.Status,
				wrapped: []error{e, ErrNotSCIM},
			}
		}
		return err
	}
	// What the server says may repeat a person's data; what we sent is taken out again.
	refusal.Status, refusal.Detail = status.Status, redact(refusal.Detail, r)
	e := &answerError{text: status.Method + " " + status.URL + ": " + refusal.Error() + status.Advice(), status: status.Status, wrapped: []error{refusal, status}}
	if class := classOf(refusal); class != nil {
		e.wrapped = append(e.wrapped, class)
	}
	return e
}

// An answerError is the refusal of a server: a [scim.Error] in the class that fits it, or a page of something in between.
type answerError struct {
	text    string
	status  int
	wrapped []error
}

func (e *answerError) Error() string   { return e.text }
func (e *answerError) Unwrap() []error { return e.wrapped }

// statusOf gives the status of the answer that an error is about; 0 if there was none.
func statusOf(err error) int {
	var a *answerError
	var s *httpx.StatusError
	switch {
	case errors.As(err, &a):
		return a.status
	case errors.As(err, &s):
		return s.Status
	}
	return 0
}

// classOf gives the class of provisioning errors for a SCIM error (RFC 7644 section 3.12).
func classOf(e *scim.Error) error {
	if e.Status == http.StatusBadRequest && e.Type == "uniqueness" {
		return provisioning.ErrExists
	}
	return httpx.Class(e.Status)
}

// literal finds the strings in a filter.
var literal = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)

// redact takes the values of a request out of a text.
func redact(text string, r *request) string {
	if len(text) > 500 {
		text = strings.ToValidUTF8(text[:500], "") + "…"
	}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case string:
			if len(v) >= 3 && !strings.HasPrefix(v, "urn:") && strings.Contains(text, v) {
				text = strings.ReplaceAll(text, v, "[value]")
			}
		case *scim.Object:
			for name, value := range v.All() {
				// An operation and its path are names, not data.
				if name != "op" && name != "path" && name != "type" && name != "schemas" {
					visit(value)
				}
			}
		case []any:
			for _, e := range v {
				visit(e)
			}
		}
	}
	if r.body != nil && text != "" {
		visit(r.body)
	}
	for _, o := range r.said {
		if o != nil && text != "" {
			visit(o)
		}
	}
	for _, m := range literal.FindAllStringSubmatch(r.query.Get("filter"), -1) {
		visit(m[1])
	}
	return text
}
