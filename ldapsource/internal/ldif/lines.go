package ldif

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
)

// logical gives the next line with its continuations joined (RFC 2849 note 2), valid until the next
// call. The number of its last physical line is in r.line.
func (r *Reader) logical() ([]byte, error) {
	r.start = entry.Place{Offset: r.read, Lines: r.line}
	first, err := r.physical()
	if err != nil {
		return nil, err
	}
	if r.in.Buffered() == 0 { // the next look would move what first points to
		r.scratch = append(r.scratch[:0], first...)
		first = r.scratch
	}
	more, err := r.continues()
	if err != nil || !more {
		return first, err
	}
	if len(first) == 0 {
		return nil, &LineError{r.line + 1, fmt.Errorf("%w: a continuation after an empty line", ErrSyntax)}
	}
	r.scratch = append(r.scratch[:0], first...)
	for more {
		next, err := r.physical()
		if err != nil {
			return nil, err
		}
		if len(r.scratch)+len(next) > r.limits.Value {
			return nil, r.tooLong()
		}
		r.scratch = append(r.scratch, next[1:]...)
		if more, err = r.continues(); err != nil {
			return nil, err
		}
	}
	return r.scratch, nil
}

// continues looks whether the next physical line continues this one.
func (r *Reader) continues() (bool, error) {
	b, err := r.in.Peek(1)
	if err == io.EOF {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading after line %d: %w", r.line, err)
	}
	return b[0] == ' ', nil
}

// physical reads one line without its end.
func (r *Reader) physical() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	r.read += int64(len(line))
	if err == bufio.ErrBufferFull {
		r.long = append(r.long[:0], line...)
		for err == bufio.ErrBufferFull {
			line, err = r.in.ReadSlice('\n')
			r.read += int64(len(line))
			if len(r.long)+len(line) > r.limits.Value {
				r.line++
				return nil, r.tooLong()
			}
			r.long = append(r.long, line...)
		}
		line = r.long
	}
	switch {
	case err == io.EOF && len(line) == 0:
		return nil, io.EOF
	case err == io.EOF:
		return nil, &LineError{r.line + 1, fmt.Errorf("%w: it ends in the middle of a line; export it again, or copy it again", ErrTruncated)}
	case err != nil:
		return nil, fmt.Errorf("reading after line %d: %w", r.line, err)
	}
	r.line++
	line = bytes.TrimSuffix(line[:len(line)-1], []byte{'\r'})
	if r.line == 1 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	if bytes.IndexByte(line, 0) >= 0 {
		return nil, r.wrap(fmt.Errorf("%w: it holds a zero byte; is it UTF-16? Save it as UTF-8", ErrSyntax))
	}
	return line, nil
}

func (r *Reader) tooLong() error {
	return r.wrap(fmt.Errorf("the value is %w: more than %d bytes; leave the attribute out of the export, or raise the limit",
		ErrTooLarge, r.limits.Value))
}

// isDescription reports whether b is an attribute name with options (RFC 4512 section 2.5).
func isDescription(b []byte) bool {
	for i, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case i > 0 && (c == '-' || c == ';' || c == '.' || c == '_' || c == '='):
		default:
			return false
		}
	}
	return len(b) > 0
}

// equalFold compares ASCII whatever its case.
func equalFold[A []byte | string](a A, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(b) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}
