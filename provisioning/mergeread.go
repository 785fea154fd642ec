package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// A reading is what one iteration has read of the parts.
type reading struct {
	m      *Merged
	keys   []map[Ref]ID // by part, the keys of its records
	pieces map[ID][]*Record
	order  []ID
	bad    []error
	broken map[ID]error
	// blind are, by part, the kinds of which a record could not be read, so that its key is not known.
	blind []map[Kind]bool
}

// read reads all parts.
func (r *reading) read(ctx context.Context, kind Kind) error {
	r.keys, r.blind = make([]map[Ref]ID, len(r.m.parts)), make([]map[Kind]bool, len(r.m.parts))
	has := false
	others := map[Kind]bool{}
	for i, p := range r.m.parts {
		r.keys[i], r.blind[i] = map[Ref]ID{}, map[Kind]bool{}
		for rec, err := range p.records(ctx, kind) {
			if lacksKind(err) {
				break
			}
			has = true
			if err := r.take(i, kind, rec, err); err != nil {
				return fmt.Errorf("read part %s: %w", p.Name, err)
			}
			if rec != nil && p.Key != "" {
				for _, refs := range rec.Refs {
					for _, ref := range refs {
						others[ref.Kind] = true
					}
				}
			}
		}
	}
	if !has {
		for _, p := range r.m.parts {
			for _, err := range p.Source.Records(ctx, kind) {
				if err != nil {
					return fmt.Errorf("read part %s: %w", p.Name, err)
				}
				break
			}
		}
	}
	delete(others, kind)
	return r.readKeys(ctx, others)
}

// records gives the records of a part. That it does not have the kind is its first word; later it would be the end of a
// read that is not complete.
func (p *Part) records(ctx context.Context, kind Kind) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		n := 0
		for rec, err := range p.Source.Records(ctx, kind) {
			n++
			switch {
			case n > 1 && lacksKind(err):
				err = fmt.Errorf("%s records end after %d: %s", kind, n-1, err)
			case rec == nil && err == nil:
				err = errNothing
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// readKeys learns the keys of records of other kinds, which references lead to.
func (r *reading) readKeys(ctx context.Context, kinds map[Kind]bool) error {
	for i, p := range r.m.parts {
		for kind := range kinds {
			if p.Key == "" {
				break
			}
			for rec, err := range p.records(ctx, kind) {
				var re *RecordError
				switch {
				case errors.As(err, &re):
					r.blind[i][kind] = true
				case lacksKind(err):
				case err != nil:
					return fmt.Errorf("read part %s: %w", p.Name, err)
				default:
					r.keys[i][rec.Ref()] = ID(rec.Attributes.Get(p.Key))
				}
			}
		}
	}
	return nil
}

// take takes one record of a part.
func (r *reading) take(i int, kind Kind, rec *Record, err error) error {
	p := r.m.parts[i]
	var re *RecordError
	if errors.As(err, &re) {
		if p.Key != "" {
			r.blind[i][kind] = true
			// Which person it is cannot be told without its key.
			err = &RecordError{Ref: Ref{Kind: kind}, Where: re.Where, Err: fmt.Errorf("part %s: %s: %w", p.Name, re.Ref, re.Err)}
			r.bad = append(r.bad, err)
			return nil
		}
		r.add(re.Ref.ID, i, nil)
		r.broken[re.Ref.ID] = fmt.Errorf("part %s: %w", p.Name, re.Err)
		return nil
	}
	if err != nil {
		return err
	}
	key := rec.ID
	if p.Key != "" {
		values := rec.Attributes[p.Key]
		if len(values) != 1 || values[0] == "" {
			if !p.Keyless || len(values) > 1 {
				r.bad = append(r.bad, &RecordError{Ref: Ref{Kind: kind}, Err: fmt.Errorf("part %s: %s has %d values of %s, which must name it", p.Name, rec.ID, len(values), p.Key)})
			}
			return nil
		}
		key = ID(values[0])
	}
	r.keys[i][rec.Ref()] = key
	if !r.add(key, i, rec) {
		r.broken[key] = fmt.Errorf("part %s has two records with this key", p.Name)
	}
	return nil
}

// add keeps a piece, and reports whether it is the first of its part.
func (r *reading) add(key ID, part int, rec *Record) bool {
	pieces := r.pieces[key]
	if pieces == nil {
		pieces = make([]*Record, len(r.m.parts))
		r.pieces[key] = pieces
		r.order = append(r.order, key)
	}
	if pieces[part] != nil {
		return false
	}
	pieces[part] = rec
	return true
}

// merge makes one record of its pieces; nil when no part that has it adds records. The error is a RecordError.
func (r *reading) merge(kind Kind, id ID, pieces []*Record) (*Record, error) {
	first, adds := -1, false
	for i, p := range pieces {
		if p != nil {
			if first < 0 {
				first = i
			}
			adds = adds || i == 0 || r.m.parts[i].Adds
		}
	}
	if !adds {
		return nil, nil
	}
	out := &Record{Kind: kind, ID: id, Attributes: Attributes{}}
	lead := pieces[first]
	if r.m.lead >= 0 && pieces[r.m.lead] != nil {
		lead = pieces[r.m.lead]
	}
	out.Disabled, out.ValidFrom, out.ValidUntil = lead.Disabled, lead.ValidFrom, lead.ValidUntil
	won := map[string]string{}
	for _, p := range pieces {
		if p == nil {
			continue
		}
		for name := range p.Attributes {
			if _, done := out.Attributes[name]; !done {
				r.choose(out, name, pieces, won)
			}
		}
		for name := range p.Refs {
			if _, done := out.Refs[name]; !done {
				if err := r.chooseRefs(out, name, pieces, won); err != nil {
					return nil, &RecordError{Ref: out.Ref(), Err: err}
				}
			}
		}
	}
	if r.m.opts.Won != nil {
		r.m.opts.Won(out.Ref(), won)
	}
	return out, nil
}

// choose takes the values of the first part that has some, or none when a part says that there are none.
func (r *reading) choose(out *Record, name string, pieces []*Record, won map[string]string) {
	for _, i := range r.m.precedence(name) {
		if pieces[i] == nil {
			continue
		}
		values, ok := pieces[i].Attributes[name]
		if _, before := out.Attributes[name]; !ok || before && len(values) == 0 {
			continue
		}
		out.Attributes[name] = values
		won[name] = r.m.parts[i].Name
		if len(values) > 0 {
			return
		}
	}
}

// chooseRefs takes the references of the first part that has the name, and calls them by their keys.
func (r *reading) chooseRefs(out *Record, name string, pieces []*Record, won map[string]string) error {
	for _, i := range r.m.precedence(name) {
		if pieces[i] == nil {
			continue
		}
		refs, ok := pieces[i].Refs[name]
		if !ok {
			continue
		}
		if out.Refs == nil {
			out.Refs = Refs{}
		}
		out.Refs[name] = []Ref{}
		won[name] = r.m.parts[i].Name
		for _, ref := range refs {
			if r.m.parts[i].Key != "" {
				key, known := r.keys[i][ref]
				if !known && r.blind[i][ref.Kind] {
					return fmt.Errorf("part %s: its %s include %s, which cannot be read", r.m.parts[i].Name, name, ref)
				}
				ref.ID = key
			}
			if ref.ID != "" {
				out.Refs[name] = append(out.Refs[name], ref)
			}
		}
		return nil
	}
	return nil
}
