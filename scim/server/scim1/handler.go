package scim1

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// mediaType is that of answers, and of bodies.
const mediaType = "application/json"

// A Handler speaks SCIM 1.1 to clients and 2.0 to a [server.Handler]. It is safe for concurrent use.
type Handler struct {
	next      *server.Handler
	types     []*scim.ResourceType
	limits    server.Limits
	base      string
	endpoints map[string]endpoint
}

// Options are what a [Handler] does otherwise than by default.
type Options struct {
	// Base is the path that the endpoints lie below, as "/scim/v1". If it is empty, whatever comes before an endpoint is
	// the base. That of the Handler behind, [server.Options.Base], is the base of 2.0 only.
	Base string
}

// New makes a Handler in front of another.
func New(behind *server.Handler, o *Options) (*Handler, error) {
	if behind == nil {
		return nil, errors.New("scim1: there is no Handler of SCIM 2.0 to speak to; make one with server.New")
	}
	h := &Handler{next: behind, types: behind.ResourceTypes(), limits: behind.Limits(), endpoints: map[string]endpoint{}}
	if o != nil {
		h.base = strings.TrimSuffix(o.Base, "/")
	}
	if h.base != "" && h.base[0] != '/' {
		return nil, fmt.Errorf("scim1: the base %q does not begin with a slash", h.base)
	}
	for _, t := range h.types {
		name := strings.TrimPrefix(t.Endpoint(), "/")
		h.endpoints[name] = endpoint{kind: resources, typ: t, name: name}
	}
	h.endpoints["Bulk"] = endpoint{kind: bulk, name: "Bulk"}
	h.endpoints["Schemas"] = endpoint{kind: schemas, name: "Schemas"}
	if e := h.endpoints["ServiceProviderConfigs"]; e.typ != nil {
		return nil, fmt.Errorf("scim1: the endpoint of %s is ServiceProviderConfigs, which SCIM 1.1 has for something else", e.typ.Name())
	}
	h.endpoints["ServiceProviderConfigs"] = endpoint{kind: config, name: "ServiceProviderConfig"}
	return h, nil
}

// ServeHTTP answers a request of SCIM 1.1.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	r2, t, err := h.request2(r)
	if err != nil {
		h.next.Refuse(a, r2, err)
	} else {
		h.next.ServeHTTP(a, r2)
	}
	h.send(a, r2.Method, t)
}

var _ http.Handler = (*Handler)(nil)
