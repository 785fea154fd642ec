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
// Each read goes through the file several times: to see that it is whole, to learn which name belongs to which record,
// and to give the records. So nothing is given of a file that is damaged, cut off or changed meanwhile. What is
// kept meanwhile does not grow with the file, as with a [Source].
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
	if _, err := s.rules(ctx); err != nil {
		return fmt.Errorf("ldapsource: %w", err)
	}
	return nil
}

// Records gives the records of a kind in the order of the file. A record whose entry has no ID, or the ID of another
// one, is a [provisioning.RecordError] with its line.
func (s *LDIF) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if err := s.records(ctx, kind, yield); err != nil && !errors.Is(err, errLeft) {
			yield(nil, fmt.Errorf("ldapsource: reading %s records: %w", kind, err))
		}
	}
}

func (s *LDIF) records(ctx context.Context, kind provisioning.Kind, yield func(*provisioning.Record, error) bool) error {
	r, err := s.rules(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(r.order, kind) {
		return fmt.Errorf("no filter says which entries are of kind %s: %w", kind, errors.ErrUnsupported)
	}
	shape := newShape(r, &s.options, kind)
	view, err := newView(&s.options, r, &s.scope, keepsNames|keepsIDs, true, func(kinds []int, _ []string, f func(*entry.Entry, int) error) error {
		return s.entries(ctx, r, kinds, f)
	})
	if err != nil {
		return err
	}
	defer view.close()
	var name []byte
	shape.resolve = func(to *Reference, value string, id []byte) (provisioning.Kind, []byte, bool) {
		if to.By != "" {
			return view.index.find(view.index.valueKey(to.By, value), id)
		}
		if name, err = dn.Append(name[:0], to.nameOf(value).name); err != nil {
			return "", id, false
		}
		return view.index.find(view.index.key(name), id)
	}
	k := r.kindNumber(kind)
	return s.entries(ctx, r, []int{k}, func(e *entry.Entry, _ int) error {
		if !view.holds(e, k) {
			return nil
		}
		rec, err := s.record(e, k, shape, view)
		shape.forget()
		if broken := view.err(); broken != nil {
			return broken
		}
		if one := (*provisioning.RecordError)(nil); err != nil && !errors.As(err, &one) {
			return err
		}
		if !yield(rec, err) {
			return errLeft
		}
		return nil
	})
}

// record makes a record, or an error that concerns it alone.
func (s *LDIF) record(e *entry.Entry, k int, shape *shape, view *view) (*provisioning.Record, error) {
	bad := func(id provisioning.ID, err error) (*provisioning.Record, error) {
		return nil, &provisioning.RecordError{Ref: provisioning.Ref{Kind: shape.kind, ID: id}, Where: fmt.Sprintf("line %d", e.Line), Err: err}
	}
	id, err := shape.id(e)
	if err != nil {
		return bad("", err)
	}
	if byID, byName := view.index.twice(view.form, k, id); byID || byName {
		return bad(id, fmt.Errorf("another entry of the file has the same %s or the same name; were two exports put together?", shape.ID))
	}
	if ref, ok := view.index.ref(view.index.key(view.form)); !ok || ref.ID != id {
		return nil, errors.New("the LDIF file changed while it was read; read it again")
	}
	rec, err := shape.record(e, id)
	if err != nil {
		return bad(id, err)
	}
	if err := view.finish(rec, e); err != nil {
		return nil, err
	}
	return rec, nil
}

// entries gives the entries of some kinds to f.
func (s *LDIF) entries(ctx context.Context, r *rules, kinds []int, f func(*entry.Entry, int) error) error {
	var form []byte
	return s.read(ctx, true, func(e *entry.Entry) error {
		var err error
		if form, err = dn.Append(form[:0], e.DN); err != nil {
			return &ldif.LineError{Line: e.Line, Err: fmt.Errorf("%w: %w", ErrSyntax, err)}
		}
		if k, ok := r.kindOf(e); ok && slices.Contains(kinds, k) {
			return f(e, k)
		}
		return nil
	})
}

// read gives each entry of the file to f, until that has an error. Whole says that all of them are wanted, so that it
// pays to read on while f works.
func (s *LDIF) read(ctx context.Context, whole bool, f func(e *entry.Entry) error) error {
	file, err := s.open()
	if err != nil {
		return fmt.Errorf("opening the LDIF file: %w", err)
	}
	defer file.Close()
	in := ldif.NewReader(file, ldif.Limits{Value: s.options.MaxValue, OpenEnd: s.options.AllowOpenEnd})
	next := in.Next
	if whole {
		ahead := ldif.NewAhead(in)
		defer ahead.Close()
		next = ahead.Next
	}
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading the LDIF file: %w", err)
		}
		e, err := next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the LDIF file: %w", err)
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// rules gives the dialect: the one that was named, or that of the first identifier in the file.
func (s *LDIF) rules(ctx context.Context) (*rules, error) {
	d := s.options.Dialect
	if d == nil {
		known := []*Dialect{ActiveDirectory(), DirectoryServer389(), OpenLDAP()}
		err := s.read(ctx, false, func(e *entry.Entry) error {
			for _, candidate := range known {
				if e.Has(candidate.ID) {
					d = candidate
					return errLeft
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errLeft) {
			return nil, err
		}
		if d == nil {
			return nil, fmt.Errorf("%w: no entry has objectGUID, entryUUID or nsUniqueId; export it with that attribute", errNoID)
		}
	}
	return d.check(s.options.Filters)
}

var (
	_ provisioning.Source = (*LDIF)(nil)
	_ provisioning.Pinger = (*LDIF)(nil)
)
