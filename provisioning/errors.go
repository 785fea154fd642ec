package provisioning

import (
	"errors"
	"fmt"
	"time"
)

// SkipRecord is what a [Mapper] returns for a record that is out of scope. It is not a failure: a
// counterpart that the sink has of it is treated as one whose record is gone.
//
//lint:ignore ST1012 It is a word, as fs.SkipDir is, and no failure.
var SkipRecord = errors.New("provisioning: record is out of scope")

// Classes of errors. Connectors wrap one of them, so that the reconciler knows what to do next.
var (
	// ErrUnavailable says that the same write may succeed later: a time-out, a 429, a 503.
	ErrUnavailable = errors.New("unavailable for now")
	// ErrInvalid says that the sink refuses the data of this record until somebody mends it.
	ErrInvalid = errors.New("data refused")
	// ErrExists says that another record holds a value that must be unique.
	ErrExists = errors.New("already exists")
	// ErrNotFound says that the record to change is not there.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the record was changed by somebody else since it was read.
	ErrConflict = errors.New("changed meanwhile")
	// ErrUnauthorized says that we are not let in, or may not do this at all; the run stops.
	ErrUnauthorized = errors.New("not authorized")
	// ErrSchema says that the sink does not know what is written to anybody: an attribute or a kind that its schema lacks. No record
	// would succeed, so the run stops; what only some records have wrong is ErrInvalid.
	ErrSchema = errors.New("schema does not fit")
	// ErrCursorExpired says that a cursor no longer leads to a complete history.
	ErrCursorExpired = errors.New("cursor expired")
)

// A RecordError concerns one record of a sequence that goes on after it.
type RecordError struct {
	// Ref names the record; its ID is empty when the record does not even tell that, and then no
	// record of its kind can be proved gone.
	Ref Ref
	// Where is the place in the source for a person to find it: a line, a row, a DN. Optional.
	Where string
	// Record is, of a record of a sink, what can be read of it all the same, which is at least its ExternalID or that it has
	// none, so that only the one which it belongs to is held. Nil says that it may be anybody's, and then none of its kind is
	// created. Optional.
	Record *Record
	Err    error
}

func (e *RecordError) Error() string {
	s := "record " + e.Ref.String()
	if e.Ref.ID == "" {
		s = fmt.Sprintf("a %s without an ID", e.Ref.Kind)
	}
	if e.Where != "" {
		s += " (" + e.Where + ")"
	}
	return s + ": " + e.Err.Error()
}

func (e *RecordError) Unwrap() error { return e.Err }

// errNothing says that a source broke its contract.
var errNothing = errors.New("the sequence has a pair of neither a record nor an error")

// lacksKind reports whether an error is a source's word that it does not have a kind. Only as the first of a sequence is it that.
func lacksKind(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) && !errors.As(err, new(*RecordError))
}

// A RetryError is an [ErrUnavailable] that tells when to try again.
type RetryError struct {
	// After is how long the other side asks everybody to wait (RFC 9110 section 10.2.3).
	After time.Duration
	Err   error
}

func (e *RetryError) Error() string {
	return fmt.Sprintf("try again in %v: %v", e.After, e.Err)
}

func (e *RetryError) Unwrap() []error { return []error{e.Err, ErrUnavailable} }
