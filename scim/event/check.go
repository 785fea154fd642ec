package event

// Check tells what a token lacks that RFC 8417 and RFC 9967 ask for.
func (t *Token) Check() error {
	switch {
	case t.ID == "":
		return Errorf(InvalidRequest, "there is no jti (RFC 8417 section 2.2)")
	case t.Issuer == "":
		return Errorf(InvalidRequest, "there is no iss (RFC 8417 section 2.2)")
	case t.IssuedAt.IsZero():
		return Errorf(InvalidRequest, "there is no iat (RFC 8417 section 2.2)")
	case len(t.Events) == 0:
		return Errorf(InvalidRequest, "there are no events (RFC 8417 section 2.2)")
	}
	for i := range t.Events {
		e := &t.Events[i]
		if e.Type == "" || t.Event(e.Type) != e {
			return Errorf(InvalidRequest, "an event has no type, or that of another one")
		}
		if err := e.check(); err != nil {
			return err
		}
		if !e.Type.Known() {
			continue
		}
		if t.Subject.Format != "" && t.Subject.Format != subjectFormat || len(t.Subject.URI) < 2 || t.Subject.URI[0] != '/' {
			return Errorf(InvalidRequest, "sub_id has not the format scim and a uri that begins with a slash (RFC 9967 section 2.1)")
		}
	}
	return nil
}

// check tells whether the event carries what its type has, and nothing else.
func (e *Event) check() error {
	switch {
	case e.Type.Full() != (e.Data != nil):
		return Errorf(InvalidRequest, "%s: data belongs to full events, and to no others (RFC 9967 section 2.4)", e.Type)
	case !e.Type.Notice() && e.Attributes != nil:
		return Errorf(InvalidRequest, "%s: attributes belong to notices only (RFC 9967 section 2.4)", e.Type)
	case (e.Type == AsyncResponse) != (e.Response != nil):
		return Errorf(InvalidRequest, "%s: a response belongs to asyncresp, and to no other event", e.Type)
	case e.Response != nil && (e.Response.Method == "" || e.Response.Status < 100 || e.Response.Status > 599):
		return Errorf(InvalidRequest, "%s: the response has no method or no status", e.Type)
	case e.Response != nil && (e.Response.Err == nil) != (e.Response.Status/100 == 2):
		return Errorf(InvalidRequest, "%s: an error belongs to a status that is not 2xx, and to no other", e.Type)
	case e.Type.Known() && e.Other != nil:
		return Errorf(InvalidRequest, "%s: it has no payload of another kind", e.Type)
	}
	return nil
}
