package filter

import "fmt"

// Options say how a filter or path is read. Nil is the default.
type Options struct {
	// Strict refuses what RFC 7644 does not have: values without quotes, True for true, a comparison
	// after a value filter.
	Strict bool
	// Tolerated is called for each such form that was taken, with its byte offset.
	Tolerated func(d Deviation, offset int)
	// MaxLength is the length in bytes; 8 KiB unless told.
	MaxLength int
	// MaxDepth is how deep parentheses and value filters may nest; 32.
	MaxDepth int
	// MaxTerms is the number of comparisons; 200.
	MaxTerms int
}

// A Deviation is a form that RFC 7644 does not have.
type Deviation uint8

const (
	// Unquoted is a string without quotes, or True for true: externalId eq jyoung.
	Unquoted Deviation = iota
	// ComparedValuePath is a comparison after a value filter: emails[type eq "work"].value eq "x".
	ComparedValuePath
)

// A SyntaxError says what is wrong with a filter or path, and where.
type SyntaxError struct {
	// Offset is the byte, from 0, at which it was seen.
	Offset int
	// Message says what was expected. It does not repeat the filter, which may hold personal data.
	Message string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at character %d: %s", e.Offset+1, e.Message)
}
