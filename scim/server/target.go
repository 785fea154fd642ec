package server

import (
	"net/http"
	"net/url"
	"strings"
)

// An endpoint is one of RFC 7644 section 3.2, or that of a resource type.
type endpoint int

const (
	endpointNone endpoint = iota
	endpointRoot
	endpointResources
	endpointMe
	endpointSearch
	endpointBulk
	endpointConfig
	endpointTypes
	endpointSchemas
	endpointEvents
)

// A target is what a request is about.
type target struct {
	endpoint endpoint
	typ      *resourceType
	// id of a resource, a schema or a resource type; empty for all of them.
	id string
	// search says that the path ends in /.search.
	search bool
	// base is the path that the endpoints lie below, without a slash at its end.
	base string
}

const searchSegment = ".search"

// locate takes the path of a request apart. What is before the first segment that names an endpoint is the base,
// whatever it is, unless a handler in front or Options.Base says it; an empty segment at the end (a trailing slash) is
// nothing.
func (h *Handler) locate(r *http.Request) target {
	path := r.URL.EscapedPath()
	base, fixed := r.Context().Value(baseKey{}).(string)
	if !fixed {
		base, fixed = h.options.Base, h.options.Base != ""
	}
	rest, ok := strings.CutPrefix(path, base)
	if !ok || rest != "" && rest[0] != '/' {
		return target{}
	}
	for rest = strings.TrimSuffix(rest, "/"); ; {
		if rest == "" {
			if fixed || base == "" {
				return target{endpoint: endpointRoot, base: base}
			}
			return target{}
		}
		segment, after := cutSegment(rest)
		if t, ok := h.endpoint(segment, after); ok {
			t.base = base
			return t
		}
		if fixed {
			return target{}
		}
		base, rest = path[:len(base)+len(rest)-len(after)], after
	}
}

// cutSegment takes the first segment, "/Users", off a path and gives it without the slash.
func cutSegment(path string) (segment, after string) {
	path = strings.TrimPrefix(path, "/")
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, ""
}

// endpoint tells what a segment and what comes after it are, and false if it is no endpoint at all.
func (h *Handler) endpoint(segment, after string) (target, bool) {
	e, ok := h.endpoints[segment]
	if !ok {
		return target{}, false
	}
	t := target{endpoint: e.endpoint, typ: e.typ}
	if after == "" {
		return t, true
	}
	none := target{}
	segment, after = cutSegment(after)
	if after != "" {
		return none, true
	}
	id, err := url.PathUnescape(segment)
	if err != nil || id == "" {
		return none, true
	}
	switch t.endpoint {
	case endpointResources:
		if t.search = id == searchSegment; !t.search {
			t.id = id
		}
	case endpointSchemas, endpointTypes, endpointEvents:
		t.id = id
	default:
		return none, true
	}
	return t, true
}

// baseURL gives the URL that the endpoints lie below, for locations and references.
func (h *Handler) baseURL(r *http.Request, t target) string {
	if h.options.BaseURL != nil {
		return strings.TrimSuffix(h.options.BaseURL(r), "/")
	}
	scheme, host, prefix := "http", r.Host, outerPath(r)
	if r.TLS != nil {
		scheme = "https"
	}
	if h.options.TrustProxy {
		if p, ok := forwarded(r.Header, "proto"); ok && (p == "http" || p == "https") {
			scheme = p
		}
		if v, ok := forwarded(r.Header, "host"); ok {
			host = v
		}
		if v := lastValue(r.Header, "X-Forwarded-Prefix"); strings.HasPrefix(v, "/") {
			prefix = strings.TrimSuffix(v, "/") + prefix
		}
	}
	return scheme + "://" + host + prefix + t.base
}

// outerPath is what an [http.StripPrefix] took off the path before the request came here.
func outerPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") {
		return ""
	}
	outer, ok := strings.CutSuffix(path, r.URL.EscapedPath())
	if !ok {
		return ""
	}
	return strings.TrimSuffix(outer, "/")
}

// forwarded gives a parameter of the Forwarded header (RFC 7239), or of the older X-Forwarded-. Of
// several the last counts: it is the one that the nearest proxy wrote.
func forwarded(h http.Header, name string) (string, bool) {
	element := lastValue(h, "Forwarded")
	for pair := range strings.SplitSeq(element, ";") {
		k, v, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if ok && strings.EqualFold(k, name) {
			v = strings.Trim(v, `"`)
			return v, validHost(v)
		}
	}
	v := lastValue(h, "X-Forwarded-"+name)
	return v, validHost(v)
}

// lastValue gives the last element of a header that is a list.
func lastValue(h http.Header, name string) string {
	values := h.Values(name)
	if len(values) == 0 {
		return ""
	}
	list := values[len(values)-1]
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// validHost keeps out of locations what cannot be a host and port.
func validHost(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`/\?#@<>"`, c)
	})
}
