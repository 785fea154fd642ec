package ldapsource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/ilumy/usersync/ldapsource/internal/dn"
	"github.com/ilumy/usersync/ldapsource/internal/entry"
	"github.com/ilumy/usersync/provisioning"
)

// LDIF is a [provisioning.Source] of a file of entries (RFC 2849), as ldapsearch, ldifde and slapcat write it.
//
// A file is proved before anything of it is given: read to its end, to see that it is whole and to learn which name belongs
// to which record. Each read of a kind then goes through it once more, and ends in [ErrIncomplete] when the bytes (by
// SHA-256) are not those that were proved. So nothing is given of a file that is damaged or cut off, and of one that
// changes meanwhile no read is complete. What is known of the file serves later reads too, for a minute, as long as it
// is the same file of the same size and time, or has the same bytes. It does not grow with the file, as with a [Source].
type LDIF struct {
	open    func() (io.ReadCloser, error)
	name    string // of the file, for errors
	options Options
	scope   scope

	mu     sync.Mutex
	kept   *proof // of the last read, for the next one
	expiry *time.Timer
}

// NewLDIF makes a source of what open opens, again for every pass over it. Nothing is read yet. Where that is a file, which
// has the method Stat as [os.File] has, later reads tell by it that the file is the same; otherwise they read all
// of it for that.
func NewLDIF(open func() (io.ReadCloser, error), o *Options) (*LDIF, error) {
	s := &LDIF{open: open, name: "the LDIF file"}
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
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, fmt.Errorf("ldapsource: LDIF file: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("ldapsource: LDIF file: %s is no regular file, which can be read more than once", path)
	}
	s, err := NewLDIF(func() (io.ReadCloser, error) { return os.Open(path) }, o)
	if err != nil {
		return nil, err
	}
	s.name = path
	return s, nil
}

// Ping sees that the file can be opened and starts as LDIF does.
func (s *LDIF) Ping(ctx context.Context) error {
	if _, err := s.rules(ctx); err != nil {
		return fmt.Errorf("ldapsource: reading %s: %w", s.name, err)
	}
	return nil
}

// Close forgets what is known of the file, and removes what of that is in temporary files. It is forgotten by itself a
// minute after the last read. The source may be used again.
func (s *LDIF) Close() error {
	if p := s.takeKept(); p != nil {
		p.view.close()
	}
	return nil
}

// Records gives the records of a kind in the order of the file. A record whose entry has no ID, or the ID of another
// one, is a [provisioning.RecordError] with its line.
func (s *LDIF) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if err := s.records(ctx, kind, yield); err != nil && !errors.Is(err, errLeft) {
			yield(nil, fmt.Errorf("ldapsource: reading %s records of %s: %w", kind, s.name, err))
		}
	}
}

func (s *LDIF) records(ctx context.Context, kind provisioning.Kind, yield func(*provisioning.Record, error) bool) (err error) {
	p, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer func() { s.keep(p, err) }()
	r := p.rules
	if !slices.Contains(r.order, kind) {
		return fmt.Errorf("no filter says which entries are of kind %s: %w", kind, errors.ErrUnsupported)
	}
	if err := s.prove(ctx, p); err != nil {
		return err
	}
	shape, view := newShape(r, &s.options, kind), p.view
	var name []byte
	shape.resolve = func(to *Reference, value string, id []byte) (provisioning.Kind, []byte, bool) {
		if to.By != "" {
			return view.index.find(view.index.valueKey(to.By, value), id)
		}
		var err error
		if name, err = dn.Append(name[:0], to.nameOf(value).name); err != nil {
			return "", id, false
		}
		return view.index.find(view.index.key(name), id)
	}
	var attributes []string
	if !shape.all {
		attributes = append(shape.attributes(), r.by...)
	}
	k := r.kindNumber(kind)
	return s.entries(ctx, p, []int{k}, attributes, func(e *entry.Entry, _ int) error {
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
		return nil, errChanged
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

// rules gives the dialect: the one that was named, or that of the first identifier in the file.
func (s *LDIF) rules(ctx context.Context) (*rules, error) {
	d := s.options.Dialect
	if d == nil {
		empty := true
		err := s.read(ctx, nil, nil, nil, func(e *entry.Entry) error {
			empty = false
			if d = recognise(e); d != nil {
				return errLeft
			}
			return nil
		})
		if err != nil && !errors.Is(err, errLeft) {
			return nil, err
		}
		if d == nil && empty {
			return nil, errors.New("it has no entries; see that the export was made, and that its filter finds somebody")
		}
		if d == nil {
			return nil, fmt.Errorf("%w: no entry has objectGUID, entryUUID or nsUniqueId; export it with that attribute", errNoID)
		}
	}
	return d.check(s.options.Filters)
}

// identifiers are the attributes by which recognise tells dialects apart.
func identifiers() []string { return []string{"objectGUID", "nsUniqueId", "entryUUID"} }

// recognise tells by its identifier which dialect an entry is of; nil when it has none.
func recognise(e *entry.Entry) *Dialect {
	for i, name := range identifiers() {
		if e.Has(name) {
			return []func() *Dialect{ActiveDirectory, DirectoryServer389, OpenLDAP}[i]()
		}
	}
	return nil
}

var (
	_ provisioning.Source = (*LDIF)(nil)
	_ provisioning.Pinger = (*LDIF)(nil)
	_ io.Closer           = (*LDIF)(nil)
)
