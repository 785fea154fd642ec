package server

import (
	"net/http"
	"strings"

	"github.com/ilumy/usersync/scim"
)

// config answers GET /ServiceProviderConfig.
func (x *exchange) config() (*result, error) {
	return x.describe([]description{{"", x.h.serviceProviderConfig()}}, "ServiceProviderConfig", true)
}

// resourceTypes answers GET /ResourceTypes and /ResourceTypes/{id} (RFC 7644 section 4).
func (x *exchange) resourceTypes() (*result, error) {
	list := make([]description, len(x.h.types))
	for i, t := range x.h.types {
		list[i] = description{t.ID(), t.Object()}
	}
	return x.describe(list, "ResourceType", false)
}

// schemas answers GET /Schemas and /Schemas/{urn}.
func (x *exchange) schemas() (*result, error) {
	var list []description
	for _, t := range x.h.types {
		for _, s := range schemasOf(t) {
			if !described(list, s.ID) {
				list = append(list, description{s.ID, s.Object()})
			}
		}
	}
	return x.describe(list, "Schema", false)
}

// A description is a document of the service about itself.
type description struct {
	id     string
	object *scim.Object
}

func described(list []description, id string) bool {
	for _, d := range list {
		if strings.EqualFold(d.id, id) {
			return true
		}
	}
	return false
}

// describe answers with the one description that is asked for, or with all of them. A filter of a list is refused, lest
// anybody think that it was heeded, and other parameters are ignored (RFC 7644 section 4).
func (x *exchange) describe(list []description, resourceType string, single bool) (*result, error) {
	s, err := params(x.r.URL.RawQuery, false)
	if err != nil {
		return nil, err
	}
	if s.Filter != "" && !single {
		return nil, scim.Errorf(scim.ErrForbidden, "this endpoint cannot be filtered (RFC 7644 section 4)")
	}
	resources := make([]any, 0, len(list))
	for _, d := range list {
		o := x.withMeta(d, resourceType, single)
		if single || strings.EqualFold(d.id, x.target.id) {
			b, err := o.AppendJSON(nil)
			return &result{status: http.StatusOK, body: b}, err
		}
		resources = append(resources, o)
	}
	if x.target.id != "" {
		return nil, scim.Errorf(scim.ErrNotFound, "there is no %s with this id", resourceType)
	}
	b, err := scim.NewObject(
		scim.Member{Name: "schemas", Value: []string{scim.ListResponseSchema}},
		scim.Member{Name: "totalResults", Value: len(resources)},
		scim.Member{Name: "startIndex", Value: 1},
		scim.Member{Name: "itemsPerPage", Value: len(resources)},
		scim.Member{Name: "Resources", Value: resources},
	).AppendJSON(nil)
	return &result{status: http.StatusOK, body: b}, err
}

// withMeta gives a description with its meta.
func (x *exchange) withMeta(d description, resourceType string, single bool) *scim.Object {
	location := x.baseURL() + "/" + resourceType
	if !single {
		location += "s/" + d.id
	}
	o := copyOf(d.object)
	o.Set("meta", scim.NewObject(
		scim.Member{Name: "resourceType", Value: resourceType},
		scim.Member{Name: "location", Value: location}))
	return o
}

// schemasOf gives the schemas of a type and its extensions.
func schemasOf(t *resourceType) []*scim.Schema {
	list := []*scim.Schema{t.Schema()}
	for _, e := range t.Extensions() {
		list = append(list, e.Schema)
	}
	return list
}
