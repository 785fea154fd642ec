package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ilumy/usersync/scim"
)

// Limits bound what one token may hold. A zero field is its default.
type Limits struct {
	// Bytes is the size of the signed token; 1 MiB.
	Bytes int
	// Events is the number of events in it; 16.
	Events int
	// Attributes is the number of attribute names in a notice; 1,000.
	Attributes int
	// Audience is the number of its audiences; 100.
	Audience int
}

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		p   *int
		def int
	}{{&l.Bytes, 1 << 20}, {&l.Events, 16}, {&l.Attributes, 1000}, {&l.Audience, 100}} {
		if *f.p <= 0 {
			*f.p = f.def
		}
	}
	return l
}

// maxName bounds identifiers, which receivers keep.
const maxName = 1 << 10

// ParseClaims reads the claims of a token. It looks at no signature: use a [Verifier] for what comes from outside. Errors
// are an [Error] of code InvalidRequest.
func ParseClaims(b []byte, limits Limits) (*Token, error) {
	limits = limits.withDefaults()
	o, err := scim.DecodeObject(b, &scim.Options{Limits: scim.Limits{Body: limits.Bytes}})
	if err != nil {
		var e *scim.Error
		errors.As(err, &e)
		return nil, &Error{Code: InvalidRequest, Description: "the claims cannot be read: " + e.Detail, Err: err}
	}
	t := &Token{}
	for _, f := range []struct {
		name string
		p    *string
	}{{"jti", &t.ID}, {"iss", &t.Issuer}, {"txn", &t.Txn}} {
		if *f.p, err = text(o, f.name); err != nil {
			return nil, err
		}
	}
	if t.IssuedAt, err = date(o, "iat"); err != nil {
		return nil, err
	}
	if t.Time, err = date(o, "toe"); err != nil {
		return nil, err
	}
	if t.Audience, err = texts(o, "aud", limits.Audience); err != nil {
		return nil, err
	}
	if v := o.Get("sub_id"); v != nil {
		if t.Subject, err = subject(v); err != nil {
			return nil, err
		}
	}
	events := o.GetObject("events")
	if events.Len() > limits.Events {
		return nil, Errorf(InvalidRequest, "there are %d events, more than the %d that are taken", events.Len(), limits.Events)
	}
	for name, v := range events.All() {
		e, err := decodeEvent(Type(name).canonical(), v, limits)
		if err != nil {
			return nil, err
		}
		t.Events = append(t.Events, *e)
	}
	return t, t.Check()
}

// text gives a claim that is a string; "" if it is absent.
func text(o *scim.Object, name string) (string, error) {
	v := o.Get(name)
	s, ok := v.(string)
	if v != nil && !ok {
		return "", Errorf(InvalidRequest, "%s is not a string", name)
	}
	if len(s) > maxName {
		return "", Errorf(InvalidRequest, "%s is longer than %d bytes", name, maxName)
	}
	return s, nil
}

// texts gives a claim that is a string or a list of strings, as aud is (RFC 7519 section 4.1.3).
func texts(o *scim.Object, name string, limit int) ([]string, error) {
	list, ok := o.Get(name).([]any)
	if !ok {
		s, err := text(o, name)
		if s == "" || err != nil {
			return nil, err
		}
		return []string{s}, nil
	}
	if len(list) == 0 {
		return nil, nil
	}
	if len(list) > limit {
		return nil, Errorf(InvalidRequest, "%s has %d values, more than the %d that are taken", name, len(list), limit)
	}
	values := make([]string, len(list))
	for i, v := range list {
		if values[i], ok = v.(string); !ok || len(values[i]) > maxName {
			return nil, Errorf(InvalidRequest, "%s is not a list of strings of at most %d bytes", name, maxName)
		}
	}
	return values, nil
}

// date gives a claim that is a NumericDate; zero if it is absent.
func date(o *scim.Object, name string) (time.Time, error) {
	v := o.Get(name)
	if v == nil {
		return time.Time{}, nil
	}
	n, _ := v.(json.Number)
	f, err := strconv.ParseFloat(string(n), 64)
	// The year 9999 is the last that RFC 3339 can write.
	if err != nil || f <= 0 || f > 253402300799 {
		return time.Time{}, Errorf(InvalidRequest, "%s is not a time in seconds since 1970", name)
	}
	return time.Unix(int64(math.Floor(f)), 0).UTC(), nil
}

func subject(v any) (s Subject, err error) {
	o, ok := v.(*scim.Object)
	if !ok {
		return s, Errorf(InvalidRequest, "sub_id is not an object")
	}
	fields := []struct {
		name string
		p    *string
	}{{"format", &s.Format}, {"uri", &s.URI}, {"externalId", &s.ExternalID}, {"id", &s.ID}}
	for _, f := range fields {
		if *f.p, err = text(o, f.name); err != nil {
			return s, fmt.Errorf("sub_id: %w", err)
		}
	}
	for name, v := range o.All() {
		switch strings.ToLower(name) {
		case "format", "uri", "externalid", "id":
		default:
			s.Other = append(s.Other, scim.Member{Name: name, Value: v})
		}
	}
	return s, nil
}

func decodeEvent(t Type, v any, limits Limits) (*Event, error) {
	o, ok := v.(*scim.Object)
	if !ok {
		return nil, Errorf(InvalidRequest, "the payload of an event is not an object")
	}
	e := &Event{Type: t}
	var err error
	switch {
	case !t.Known():
		if e.Other = o; len(t) > maxName {
			return nil, Errorf(InvalidRequest, "the URI of an event is longer than %d bytes", maxName)
		}
		return e, nil
	case t == AsyncResponse:
		e.Response, err = decodeResponse(o)
		return e, err
	}
	if e.Version, err = text(o, "version"); err != nil {
		return nil, err
	}
	// What a delete or an activate carries, which is nothing, is not looked at.
	if !t.Full() && !t.Notice() {
		return e, nil
	}
	e.Data = o.GetObject("data")
	listed := o.Get("attributes") != nil
	if listed {
		e.Attributes, err = texts(o, "attributes", limits.Attributes)
		e.Attributes = append([]string{}, e.Attributes...) // none is not nil
	}
	switch {
	case err != nil:
		return nil, err
	case t.Full() && e.Data == nil:
		return nil, Errorf(InvalidRequest, "%s has no data (RFC 9967 section 2.4)", t)
	case t.Notice() && !listed:
		return nil, Errorf(InvalidRequest, "%s has no attributes (RFC 9967 section 2.4)", t)
	case t.Full() && listed || t.Notice() && o.Get("data") != nil:
		return nil, Errorf(InvalidRequest, "%s has both data and attributes (RFC 9967 section 2.4)", t)
	}
	return e, nil
}

func decodeResponse(o *scim.Object) (*Response, error) {
	r := &Response{}
	var err error
	for _, f := range []struct {
		name string
		p    *string
	}{{"method", &r.Method}, {"bulkId", &r.BulkID}, {"version", &r.Version}, {"location", &r.Location}} {
		if *f.p, err = text(o, f.name); err != nil {
			return nil, err
		}
	}
	if r.Status, err = status(o.Get("status")); err != nil {
		return nil, err
	}
	if r.Status/100 == 2 {
		return r, nil
	}
	e := o.GetObject("response")
	r.Err = &scim.Error{Status: r.Status, Type: e.GetString("scimType"), Detail: e.GetString("detail")}
	if s, err := status(e.Get("status")); err == nil {
		r.Err.Status = s
	}
	return r, nil
}

// status reads a status: a string as RFC 7644 has it, or a number as some send it.
func status(v any) (int, error) {
	var s string
	switch v := v.(type) {
	case string:
		s = v
	case json.Number:
		s = v.String()
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 100 || n > 599 {
		return 0, Errorf(InvalidRequest, "the status of the response is not that of HTTP")
	}
	return n, nil
}
