package datamapper

import (
	"fmt"
	"strings"
)

// A RuleError is why one rule or condition holds a record. Its text has no values of the record.
type RuleError struct {
	// Target is the attribute or reference; or scope, disabled, key, validFrom or validUntil.
	Target string
	// File, Line and Column are where the rule stands.
	File         string
	Line, Column int
	Err          error
}

func (e *RuleError) Error() string {
	return fmt.Sprintf("%s (%s:%d:%d): %v", e.Target, e.File, e.Line, e.Column, e.Err)
}

// Unwrap gives the error without the rule.
func (e *RuleError) Unwrap() error { return e.Err }

// ruleError gives the error of a rule; nil when err is.
func (m *Mapping) ruleError(target string, p place, err error) error {
	if err == nil {
		return nil
	}
	return &RuleError{Target: target, File: m.name, Line: p.line, Column: p.column, Err: err}
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

// add adds an error, if it is one.
func (e *heldError) add(err error) {
	if err != nil {
		*e = append(*e, err)
	}
}
