package event

import (
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"github.com/ilumy/usersync/scim"
)

// MediaType is that of a SET (RFC 8417 section 7.2).
const MediaType = "application/secevent+jwt"

// A Token is what a SET says: that something happened to one resource, in one transaction.
type Token struct {
	// ID is the jti: no two tokens of an issuer share it.
	ID string
	// Issuer is the iss: the URL or name of who made the token.
	Issuer string
	// Audience is the aud: for whom it is.
	Audience []string
	// IssuedAt is the iat: when the token was made, in whole seconds.
	IssuedAt time.Time
	// Txn is the transaction at the service provider. Tokens about the same change have the same, whoever they are
	// for, so it tells duplicates apart where ID cannot (RFC 9967 section 2.2). It is also the Set-Txn of an
	// asynchronous request.
	Txn string
	// Time is the toe: when it happened; zero if the token does not say.
	Time time.Time
	// Subject is the sub_id: the resource.
	Subject Subject
	// Events are what happened, each type once.
	Events []Event
}

// A Subject is the resource that a token is about (RFC 9967 section 2.1).
type Subject struct {
	// Format is that of RFC 9493; "scim", which empty stands for, in tokens with events of RFC 9967.
	Format string
	// URI is the path below the base URL: "/Users/2819c223". That of an endpoint alone, "/Users", is in the
	// AsyncResponse to a POST that made nothing.
	URI string
	// ExternalID is the externalId of the resource, if it has one.
	ExternalID string
	// ID is its id, which some senders give besides the URI.
	ID string
	// Other are further attributes that no two resources share, or the members of another format.
	Other []scim.Member
}

// SubjectOf gives the Subject that a resource is, of a type with this endpoint: "/Users".
func SubjectOf(endpoint string, r *scim.Resource) Subject {
	return Subject{URI: endpoint + "/" + url.PathEscape(r.ID()), ExternalID: r.ExternalID()}
}

// Resource takes the URI apart, "/Users" and "2819c223"; it is not ok if it names no single resource.
func (s Subject) Resource() (endpoint, id string, ok bool) {
	i := strings.LastIndexByte(s.URI, '/')
	if i < 0 {
		return "", "", false
	}
	id, err := url.PathUnescape(s.URI[i+1:])
	return s.URI[:i], id, err == nil && id != "" && i > 0
}

// An Event is one thing that happened. Which fields it has is a matter of its Type; [Token.Check] tells.
type Event struct {
	Type Type
	// Version is the entity tag of the resource afterwards, as in its meta.
	Version string
	// Attributes are the paths of the attributes that came, changed or went. Those of a notice may be none.
	Attributes []string
	// Data is, in a full event, the resource as it is now; of a PATCH it is a PatchOp message, which makes the
	// resource what it is now.
	Data *scim.Object
	// Response is that of an AsyncResponse.
	Response *Response
	// Other is the payload of a type that RFC 9967 does not have.
	Other *scim.Object
}

// Resource gives the data of a create or put as a resource; nil if there is none.
func (e *Event) Resource() *scim.Resource {
	if e.Data == nil || e.Type == PatchFull {
		return nil
	}
	return &scim.Resource{Object: *e.Data}
}

// Patch gives the data of a patch as a request, and fails if it is none.
func (e *Event) Patch(o *scim.Options) (*scim.PatchRequest, error) {
	if e.Type != PatchFull || e.Data == nil {
		return nil, Errorf(InvalidRequest, "%s has no PATCH", e.Type)
	}
	b, err := e.Data.AppendJSON(nil)
	if err != nil {
		return nil, err
	}
	return scim.DecodePatch(b, o)
}

// A Response is what an asynchronous request, or one operation of a bulk request, came to
// (RFC 9967 section 2.5.1.3, RFC 7644 section 3.7.3).
type Response struct {
	// Method is that of the request: POST, PUT, PATCH or DELETE.
	Method string
	// BulkID is the bulkId of the operation.
	BulkID string
	// Version is the entity tag of the resource afterwards.
	Version string
	// Location is the URL of the resource; empty when a POST failed.
	Location string
	// Status is the HTTP status that the request would have been answered with.
	Status int
	// Err says why a request failed, whose Status is not 2xx.
	Err *scim.Error
}

// NewID makes an identifier for a token or a transaction: 130 random bits.
func NewID() string { return rand.Text() }

// Event gives the event of a type; nil if there is none.
func (t *Token) Event(typ Type) *Event {
	for i := range t.Events {
		if t.Events[i].Type == typ {
			return &t.Events[i]
		}
	}
	return nil
}
