package expression

import (
	"fmt"
	"slices"
	"strings"
)

// An Error is a mistake in an expression, found when it is compiled.
type Error struct {
	// Offset is where in the source it is, in bytes.
	Offset  int
	Message string
	// Node is what is wrong; nil when the expression could not be read at all.
	Node Node
}

func (e *Error) Error() string { return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Message) }

// Errors are all mistakes of one expression, in their order.
type Errors []*Error

func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives the single mistakes.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, err := range e {
		errs[i] = err
	}
	return errs
}

func (e Errors) sorted() Errors {
	slices.SortStableFunc(e, func(a, b *Error) int { return a.Offset - b.Offset })
	return e
}

func mistake(offset int, format string, args ...any) *Error {
	return &Error{Offset: offset, Message: fmt.Sprintf(format, args...)}
}
