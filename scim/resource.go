package scim

import (
	"slices"
	"time"
)

// A Resource is a User, a Group or anything else that has an id (RFC 7643 section 3).
type Resource struct {
	Object
}

// NewResource makes a Resource of the schemas it follows.
func NewResource(schemas ...string) *Resource {
	r := &Resource{}
	if len(schemas) > 0 {
		r.SetSchemas(schemas...)
	}
	return r
}

// ID is the identifier that the service provider gave the resource, or "".
func (r *Resource) ID() string { return r.GetString("id") }

// SetID sets the id.
func (r *Resource) SetID(id string) { r.Set("id", id) }

// ExternalID is the identifier that the provisioning client gave the resource, or "".
func (r *Resource) ExternalID() string { return r.GetString("externalId") }

// Schemas are the URNs of the schemas that the resource follows.
func (r *Resource) Schemas() []string {
	values := r.GetValues("schemas")
	list := make([]string, 0, len(values))
	for _, v := range values {
		if s, ok := v.(string); ok {
			list = append(list, s)
		}
	}
	return list
}

// SetSchemas replaces the URNs of the schemas.
func (r *Resource) SetSchemas(urns ...string) { r.Set("schemas", urns) }

// HasSchema reports whether the resource says that it follows a schema.
func (r *Resource) HasSchema(urn string) bool {
	return slices.ContainsFunc(r.GetValues("schemas"), func(v any) bool {
		s, ok := v.(string)
		return ok && foldEqual(s, urn)
	})
}

// A Meta is what the service provider says about a resource (RFC 7643 section 3.1).
type Meta struct {
	ResourceType string    `json:"resourceType"`
	Created      time.Time `json:"created"`
	LastModified time.Time `json:"lastModified"`
	// Location is the absolute URL of the resource.
	Location string `json:"location"`
	// Version is the entity tag, as in the ETag header: W/"..." or "...".
	Version string `json:"version"`
}

// Meta gives the resource's meta; what is absent or cannot be read is zero.
func (r *Resource) Meta() Meta {
	o := r.GetObject("meta")
	m := Meta{
		ResourceType: o.GetString("resourceType"),
		Location:     o.GetString("location"),
		Version:      o.GetString("version"),
	}
	m.Created, _ = ParseTime(o.GetString("created"))
	m.LastModified, _ = ParseTime(o.GetString("lastModified"))
	return m
}

// SetMeta replaces the resource's meta; zero fields are left out.
func (r *Resource) SetMeta(m Meta) {
	o := &Object{members: make([]Member, 0, 5)}
	add := func(name, value string) {
		if value != "" {
			o.members = append(o.members, Member{name, value})
		}
	}
	add("resourceType", m.ResourceType)
	if !m.Created.IsZero() {
		add("created", FormatTime(m.Created))
	}
	if !m.LastModified.IsZero() {
		add("lastModified", FormatTime(m.LastModified))
	}
	add("location", m.Location)
	add("version", m.Version)
	r.Set("meta", o)
}

// Clone gives a copy that shares nothing with r that can be changed.
func (r *Resource) Clone() *Resource {
	if r == nil {
		return nil
	}
	return &Resource{*r.Object.Clone()}
}
