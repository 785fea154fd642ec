package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/ilumy/usersync/internal/httpx"
	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/scim"
)

func patchBody(ops []scim.PatchOperation) *scim.Object {
	list := make([]any, len(ops))
	for i, op := range ops {
		o := scim.NewObject(scim.Member{Name: "op", Value: string(op.Op)})
		if op.Path != "" {
			o.Set("path", op.Path)
		}
		if op.Value != nil {
			o.Set("value", op.Value)
		}
		list[i] = o
	}
	return scim.NewObject(
		scim.Member{Name: "schemas", Value: []any{scim.PatchOpSchema}},
		scim.Member{Name: "Operations", Value: list},
	)
}

// request is one request of the protocol.
type request struct {
	method     string
	path       []string
	query      url.Values
	body       *scim.Object
	raw        []byte         // the body, where it is encoded already
	said       []*scim.Object // what it says then
	ifVersion  string
	repeatable bool
}

// response is a successful answer.
type response struct {
	*httpx.Response
	method, address string // the address without query, which may hold a person's data
	limits          *scim.Options
}

// what says what was answered.
func (r *response) what() string { return r.method + " " + r.address }

// headers are those of all requests that have no condition.
type headers struct{ read, write, remove http.Header }

func newHeaders() headers {
	accept := []string{mediaType + ", application/json;q=0.9"}
	return headers{
		read:   http.Header{"Accept": accept},
		write:  http.Header{"Accept": accept, "Content-Type": {mediaType}},
		remove: http.Header{"Accept": {"*/*"}}, // it is answered with nothing; Entra ID refuses it where JSON is asked for
	}
}

// of gives the header of a request, which is not to be changed.
func (h *headers) of(r *request) http.Header {
	header := h.read
	switch {
	case r.body != nil || r.raw != nil:
		header = h.write
	case r.method == http.MethodDelete:
		header = h.remove
	}
	if r.ifVersion != "" {
		header = header.Clone()
		header.Set("If-Match", r.ifVersion)
	}
	return header
}

func (c *Client) send(ctx context.Context, r *request) (*response, error) {
	address, err := c.address(r)
	if err != nil {
		return nil, err
	}
	body := r.raw
	if r.body != nil {
		if body, err = c.encode(r.body); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.method, address, err)
		}
	}
	whole := address
	if len(r.query) > 0 {
		whole += "?" + r.query.Encode()
	}
	resp, err := c.http.Do(ctx, &httpx.Request{Method: r.method, URL: whole, Header: c.headers.of(r), Body: body, Repeatable: r.repeatable})
	if err != nil {
		return nil, c.refused(err, r)
	}
	return &response{Response: resp, method: r.method, address: address, limits: &c.limits}, nil
}

// encode gives a body in no more room than it takes. The room in which it is written is used again, which the body itself
// cannot be: a request that was answered may still be on its way.
func (c *Client) encode(body *scim.Object) ([]byte, error) {
	room, _ := c.room.Get().(*[]byte)
	if room == nil {
		room = new([]byte)
	}
	b, err := body.AppendJSON((*room)[:0])
	sent := slices.Clone(b)
	if *room = b; cap(b) <= maxRoom {
		c.room.Put(room)
	}
	return sent, err
}

// maxRoom bounds what is kept for the next request, since few are as large as a group.
const maxRoom = 64 << 10

// address gives the address of a request, without its query.
func (c *Client) address(r *request) (string, error) {
	parts := make([]string, 1, 8)
	parts[0] = c.base
	for _, p := range r.path {
		switch {
		case p == "" || p == "." || p == "..":
			return "", fmt.Errorf("%s %s: %q is no id of a resource: %w", r.method, c.base, p, provisioning.ErrInvalid)
		case strings.HasPrefix(p, "/"):
			parts = append(parts, p)
		default:
			parts = append(parts, "/", url.PathEscape(p))
		}
	}
	return strings.Join(parts, ""), nil
}

// object reads the answer.
func (r *response) object() (*scim.Object, error) {
	o, err := scim.DecodeObject(r.Body, r.limits)
	if err == nil {
		return o, nil
	}
	var any json.RawMessage
	if e := httpx.Decode(r.Header, r.Body, &any); e != nil {
		return nil, fmt.Errorf("%s: %w: %w", r.what(), e, errAnswer)
	}
	return nil, fmt.Errorf("%s: %w: %w", r.what(), err, errAnswer)
}

func (r *response) resource() (*scim.Resource, error) {
	o, err := r.object()
	if err != nil {
		return nil, err
	}
	res := &scim.Resource{Object: *o}
	if res.ID() == "" {
		return nil, fmt.Errorf("%s: the answer is JSON but no SCIM resource, since it has no id; check the base address: %w", r.what(), errAnswer)
	}
	return res, nil
}

// optional reads an answer that may be empty.
func (r *response) optional() (*scim.Resource, error) {
	if r.Status == http.StatusNoContent || len(r.Body) == 0 {
		return nil, nil
	}
	return r.resource()
}

func lastSegment(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return ""
	}
	path := strings.TrimRight(u.Path, "/")
	return path[strings.LastIndex(path, "/")+1:]
}
