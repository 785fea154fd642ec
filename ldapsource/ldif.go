package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/ldapsource/internal/ldif"
	"github.com/ilumy/usersync/provisioning"
)

// LDIF is a [provisioning.Source] of a file of entries (RFC 2849), as ldapsearch, ldifde and slapcat write it.
//
// Each read goes through the file twice: once to see that it is whole and to learn which name belongs to which record,
// and once to give the records. So nothing is given of a file that is damaged, cut off or changed meanwhile.
// Memory goes to the names alone: some 70 bytes a record.
type LDIF struct {
	open    func() (io.ReadCloser, error)
	options Options
	scope   scope
}

// NewLDIF makes a source of what open opens, again for every pass over it. Nothing is read yet.
func NewLDIF(open func() (io.ReadCloser, error), o *Options) (*LDIF, error) {
	s := &LDIF{open: open}
	if o != nil {
		s.options = *o
	}
	d := s.options.Dialect
	if d == nil {
		d = ActiveDirectory() // only to see that the filters are well formed
	}
	r, err := d.check(s.options.Filters)
	if err != nil {
		return nil, err
	}
	for _, f := range r.kinds {
		if err := f.Local(); err != nil {
			return nil, fmt.Errorf("ldapsource: %w", err)
		}
	}
	s.scope, err = s.options.scope()
	return s, err
}

// OpenLDIF makes a source of a file. The file must be there, and is opened anew for every read.
func OpenLDIF(path string, o *Options) (*LDIF, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("ldapsource: LDIF file: %w", err)
	}
	return NewLDIF(func() (io.ReadCloser, error) { return os.Open(path) }, o)
}

// Ping sees that the file can be opened and starts as LDIF does.
func (s *LDIF) Ping(ctx context.Context) error {
	_, err := s.rules(ctx)
	return err
}

// Records gives the records of a kind in the order of the file. A record whose entry has no ID, or the ID of another
// one, is a [provisioning.RecordError] with its line.
func (s *LDIF) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if err := s.records(ctx, kind, yield); err != nil {
			yield(nil, err)
		}
	}
}

func (s *LDIF) records(ctx context.Context, kind provisioning.Kind, yield func(*provisioning.Record, error) bool) error {
	r, err := s.rules(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(r.order, kind) {
		return fmt.Errorf("ldapsource: no filter says which entries are of kind %s: %w", kind, errors.ErrUnsupported)
	}
	x, err := s.index(ctx, r)
	if err != nil {
		return err
	}
	shape := newShape(r, &s.options, kind)
	shape.resolve = x.resolver()
	return s.entries(ctx, r, func(e *entry.Entry, form []byte, k int) (bool, error) {
		if r.order[k] != kind {
			return true, nil
		}
		bad := func(id provisioning.ID, err error) (bool, error) {
			return yield(nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: kind, ID: id}, Where: fmt.Sprintf("line %d", e.Line), Err: err}), nil
		}
		id, err := r.id(e)
		if err != nil {
			return bad("", err)
		}
		if byID, byName := x.twice(form, k, id); byID || byName {
			return bad(id, fmt.Errorf("another entry of the file has the same %s or the same name; were two exports put together?", r.ID))
		}
		if ref, ok := x.find(form); !ok || ref.ID != id {
			return false, errors.New("ldapsource: the LDIF file changed while it was read; read it again")
		}
		rec, err := shape.record(e, id)
		if err != nil {
			return bad(id, err)
		}
		return yield(rec, nil), nil
	})
}

// index goes through the whole file.
func (s *LDIF) index(ctx context.Context, r *rules) (*index, error) {
	x := newIndex(r.order)
	return x, s.entries(ctx, r, func(e *entry.Entry, form []byte, kind int) (bool, error) {
		if id, err := r.id(e); err == nil {
			x.add(form, kind, id)
		}
		return true, nil
	})
}

// entries calls f for each entry in scope, until it says no.
func (s *LDIF) entries(ctx context.Context, r *rules, f func(e *entry.Entry, form []byte, kind int) (bool, error)) error {
	var form []byte
	return s.read(ctx, func(e *entry.Entry) (bool, error) {
		var err error
		if form, err = dn.Append(form[:0], e.DN); err != nil {
			return false, &ldif.LineError{Line: e.Line, Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
		}
		kind, ok := r.kindOf(e)
		if !ok || !s.scope.holds(form) {
			return true, nil
		}
		return f(e, form, kind)
	})
}

// read calls f for each entry of the file, until it says no.
func (s *LDIF) read(ctx context.Context, f func(e *entry.Entry) (bool, error)) error {
	file, err := s.open()
	if err != nil {
		return fmt.Errorf("ldapsource: opening the LDIF file: %w", err)
	}
	defer file.Close()
	in := ldif.NewReader(file, ldif.Limits{Value: s.options.MaxValue, OpenEnd: s.options.AllowOpenEnd})
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ldapsource: reading the LDIF file: %w", err)
		}
		e, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("ldapsource: reading the LDIF file: %w", err)
		}
		if ok, err := f(e); !ok {
			return err
		}
	}
}

// rules gives the dialect: the one that was named, or that of the first identifier in the file.
func (s *LDIF) rules(ctx context.Context) (*rules, error) {
	d := s.options.Dialect
	if d == nil {
		known := []*Dialect{ActiveDirectory(), DirectoryServer389(), OpenLDAP()}
		err := s.read(ctx, func(e *entry.Entry) (bool, error) {
			for _, candidate := range known {
				if e.Has(candidate.ID) {
					d = candidate
				}
			}
			return d == nil, nil
		})
		if err != nil {
			return nil, err
		}
		if d == nil {
			return nil, fmt.Errorf("ldapsource: %w: no entry has objectGUID, entryUUID or nsUniqueId; export it with that attribute", errNoID)
		}
	}
	return d.check(s.options.Filters)
}

var (
	_ provisioning.Source = (*LDIF)(nil)
	_ provisioning.Pinger = (*LDIF)(nil)
)
