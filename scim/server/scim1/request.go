package scim1

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// An endpoint is one of SCIM 1.1.
type endpoint struct {
	kind kind
	// typ is the type of the resources there.
	typ *scim.ResourceType
	// name is the endpoint of the Handler behind.
	name string
}

// A kind says what an endpoint is, and with it how answers are translated.
type kind int

const (
	none kind = iota // the request is refused
	resources
	resource // one, by its id
	bulk
	config
	schemas
)

// A target is what a request is about.
type target struct {
	endpoint
	// id is that of a schema.
	id string
	// base is the path that the endpoints lie below, and path where the Handler behind has what is asked for.
	base, path string
}

// locate finds the endpoint in a path. What is before the first segment that names one is the base, unless Options.Base says it.
func (h *Handler) locate(path string) (target, error) {
	path = strings.TrimSuffix(path, "/")
	switch last := path[strings.LastIndexByte(path, '/')+1:]; {
	case strings.HasSuffix(last, ".xml"):
		return target{}, noXML()
	case strings.HasSuffix(last, ".json"):
		path = strings.TrimSuffix(path, ".json")
	}
	base := h.base
	rest, ok := strings.CutPrefix(path, base)
	for ok && strings.HasPrefix(rest, "/") {
		segment, after, _ := strings.Cut(rest[1:], "/")
		if e, ok := h.endpoints[segment]; ok {
			return h.below(base, e, after)
		}
		if h.base != "" {
			break
		}
		base += "/" + segment
		rest = path[len(base):]
	}
	return target{}, noEndpoint()
}

// below gives what is meant by what comes after an endpoint: nothing, or an id.
func (h *Handler) below(base string, e endpoint, after string) (target, error) {
	t := target{endpoint: e, base: base, path: base + "/" + e.name}
	id, err := url.PathUnescape(after)
	switch {
	case err != nil, strings.Contains(after, "/"), id == ".search":
		return target{}, noEndpoint()
	case after == "":
	case e.kind == schemas:
		if t.id = id; !h.hasSchema(id) {
			return target{}, scim.Errorf(scim.ErrNotFound, "there is no schema with this id")
		}
	case e.kind == resources:
		t.kind, t.path = resource, t.path+"/"+after
	default:
		return target{}, noEndpoint()
	}
	return t, nil
}

func (h *Handler) hasSchema(id string) bool {
	for _, t := range h.types {
		if h.isSchema(t, id) {
			return true
		}
	}
	return false
}

func noEndpoint() error {
	return scim.Errorf(scim.ErrNotFound, "there is no such endpoint in SCIM 1.1")
}

func noXML() error {
	return &scim.Error{Status: http.StatusNotAcceptable, Detail: "XML is not served; ask for " + mediaType}
}

// request2 makes a request of SCIM 2.0 of one of 1.1, which is not changed. With an error, the request is the one to refuse.
func (h *Handler) request2(r *http.Request) (*http.Request, target, error) {
	r = r.WithContext(r.Context())
	t, err := h.locate(r.URL.EscapedPath())
	if err != nil {
		return r, t, err
	}
	if err := acceptsJSON(r.Header); err != nil {
		return r, t, err
	}
	if r.Method == http.MethodPost {
		if r.Method, err = override(r.Header); err != nil {
			return r, t, err
		}
	}
	query, err := h.query2(r.URL.RawQuery)
	if err != nil {
		return r, t, err
	}
	if r, err = move(r, t, query); err != nil {
		return r, t, err
	}
	switch {
	case t.kind == bulk:
		h.wrap(r, h.limits.BulkBody, h.bulk2)
	case t.typ != nil:
		translate := h.resource2
		if r.Method == http.MethodPatch {
			translate = h.patch2
		}
		h.wrap(r, h.limits.Body, func(o *scim.Object) (*scim.Object, error) { return translate(t.typ, o) })
	}
	return r, t, nil
}

// move gives a request with the path and query of 2.0. Its RequestURI is kept in step, by which the Handler behind knows what
// was taken off in front of the path. Preferences are left out: SCIM 1.1 has no answer for what is done later.
func move(r *http.Request, t target, query string) (*http.Request, error) {
	old := r.URL.EscapedPath()
	plain, err := url.PathUnescape(t.path)
	if err != nil {
		return r, noEndpoint()
	}
	r = server.At(r, t.base)
	u := *r.URL
	u.Path, u.RawPath, u.RawQuery = plain, t.path, query
	r.URL = &u
	if sent, _, _ := strings.Cut(r.RequestURI, "?"); strings.HasSuffix(sent, old) {
		r.RequestURI = strings.TrimSuffix(sent, old) + t.path
	}
	if r.Header["Prefer"] != nil {
		r.Header = r.Header.Clone()
		r.Header.Del("Prefer")
	}
	return r, nil
}

// override gives the method that a POST stands for, from a client or through a proxy that knows no PATCH.
func override(h http.Header) (string, error) {
	switch m := strings.ToUpper(h.Get("X-HTTP-Method-Override")); m {
	case "", http.MethodPost:
		return http.MethodPost, nil
	case http.MethodPatch, http.MethodPut, http.MethodDelete:
		return m, nil
	}
	return http.MethodPost, scim.Errorf(scim.ErrInvalidValue, "X-HTTP-Method-Override is not PATCH, PUT or DELETE")
}

// acceptsJSON refuses a client that takes XML and nothing else.
func acceptsJSON(h http.Header) error {
	xml := false
	for _, header := range h.Values("Accept") {
		for part := range strings.SplitSeq(header, ",") {
			if !isXML(part) {
				return nil
			}
			xml = true
		}
	}
	if xml {
		return noXML()
	}
	return nil
}
