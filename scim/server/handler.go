package server

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// A Handler is a SCIM service provider (RFC 7644). It is safe for concurrent use.
type Handler struct {
	types         []*resourceType
	stores        Stores
	authenticator Authenticator
	options       Options
	limits        Limits
	endpoints     map[string]target
	// tolerant and strict are how requests are read.
	tolerant, strict scim.Options
	logger           *slog.Logger
	async            *runner // nil if requests are not done later
	outcomes         *outcomes
}

// New makes a Handler for resource types. It asks stores for the Store of the caller's tenant, and
// authenticate who the caller is: [Bearer], or a function that asks a session or a certificate. There is no
// default for that; [InsecureAnyone] says what it does.
func New(types []*scim.ResourceType, stores Stores, authenticate Authenticator, o *Options) (*Handler, error) {
	switch {
	case len(types) == 0:
		return nil, errors.New("scim server: there are no resource types; give it scim.NewUserType() and scim.NewGroupType()")
	case stores == nil:
		return nil, errors.New("scim server: there are no stores; give it server.One(store)")
	case authenticate == nil:
		return nil, errors.New("scim server: nothing authenticates; give it server.Bearer, or server.InsecureAnyone to let anybody in")
	}
	h := &Handler{stores: stores, authenticator: authenticate}
	if o != nil {
		h.options = *o
	}
	h.limits = h.options.Limits.withDefaults()
	h.tolerant = scim.Options{Dialect: scim.Tolerant, Limits: h.limits.Limits}
	h.strict = scim.Options{Dialect: scim.Strict, Limits: h.limits.Limits}
	if h.logger = h.options.Logger; h.logger == nil {
		h.logger = slog.Default()
	}
	h.options.Base = strings.TrimSuffix(h.options.Base, "/")
	if h.options.Base != "" && h.options.Base[0] != '/' {
		return nil, fmt.Errorf("scim server: the base %q does not begin with a slash", h.options.Base)
	}
	h.endpoints = map[string]target{
		"Me":                    {endpoint: endpointMe},
		searchSegment:           {endpoint: endpointSearch},
		"Bulk":                  {endpoint: endpointBulk},
		"ServiceProviderConfig": {endpoint: endpointConfig},
		"ResourceTypes":         {endpoint: endpointTypes},
		"Schemas":               {endpoint: endpointSchemas},
	}
	if err := h.addEvents(); err != nil {
		return nil, err
	}
	for _, t := range types {
		if err := h.add(t); err != nil {
			return nil, err
		}
	}
	for _, t := range h.types {
		t.findLinks(h.types)
	}
	return h, nil
}

// add enters a resource type under its endpoint.
func (h *Handler) add(t *scim.ResourceType) error {
	segment := strings.TrimPrefix(t.Endpoint(), "/")
	if segment == "" || strings.ContainsAny(segment, "/?#%") {
		return fmt.Errorf("scim server: the endpoint %q of %s is not one segment of a path", t.Endpoint(), t.Name())
	}
	if _, taken := h.endpoints[segment]; taken {
		return fmt.Errorf("scim server: the endpoint %q of %s is taken", t.Endpoint(), t.Name())
	}
	rt, err := newResourceType(t)
	if err != nil {
		return err
	}
	h.types = append(h.types, rt)
	h.endpoints[segment] = target{endpoint: endpointResources, typ: rt}
	return nil
}

var _ http.Handler = (*Handler)(nil)
