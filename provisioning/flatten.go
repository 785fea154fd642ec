package provisioning

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A flattener turns nested references into flat ones: where a record refers to others of its own kind, as a group to
// groups, it gets what these refer to, however deep and whatever circles there are.
type flattener struct {
	kind    Kind
	names   []string
	records []*Record
	byID    map[ID]*Record
	broken  map[ID]bool // records that could not be read, or came twice
	blind   bool        // one of them did not tell its ID
}

func newFlattener(kind Kind, names []string) *flattener {
	return &flattener{kind: kind, names: names, byID: map[ID]*Record{}, broken: map[ID]bool{}}
}

// pass takes what a source gave if it may have to be flattened, and reports whether it did.
func (f *flattener) pass(r *Record, err error) bool {
	if err != nil {
		var re *RecordError
		if errors.As(err, &re) {
			f.broken[re.Ref.ID] = true
			f.blind = f.blind || re.Ref.ID == ""
		}
		return false
	}
	if r == nil {
		return false
	}
	for _, name := range f.names {
		if _, ok := r.Refs[name]; ok && r.ID != "" {
			f.broken[r.ID] = f.broken[r.ID] || f.byID[r.ID] != nil // Which of the two it is nobody can tell.
			f.records = append(f.records, r)
			f.byID[r.ID] = r
			return true
		}
	}
	return false
}

// flat gives what a record refers to when those of its own kind are replaced by what they refer to. An error says
// that this is not known, so that nothing must be removed because of it.
func (f *flattener) flat(r *Record, name string) ([]Ref, error) {
	seen := map[Ref]bool{r.Ref(): true}
	flat := []Ref{}
	open := slices.Clone(r.Refs[name])
	for len(open) > 0 {
		ref := open[0]
		open = open[1:]
		if seen[ref] {
			continue
		}
		seen[ref] = true
		nested := f.byID[ref.ID]
		switch {
		case ref.Kind != f.kind:
			flat = append(flat, ref)
		case nested != nil && !f.broken[ref.ID]:
			open = append(open, nested.Refs[name]...)
		case f.broken[ref.ID] || f.blind:
			return nil, fmt.Errorf("its %s include %s, which cannot be read", name, ref)
		}
	}
	return flat, nil
}

// each gives every record that was kept, flattened, or the reason why it cannot be.
func (f *flattener) each(yield func(*Record, error) error) error {
	flat := make([]Refs, len(f.records))
	errs := make([]error, len(f.records))
	for i, r := range f.records {
		flat[i] = Refs{}
		for _, name := range f.names {
			if _, ok := r.Refs[name]; !ok {
				continue
			}
			refs, err := f.flat(r, name)
			if err != nil {
				errs[i] = &RecordError{Ref: r.Ref(), Err: err}
			}
			flat[i][name] = refs
		}
	}
	for i, r := range f.records {
		for name, refs := range flat[i] {
			r.Refs[name] = refs
		}
		if errs[i] != nil {
			r = nil
		}
		if err := yield(r, errs[i]); err != nil {
			return err
		}
	}
	return nil
}

// readNested reads what the records that were kept refer to, when that is of their own kind: the whole kind, for how deep it goes
// is not known before.
func (r *Reconciler) readNested(ctx context.Context, f *flattener) error {
	if !slices.ContainsFunc(f.records, f.nests) {
		return nil
	}
	all := newFlattener(f.kind, f.names)
	for src, err := range r.reading(ctx, "source", f.kind, r.source.Records) {
		if err != nil && !errors.As(err, new(*RecordError)) {
			return err
		}
		all.pass(src, err)
	}
	maps.Copy(all.byID, f.byID) // as they were read
	f.byID, f.broken, f.blind = all.byID, all.broken, all.blind
	return nil
}

// nests reports whether a record refers to others of its kind.
func (f *flattener) nests(r *Record) bool {
	return slices.ContainsFunc(f.names, func(name string) bool {
		return slices.ContainsFunc(r.Refs[name], func(ref Ref) bool { return ref.Kind == f.kind })
	})
}
