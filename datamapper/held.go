package datamapper

import (
	"fmt"
	"strings"
)

// A ruleError is why a rule holds a record.
type ruleError struct {
	file   string
	target string
	place  place
	err    error
}

func (e *ruleError) Error() string {
	return fmt.Sprintf("%s (%s:%d:%d): %v", e.target, e.file, e.place.line, e.place.column, e.err)
}

func (e *ruleError) Unwrap() error { return e.err }

// fail adds the error of a rule.
func (r *rule) fail(errs []error, err error) []error {
	if err == nil {
		return errs
	}
	return append(errs, &ruleError{target: r.target, place: r.place, err: err})
}

// heldError is all that holds a record, in one line.
type heldError []error

func (e heldError) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

func (e heldError) Unwrap() []error { return e }
