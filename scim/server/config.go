package server

import (
	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/event"
)

// serviceProviderConfig says what this Handler does (RFC 7643 section 5), not what somebody wrote down.
func (h *Handler) serviceProviderConfig() *scim.Object {
	supported := func(yes bool, more ...scim.Member) *scim.Object {
		return scim.NewObject(append([]scim.Member{{Name: "supported", Value: yes}}, more...)...)
	}
	o := scim.NewObject(scim.Member{Name: "schemas", Value: []string{scim.ServiceProviderConfigSchema}})
	if h.options.Documentation != "" {
		o.Set("documentationUri", h.options.Documentation)
	}
	bulk := h.limits.BulkOperations > 0
	o.Set("patch", supported(true))
	o.Set("bulk", supported(bulk,
		scim.Member{Name: "maxOperations", Value: max(0, h.limits.BulkOperations)},
		scim.Member{Name: "maxPayloadSize", Value: h.limits.BulkBody}))
	o.Set("filter", supported(true, scim.Member{Name: "maxResults", Value: h.limits.Results}))
	o.Set("changePassword", supported(h.options.Secret != nil && h.hasPassword()))
	o.Set("sort", supported(true))
	o.Set("etag", supported(true))
	// RFC 9865 section 4.
	o.Set("pagination", scim.NewObject(
		scim.Member{Name: "cursor", Value: true},
		scim.Member{Name: "index", Value: true},
		scim.Member{Name: "defaultPaginationMethod", Value: "index"},
		scim.Member{Name: "defaultPageSize", Value: h.limits.Page},
		scim.Member{Name: "maxPageSize", Value: h.limits.Results}))
	o.Set("authenticationSchemes", h.schemes())
	if h.tells() {
		o.Set("securityEvents", h.securityEvents())
	}
	return o
}

// securityEvents says which events there are (RFC 9967 section 4).
func (h *Handler) securityEvents() *scim.Object {
	types := []event.Type{event.CreateNotice, event.PatchNotice, event.PutNotice}
	if h.options.Events.Full {
		// What is too large, and a PATCH of which nothing may be shown, is told as a notice.
		types = append(types, event.CreateFull, event.PatchFull, event.PutFull)
	}
	types = append(types, event.Delete)
	for _, t := range h.types {
		if a := t.Attribute("active"); a != nil && a.Type == scim.Boolean {
			types = append(types, event.Activate, event.Deactivate)
			break
		}
	}
	async := "none"
	if h.async != nil {
		async = "request"
		types = append(types, event.AsyncResponse)
	}
	uris := make([]string, len(types))
	for i, t := range types {
		uris[i] = string(t)
	}
	return scim.NewObject(scim.Member{Name: "asyncRequest", Value: async}, scim.Member{Name: "eventUris", Value: uris})
}

func (h *Handler) hasPassword() bool {
	for _, t := range h.types {
		if t.Attribute("password") != nil {
			return true
		}
	}
	return false
}

func (h *Handler) schemes() []*scim.Object {
	schemes := h.options.Schemes
	if schemes == nil {
		schemes = []AuthenticationScheme{{
			Type: "oauthbearertoken", Name: "OAuth Bearer Token", Primary: true,
			Description: "A bearer token in the Authorization header.",
			SpecURI:     "https://www.rfc-editor.org/info/rfc6750",
		}}
	}
	list := make([]*scim.Object, len(schemes))
	for i, s := range schemes {
		o := scim.NewObject(
			scim.Member{Name: "type", Value: s.Type},
			scim.Member{Name: "name", Value: s.Name},
			scim.Member{Name: "description", Value: s.Description})
		if s.SpecURI != "" {
			o.Set("specUri", s.SpecURI)
		}
		if s.DocumentationURI != "" {
			o.Set("documentationUri", s.DocumentationURI)
		}
		if s.Primary {
			o.Set("primary", true)
		}
		list[i] = o
	}
	return list
}
