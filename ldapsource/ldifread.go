package ldapsource

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/ldif"
)

// entries gives the entries of some kinds to f, with these attributes, or all when they are nil.
func (s *LDIF) entries(ctx context.Context, p *proof, kinds []int, attributes []string, f func(*entry.Entry, int) error) error {
	r := p.rules
	if attributes != nil {
		attributes = slices.Clone(attributes)
		for _, f := range r.kinds {
			attributes = append(attributes, f.Attributes()...)
		}
		if !p.recognised {
			attributes = append(attributes, identifiers()...)
		}
	}
	var form []byte
	return s.read(ctx, p, p.stretch(kinds), attributes, func(e *entry.Entry) error {
		if !p.whole { // what is the same later needs no second look
			var err error
			if form, err = dn.Append(form[:0], e.DN); err != nil {
				return &ldif.LineError{Line: e.Line, Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
			}
		}
		if !p.recognised {
			if d := recognise(e); d != nil {
				if p.recognised = d.ID == r.ID; !p.recognised {
					return errChanged
				}
			}
		}
		k, ok := r.kindOf(e)
		if ok && !p.whole {
			p.note(k, e.Start)
		}
		if ok && slices.Contains(kinds, k) {
			return f(e, k)
		}
		return nil
	})
}

// read gives each entry of the file to f, until that has an error. With a proof it reads ahead, since all of them are
// wanted, and at the end it sees that the bytes are the proved ones, or makes them so when the file was not read before. With a
// stretch it gives only what is in that.
func (s *LDIF) read(ctx context.Context, p *proof, only *stretch, attributes []string, f func(e *entry.Entry) error) error {
	file, info, err := s.openFile()
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	bytes := io.TeeReader(untilDone{ctx, file}, sum)
	in := ldif.NewReader(bytes, ldif.Limits{Value: s.options.MaxValue, OpenEnd: s.options.AllowOpenEnd})
	if attributes != nil {
		in.Only(attributes)
	}
	next := in.Next
	if p != nil {
		if p.whole && p.info != nil && !sameFile(info, p.info) {
			if same, err := s.still(ctx, p); err != nil || !same {
				return cmp.Or(err, errChanged)
			}
		}
		if !p.whole {
			p.info = info
		}
		way := &passage{bytes: bytes, only: only}
		if err := way.begin(in); err != nil {
			return err
		}
		defer way.close()
		next = way.next
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := next()
		if err == io.EOF {
			return p.end([sha256.Size]byte(sum.Sum(nil)))
		}
		if err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// end takes what a pass over the whole file has read.
func (p *proof) end(sum [sha256.Size]byte) error {
	switch {
	case p == nil:
	case !p.whole:
		p.whole, p.sum = true, sum
	case p.sum != sum:
		return errChanged
	}
	return nil
}
