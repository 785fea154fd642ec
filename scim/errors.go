package scim

import (
	"fmt"
	"net/http"
	"strconv"
)

// An Error is the answer of a service provider that did not do what was asked (RFC 7644 section 3.12).
// It matches the sentinel of its class with [errors.Is].
type Error struct {
	// Status is the HTTP status code.
	Status int
	// Type is the scimType of the error, as "invalidFilter"; often empty.
	Type string
	// Detail is for a person to read. It is sent to the client, so it says nothing of the inside.
	Detail string
	// Err is the cause, for logs; it is never sent.
	Err error
}

// Classes of errors, with the status codes and scimTypes of RFC 7644 section 3.12 and RFC 9865
// section 2.1. They are compared with [errors.Is] and made into answers with [Errorf].
var (
	ErrInvalidFilter = class(http.StatusBadRequest, "invalidFilter", "the filter cannot be understood or does not fit the attribute")
	ErrTooMany       = class(http.StatusBadRequest, "tooMany", "the answer is larger than the server gives")
	ErrInvalidSyntax = class(http.StatusBadRequest, "invalidSyntax", "the request body cannot be understood")
	ErrInvalidPath   = class(http.StatusBadRequest, "invalidPath", "the path names no attribute")
	ErrNoTarget      = class(http.StatusBadRequest, "noTarget", "the path matches no value")
	ErrInvalidValue  = class(http.StatusBadRequest, "invalidValue", "a value is missing or does not fit its attribute")
	ErrInvalidVers   = class(http.StatusBadRequest, "invalidVers", "the protocol version is not supported")
	ErrMutability    = class(http.StatusBadRequest, "mutability", "the attribute cannot be changed")
	ErrInvalidCursor = class(http.StatusBadRequest, "invalidCursor", "the cursor is not one of this server")
	ErrExpiredCursor = class(http.StatusBadRequest, "expiredCursor", "the cursor has expired")
	ErrInvalidCount  = class(http.StatusBadRequest, "invalidCount", "the count is not the one the cursor was made with")

	ErrUnauthorized   = class(http.StatusUnauthorized, "", "authentication failed")
	ErrForbidden      = class(http.StatusForbidden, "", "this is not allowed")
	ErrSensitive      = class(http.StatusForbidden, "sensitive", "the request holds personal data in its URL; use POST .search")
	ErrNotFound       = class(http.StatusNotFound, "", "the resource does not exist")
	ErrConflict       = class(http.StatusConflict, "", "the resource was changed meanwhile")
	ErrUniqueness     = class(http.StatusConflict, "uniqueness", "a value that must be unique is already in use")
	ErrVersion        = class(http.StatusPreconditionFailed, "", "the resource has another version")
	ErrTooLarge       = class(http.StatusRequestEntityTooLarge, "", "the request is too large")
	ErrNotImplemented = class(http.StatusNotImplemented, "", "the server does not do this")
)

func class(status int, scimType, detail string) error {
	return &Error{Status: status, Type: scimType, Detail: detail}
}

// Errorf makes an Error of a class, which is one of this package's sentinels, with a detail. An
// operand of %w becomes its cause.
func Errorf(class error, format string, args ...any) *Error {
	c, ok := class.(*Error)
	if !ok {
		c = &Error{Status: http.StatusInternalServerError}
	}
	err := fmt.Errorf(format, args...)
	e := &Error{Status: c.Status, Type: c.Type, Detail: err.Error()}
	if w, ok := err.(interface{ Unwrap() error }); ok {
		e.Err = w.Unwrap()
	}
	return e
}

func (e *Error) Error() string {
	s := "scim: " + strconv.Itoa(e.Status)
	if e.Type != "" {
		s += " " + e.Type
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// Is reports whether target is an Error of the same class.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Status == e.Status && t.Type == e.Type
}

func (e *Error) Unwrap() error { return e.Err }

// AppendJSON appends the error as RFC 7644 section 3.12 has it.
func (e *Error) AppendJSON(b []byte) []byte {
	b = append(b, `{"schemas":["`+ErrorSchema+`"],`...)
	if e.Type != "" {
		b = append(b, `"scimType":`...)
		b = appendString(b, e.Type)
		b = append(b, ',')
	}
	if e.Detail != "" {
		b = append(b, `"detail":`...)
		b = appendString(b, e.Detail)
		b = append(b, ',')
	}
	b = append(b, `"status":"`...)
	b = strconv.AppendInt(b, int64(e.Status), 10)
	return append(b, `"}`...)
}

// MarshalJSON gives the error as RFC 7644 section 3.12 has it.
func (e *Error) MarshalJSON() ([]byte, error) { return e.AppendJSON(nil), nil }

// UnmarshalJSON reads an error of a service provider. A status that is a number is taken too.
func (e *Error) UnmarshalJSON(b []byte) error {
	o, err := DecodeObject(b, nil)
	if err != nil {
		return err
	}
	*e = Error{Type: o.GetString("scimType"), Detail: o.GetString("detail")}
	e.Status, err = strconv.Atoi(fmt.Sprint(o.Get("status")))
	if err != nil {
		return fmt.Errorf("read a SCIM error: status is %T, not a number", o.Get("status"))
	}
	return nil
}

var _ error = (*Error)(nil)
