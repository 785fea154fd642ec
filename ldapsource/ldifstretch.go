package ldapsource

import (
	"errors"
	"fmt"
	"io"

	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/ldif"
)

// A stretch is the part of a proved file that has all entries of some kinds: the users, where the groups come after them. Of what
// lies before and after it a later pass needs the bytes alone, to see that they are the proved ones.
type stretch struct {
	first, last entry.Place
	any         bool // there are entries
}

// take widens the stretch by an entry.
func (s *stretch) take(at entry.Place) {
	if !s.any || at.Offset < s.first.Offset {
		s.first = at
	}
	if !s.any || at.Offset > s.last.Offset {
		s.last = at
	}
	s.any = true
}

// note remembers where an entry of a kind starts, in the pass that proves the file.
func (p *proof) note(kind int, at entry.Place) {
	if p.stretches == nil {
		p.stretches = map[int]*stretch{}
	}
	if p.stretches[kind] == nil {
		p.stretches[kind] = &stretch{}
	}
	p.stretches[kind].take(at)
}

// stretch gives that of some kinds; nil while the file is not proved.
func (p *proof) stretch(kinds []int) *stretch {
	if !p.whole {
		return nil
	}
	all := &stretch{}
	for _, k := range kinds {
		if s := p.stretches[k]; s != nil {
			all.take(s.first)
			all.take(s.last)
		}
	}
	return all
}

// A passage reads a file that was proved, or is to be.
type passage struct {
	bytes io.Reader // of the file, each of which is counted in its sum
	only  *stretch  // nil: all of it
	ahead *ldif.Ahead
	ended bool // the last entry of the stretch was given
}

// begin starts reading ahead, where the entries are that are wanted.
func (p *passage) begin(in *ldif.Reader) error {
	if p.only != nil {
		if _, err := io.CopyN(io.Discard, p.bytes, p.only.first.Offset); errors.Is(err, io.EOF) {
			return errChanged
		} else if err != nil {
			return fmt.Errorf("reading the LDIF file: %w", err)
		}
		in.From(p.only.first)
		p.ended = !p.only.any
	}
	p.ahead = ldif.NewAhead(in)
	return nil
}

// next gives an entry, and io.EOF when all bytes were read.
func (p *passage) next() (*entry.Entry, error) {
	if p.ended {
		p.close()
		if _, err := io.Copy(io.Discard, p.bytes); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}
	e, err := p.ahead.Next()
	if p.only == nil {
		return e, err
	}
	if err != nil && errors.As(err, new(*ldif.LineError)) {
		return nil, errChanged // It was proved that there is no such line.
	}
	p.ended = err == nil && e.Start.Offset >= p.only.last.Offset
	return e, err
}

// close ends the reading ahead. Nothing is read from the file any more when it returns.
func (p *passage) close() {
	if p.ahead != nil {
		p.ahead.Close()
		p.ahead = nil
	}
}
