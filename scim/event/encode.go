package event

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/ilumy/usersync/scim"
)

// subjectFormat is that of RFC 9967 section 2.1.
const subjectFormat = "scim"

// AppendJSON appends the claims of the token, after [Token.Check].
func (t *Token) AppendJSON(b []byte) ([]byte, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	o := scim.NewObject(scim.Member{Name: "iss", Value: t.Issuer}, scim.Member{Name: "iat", Value: seconds(t.IssuedAt)}, scim.Member{Name: "jti", Value: t.ID})
	if len(t.Audience) > 0 {
		o.Set("aud", t.Audience)
	}
	if t.Txn != "" {
		o.Set("txn", t.Txn)
	}
	if !t.Time.IsZero() {
		o.Set("toe", seconds(t.Time))
	}
	o.Set("sub_id", t.Subject.object())
	events := make([]scim.Member, len(t.Events))
	for i := range t.Events {
		events[i] = scim.Member{Name: string(t.Events[i].Type), Value: t.Events[i].object()}
	}
	o.Set("events", scim.NewObject(events...))
	return o.AppendJSON(b)
}

// MarshalJSON gives the claims of the token, after [Token.Check].
func (t *Token) MarshalJSON() ([]byte, error) { return t.AppendJSON(nil) }

// seconds gives a time as a NumericDate (RFC 7519 section 2), in whole seconds.
func seconds(t time.Time) json.Number { return json.Number(strconv.FormatInt(t.Unix(), 10)) }

func (s Subject) object() *scim.Object {
	o := &scim.Object{}
	if s.Format == "" {
		s.Format = subjectFormat
	}
	for _, m := range []struct{ name, value string }{{"format", s.Format}, {"uri", s.URI}, {"externalId", s.ExternalID}, {"id", s.ID}} {
		if m.value != "" {
			o.Set(m.name, m.value)
		}
	}
	for _, m := range s.Other {
		if !o.Has(m.Name) {
			o.Set(m.Name, m.Value)
		}
	}
	return o
}

// object gives the payload of the event.
func (e *Event) object() *scim.Object {
	switch {
	case e.Response != nil:
		return e.Response.Object()
	case !e.Type.Known() && e.Other != nil:
		return e.Other
	}
	o := &scim.Object{}
	switch {
	case e.Type.Full():
		o.Set("data", e.Data)
	case e.Type.Notice():
		o.Set("attributes", append([]string{}, e.Attributes...))
	}
	if e.Version != "" {
		o.Set("version", e.Version)
	}
	return o
}

// Object gives the response as an operation of a bulk answer (RFC 7644 section 3.7.3).
func (r *Response) Object() *scim.Object {
	o := &scim.Object{}
	for _, m := range []struct{ name, value string }{{"location", r.Location}, {"method", r.Method}, {"bulkId", r.BulkID}, {"version", r.Version}} {
		if m.value != "" {
			o.Set(m.name, m.value)
		}
	}
	status := strconv.Itoa(r.Status)
	if r.Err != nil {
		e := scim.NewObject(scim.Member{Name: "schemas", Value: []string{scim.ErrorSchema}})
		if r.Err.Type != "" {
			e.Set("scimType", r.Err.Type)
		}
		e.Set("detail", r.Err.Detail)
		e.Set("status", strconv.Itoa(r.Err.Status))
		o.Set("status", status)
		o.Set("response", e)
		return o
	}
	o.Set("status", status)
	return o
}

var _ json.Marshaler = (*Token)(nil)
