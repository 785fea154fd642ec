package peerbench

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	peer "github.com/elimity-com/scim"
	"github.com/elimity-com/scim/errors"
	"github.com/elimity-com/scim/optional"
	"github.com/elimity-com/scim/schema"
)

// mapHandler is the smallest ResourceHandler over a map that can be used by several clients at once. It keeps the order of
// creation, which a list needs.
type mapHandler struct {
	mu    sync.RWMutex
	data  map[string]*peer.Resource
	order []string
}

func newMapHandler() *mapHandler { return &mapHandler{data: map[string]*peer.Resource{}} }

func (h *mapHandler) put(id string, attributes peer.ResourceAttributes, created time.Time) peer.Resource {
	now := time.Now()
	external, _ := attributes["externalId"].(string)
	r := &peer.Resource{ID: id, ExternalID: optional.NewString(external), Attributes: attributes, Meta: peer.Meta{Created: &created, LastModified: &now, Version: "1"}}
	h.data[id] = r
	return *r
}

func (h *mapHandler) Create(_ *http.Request, attributes peer.ResourceAttributes) (peer.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	id := strconv.Itoa(len(h.order) + 1)
	h.order = append(h.order, id)
	return h.put(id, attributes, time.Now()), nil
}

func (h *mapHandler) Get(_ *http.Request, id string) (peer.Resource, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	r, ok := h.data[id]
	if !ok {
		return peer.Resource{}, errors.ScimErrorResourceNotFound(id)
	}
	return *r, nil
}

func (h *mapHandler) GetAll(_ *http.Request, params peer.ListRequestParams) (peer.Page, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	page := peer.Page{Resources: []peer.Resource{}}
	for _, id := range h.order {
		r := h.data[id]
		if params.FilterValidator != nil && params.FilterValidator.PassesFilter(r.Attributes) != nil {
			continue
		}
		page.TotalResults++
		if page.TotalResults >= params.StartIndex && len(page.Resources) < params.Count {
			page.Resources = append(page.Resources, *r)
		}
	}
	return page, nil
}

func (h *mapHandler) Replace(_ *http.Request, id string, attributes peer.ResourceAttributes) (peer.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.data[id]
	if !ok {
		return peer.Resource{}, errors.ScimErrorResourceNotFound(id)
	}
	return h.put(id, attributes, *r.Meta.Created), nil
}

func (h *mapHandler) Delete(*http.Request, string) error { return nil }

// Patch applies what the benchmarks send and no more: a replacement of an attribute at the top, and new members, of whom
// one that is there already is not added again.
func (h *mapHandler) Patch(_ *http.Request, id string, operations []peer.PatchOperation) (peer.Resource, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r, ok := h.data[id]
	if !ok {
		return peer.Resource{}, errors.ScimErrorResourceNotFound(id)
	}
	attributes := maps.Clone(r.Attributes)
	for _, op := range operations {
		name := op.Path.AttributePath.AttributeName
		if op.Op == "replace" {
			attributes[name] = op.Value
			continue
		}
		members, _ := attributes[name].([]any)
		for _, v := range op.Value.([]any) {
			value := v.(map[string]any)["value"]
			if !slices.ContainsFunc(members, func(m any) bool { return m.(map[string]any)["value"] == value }) {
				members = append(members, v)
			}
		}
		attributes[name] = members
	}
	h.put(id, attributes, *r.Meta.Created)
	if _, group := attributes["members"]; group {
		return peer.Resource{}, nil // 204
	}
	return *h.data[id], nil
}

// newPeer is a server of elimity-com/scim.
func newPeer() http.Handler {
	s, err := peer.NewServer(&peer.ServerArgs{
		ServiceProviderConfig: &peer.ServiceProviderConfig{SupportFiltering: true, SupportPatch: true, MaxResults: 1000},
		ResourceTypes: []peer.ResourceType{
			{Name: "User", Endpoint: "/Users", Schema: schema.CoreUserSchema(), Handler: newMapHandler(),
				SchemaExtensions: []peer.SchemaExtension{{Schema: schema.ExtensionEnterpriseUser()}}},
			{Name: "Group", Endpoint: "/Groups", Schema: schema.CoreGroupSchema(), Handler: newMapHandler()},
		},
	})
	if err != nil {
		panic(fmt.Sprint("elimity-com/scim: ", err))
	}
	return s
}
