package event

import "strings"

// A Type is the URI of an event.
type Type string

// The events of RFC 9967 section 7.4.
const (
	// FeedAdd and FeedRemove say that a resource has joined or left the feed; it need be neither new nor gone.
	FeedAdd    Type = "urn:ietf:params:scim:event:feed:add"
	FeedRemove Type = "urn:ietf:params:scim:event:feed:remove"

	CreateNotice Type = "urn:ietf:params:scim:event:prov:create:notice"
	CreateFull   Type = "urn:ietf:params:scim:event:prov:create:full"
	PatchNotice  Type = "urn:ietf:params:scim:event:prov:patch:notice"
	PatchFull    Type = "urn:ietf:params:scim:event:prov:patch:full"
	PutNotice    Type = "urn:ietf:params:scim:event:prov:put:notice"
	PutFull      Type = "urn:ietf:params:scim:event:prov:put:full"
	Delete       Type = "urn:ietf:params:scim:event:prov:delete"
	Activate     Type = "urn:ietf:params:scim:event:prov:activate"
	Deactivate   Type = "urn:ietf:params:scim:event:prov:deactivate"

	// AsyncResponse is the end of a request that was answered with 202.
	AsyncResponse Type = "urn:ietf:params:scim:event:misc:asyncresp"
)

// types are all of RFC 9967, in the order of its registry.
var types = [...]Type{FeedAdd, FeedRemove, CreateNotice, CreateFull, PatchNotice, PatchFull, PutNotice, PutFull, Delete, Activate, Deactivate, AsyncResponse}

// Known reports whether RFC 9967 has the type. Others have a payload that this package does not look into.
func (t Type) Known() bool {
	for _, k := range types {
		if t == k {
			return true
		}
	}
	return false
}

// Provisioning reports whether the event says that a resource was changed: whether it is one of prov.
func (t Type) Provisioning() bool { return t.Known() && strings.Contains(string(t), ":prov:") }

// Full reports whether the event carries data (RFC 9967 section 2.4).
func (t Type) Full() bool { return t == CreateFull || t == PatchFull || t == PutFull }

// Notice reports whether the event carries the names of attributes, and no values.
func (t Type) Notice() bool { return t == CreateNotice || t == PatchNotice || t == PutNotice }

// canonical gives the spelling of RFC 9967 to a type that an older draft spelled SCIM or asyncResp.
func (t Type) canonical() Type {
	for _, k := range types {
		if strings.EqualFold(string(k), string(t)) {
			return k
		}
	}
	return t
}
