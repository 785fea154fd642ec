package server

import (
	"net/http"
	"slices"

	"github.com/ilumy/usersync/scim"
)

// A handling does what a request asks for.
type handling func(*exchange) (*result, error)

// Methods, in the order of the Allow header.
var (
	readMethods       = []string{http.MethodGet, http.MethodHead}
	collectionMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost}
	resourceMethods   = []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodDelete}
	postMethods       = []string{http.MethodPost}
)

// route gives what does the request (RFC 7644 section 3.2), or 404, 405 or 501.
func (x *exchange) route() (handling, error) {
	t := x.target
	get, post := (handling)(nil), (handling)(nil)
	methods := readMethods
	switch t.endpoint {
	case endpointResources:
		switch {
		case t.search:
			methods, post = postMethods, (*exchange).search
		case t.id == "":
			methods, get, post = collectionMethods, (*exchange).list, (*exchange).create
		default:
			methods, get = resourceMethods, (*exchange).get
		}
	case endpointMe:
		if x.r.Method == http.MethodPost {
			return nil, scim.Errorf(scim.ErrNotImplemented, "nobody can create themselves; use /Users")
		}
		methods, get = resourceMethods, (*exchange).get
	case endpointRoot:
		get = (*exchange).listAll
	case endpointSearch:
		methods, post = postMethods, (*exchange).searchAll
	case endpointBulk:
		methods, post = postMethods, (*exchange).bulk
		if x.h.limits.BulkOperations < 0 {
			return nil, scim.Errorf(scim.ErrNotImplemented, "bulk requests are turned off")
		}
	case endpointConfig:
		get = (*exchange).config
	case endpointTypes:
		get = (*exchange).resourceTypes
	case endpointSchemas:
		get = (*exchange).schemas
	case endpointEvents:
		get = (*exchange).outcome
	default:
		return nil, scim.Errorf(scim.ErrNotFound, "there is no such endpoint")
	}
	if !slices.Contains(methods, x.r.Method) {
		x.w.Header().Set("Allow", allow(methods))
		return nil, &scim.Error{Status: http.StatusMethodNotAllowed, Detail: "this endpoint takes " + allow(methods)}
	}
	handle := post
	switch x.r.Method {
	case http.MethodGet, http.MethodHead:
		handle = get
	case http.MethodPut:
		handle = (*exchange).replace
	case http.MethodPatch:
		handle = (*exchange).patch
	case http.MethodDelete:
		handle = (*exchange).delete
	}
	if t.endpoint == endpointMe {
		return asMe(handle), nil
	}
	return handle, nil
}

// asMe has the request done to the User that the caller is (RFC 7644 section 3.11).
func asMe(handle handling) handling {
	return func(x *exchange) (*result, error) {
		me, ok := x.h.endpoints["Users"]
		if !ok || x.event.Caller.UserID == "" {
			return nil, scim.Errorf(scim.ErrNotImplemented, "the caller is not a user, so there is no /Me")
		}
		x.target.typ, x.target.id = me.typ, x.event.Caller.UserID
		x.event.ID = x.target.id
		return handle(x)
	}
}
