// Package ldif reads content records of LDIF files (RFC 2849), a file of any size in little memory.
package ldif

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// Classes of errors. All others come from the reader below.
var (
	// ErrSyntax says that the file is damaged or no LDIF.
	ErrSyntax = errors.New("not LDIF")
	// ErrTruncated says that the file ends before its content does.
	ErrTruncated = errors.New("the file is cut off")
	// ErrTooLarge says that a record or a line is larger than allowed.
	ErrTooLarge = errors.New("too large")
)

// A LineError is an error with its place.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// Limits bound what one record may take. Zero means the default.
type Limits struct {
	// Value is the size of one value in bytes, as written: 16 MiB.
	Value int
	// Record is the size of all values of a record in bytes: 256 MiB.
	Record int
	// OpenEnd takes a file whose last record is not followed by an empty line for whole.
	OpenEnd bool
}

// A Reader gives the entries of a file one by one.
type Reader struct {
	in     *bufio.Reader
	limits Limits
	line   int         // the number of the physical line last read
	read   int64       // the bytes of the lines that were read
	start  entry.Place // of the logical line
	long   []byte      // an unfolded line that did not fit the buffer

	entry   entry.Entry
	text    []byte // the DN, names and values of the record being read, one after another
	spans   []span
	values  []string
	scratch []byte
	size    int             // of the record, what is left out included
	only    map[string]bool // the lower-case names of what is given; nil: everything
	known   map[string]*spelling
	last    *spelling // of the line before

	entries int
	trailer trailer
	err     error
}

// spelling is one of an attribute's name.
type spelling struct {
	name  string
	given bool
	next  *spelling // came after it the last time, which makes it likely that it does so again
}

// span is a name and a value in text.
type span struct{ name, value, end int }

// NewReader reads from r.
func NewReader(r io.Reader, limits Limits) *Reader {
	if limits.Value <= 0 {
		limits.Value = 16 << 20
	}
	if limits.Record <= 0 {
		limits.Record = 256 << 20
	}
	return &Reader{in: bufio.NewReaderSize(r, 64<<10), limits: limits}
}

// From says that what is read is the rest of a file, from the beginning of an entry on.
func (r *Reader) From(p entry.Place) { r.read, r.line = p.Offset, p.Lines }

// Only leaves out all attributes but these, whatever their case, and those that came in parts (";range="). What is left
// out is read and judged all the same.
func (r *Reader) Only(names []string) {
	r.only, r.known, r.last = map[string]bool{}, map[string]*spelling{}, &spelling{}
	for _, name := range names {
		r.only[strings.ToLower(name)] = true
	}
}

// gives reports whether an attribute is given.
func (r *Reader) gives(name []byte) bool {
	if r.only == nil {
		return true
	}
	next := r.last.next
	if next == nil || next.name != string(name) {
		if next = r.known[string(name)]; next == nil {
			lower := strings.ToLower(string(name))
			next = &spelling{name: string(name), given: r.only[lower] || strings.Contains(lower, ";range=")}
			if len(r.known) == 10_000 { // a schema has fewer; a broken file may have more, which are not kept
				r.last = next
				return next.given
			}
			r.known[next.name] = next
		}
		r.last.next = next
	}
	r.last = next
	return next.given
}

// Next gives the next entry, valid until the next call, though its strings stay. At the end of a file that
// is whole it gives io.EOF; every other error says that the file was not read to its end.
func (r *Reader) Next() (*entry.Entry, error) {
	if r.err != nil {
		return nil, r.err
	}
	for {
		ok, err := r.record()
		if err != nil {
			r.err = err
			return nil, err
		}
		if ok {
			r.entries++
			return &r.entry, nil
		}
	}
}

// record reads up to the end of a record. It gives false for one that holds no entry.
func (r *Reader) record() (bool, error) {
	r.text, r.spans, r.size = r.text[:0], r.spans[:0], 0
	r.entry.Line = 0
	for {
		line, err := r.logical()
		if err == io.EOF {
			return r.finish()
		}
		if err != nil {
			return false, err
		}
		switch {
		case len(line) == 0:
			if r.entry.Line != 0 {
				return r.build()
			}
		case line[0] == '#':
			if err := r.trailer.comment(line); err != nil {
				return false, r.wrap(err)
			}
		default:
			if err := r.attribute(line); err != nil {
				return false, r.wrap(err)
			}
		}
	}
}

// finish judges the end of the file.
func (r *Reader) finish() (bool, error) {
	if r.entry.Line != 0 {
		if !r.limits.OpenEnd {
			return false, &LineError{r.line, fmt.Errorf("%w: no empty line stands after the last record, "+
				"which starts at line %d; export it again, or add the line if the file is whole", ErrTruncated, r.entry.Line)}
		}
		return r.build()
	}
	if err := r.trailer.end(r.entries); err != nil {
		return false, r.wrap(err)
	}
	return false, io.EOF
}

func (r *Reader) wrap(err error) error { return &LineError{r.line, err} }

// attribute takes one logical line "name: value" into the record.
func (r *Reader) attribute(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return fmt.Errorf("%w: a line without \"attribute:\"", ErrSyntax)
	}
	name, value := line[:colon], line[colon+1:]
	if !isDescription(name) {
		return fmt.Errorf("%w: what stands before the colon is no attribute name", ErrSyntax)
	}
	encoded := len(value) > 0 && value[0] == ':'
	if !encoded && len(value) > 0 && value[0] == '<' {
		return fmt.Errorf("%w: %s is given by a URL, which is not followed; export the value itself", ErrSyntax, name)
	}
	if encoded {
		value = value[1:]
	}
	value = bytes.TrimLeft(value, " ")
	if r.entry.Line == 0 {
		return r.first(name, value, encoded)
	}
	if equalFold(name, "dn") {
		return fmt.Errorf("%w: a dn inside the record that starts at line %d; an empty line is missing", ErrSyntax, r.entry.Line)
	}
	if equalFold(name, "changetype") {
		if !encoded && equalFold(value, "add") { // as ldifde writes it, content all the same
			return nil
		}
		return fmt.Errorf("%w: the file holds changes, not content", ErrSyntax)
	}
	if equalFold(name, "control") {
		return fmt.Errorf("%w: the file holds requests, not content", ErrSyntax)
	}
	return r.add(name, value, encoded)
}

// first takes the line that starts a record, or stands outside of one.
func (r *Reader) first(name, value []byte, encoded bool) error {
	switch {
	case equalFold(name, "dn"):
		r.entry.Line, r.entry.Start = r.line, r.start
		return r.add(name, value, encoded)
	case equalFold(name, "version"):
		if string(value) != "1" {
			return fmt.Errorf("%w: version %.10q, where only 1 is known (RFC 2849)", ErrSyntax, value)
		}
		return nil
	case equalFold(name, "search"), equalFold(name, "result"), equalFold(name, "ref"), equalFold(name, "pagedresults"),
		equalFold(name, "control"), equalFold(name, "text"), equalFold(name, "matchedDN"):
		return r.trailer.field(string(name), value)
	}
	return fmt.Errorf("%w: a record that does not start with \"dn:\"", ErrSyntax)
}

// add appends a name and a decoded value, or only counts them when they are left out.
func (r *Reader) add(name, value []byte, encoded bool) error {
	given := len(r.spans) == 0 || r.gives(name) // the first is the DN
	s := span{name: len(r.text)}
	size := len(name) + len(value)
	if encoded || given {
		r.text = append(r.text, name...)
		s.value = len(r.text)
	}
	if encoded {
		n := base64.StdEncoding.DecodedLen(len(value))
		r.text = slices.Grow(r.text, n)[:s.value+n]
		n, err := base64.StdEncoding.Strict().Decode(r.text[s.value:], value)
		if err != nil {
			return fmt.Errorf("%w: the value of %s is not base64", ErrSyntax, name)
		}
		r.text, size = r.text[:s.value+n], len(name)+n
	} else if given {
		r.text = append(r.text, value...)
	}
	if r.size += size; r.size > r.limits.Record {
		return fmt.Errorf("the record that starts at line %d is %w: more than %d bytes", r.entry.Line, ErrTooLarge, r.limits.Record)
	}
	if !given {
		r.text = r.text[:s.name]
		return nil
	}
	s.end = len(r.text)
	r.spans = append(r.spans, s)
	return nil
}

// build makes the entry: one string for all of it, and values of one name together.
func (r *Reader) build() (bool, error) {
	text := string(r.text)
	e := &r.entry
	e.DN = text[r.spans[0].value:r.spans[0].end]
	e.Attributes = e.Attributes[:0]
	r.values = slices.Grow(r.values[:0], len(r.spans))
	for _, s := range r.spans[1:] {
		name, value := text[s.name:s.value], text[s.value:s.end]
		if n := len(e.Attributes); n > 0 && e.Attributes[n-1].Name == name {
			last := &e.Attributes[n-1]
			r.values = append(r.values, value)
			last.Values = r.values[len(r.values)-len(last.Values)-1 : len(r.values) : len(r.values)]
			continue
		}
		if i := indexName(e.Attributes, name); i >= 0 {
			e.Attributes[i].Values = append(e.Attributes[i].Values, value)
			continue
		}
		r.values = append(r.values, value)
		e.Attributes = append(e.Attributes, entry.Attribute{Name: name, Values: r.values[len(r.values)-1 : len(r.values) : len(r.values)]})
	}
	return true, nil
}

func indexName(attributes []entry.Attribute, name string) int {
	for i := range attributes {
		if len(attributes[i].Name) == len(name) && equalFold([]byte(attributes[i].Name), name) {
			return i
		}
	}
	return -1
}
