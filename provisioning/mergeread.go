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
	keys   []*partKeys // by part
	pieces map[ID][]*Record
	order  []ID
	bad    []error
	broken map[ID]error
}

// read reads all parts.
func (r *reading) read(ctx context.Context, kind Kind) error {
	r.keys = make([]*partKeys, len(r.m.parts))
	has := false
	others := map[Kind]bool{}
	for i, p := range r.m.parts {
		r.keys[i] = newPartKeys()
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

// take takes one record of a part.
func (r *reading) take(i int, kind Kind, rec *Record, err error) error {
	p := &r.m.parts[i]
	var re *RecordError
	switch {
	case errors.As(err, &re) && p.Key == "" && re.Ref.ID != "":
		r.add(re.Ref.ID, i, nil)
		r.broken[re.Ref.ID] = fmt.Errorf("part %s: %w", p.Name, re.Err)
		return nil
	case re != nil:
		// Which person it is cannot be told without its key.
		r.keys[i].lose(Ref{Kind: kind, ID: re.Ref.ID})
		r.bad = append(r.bad, &RecordError{Ref: Ref{Kind: kind}, Where: re.Where, Err: fmt.Errorf("part %s: %s: %w", p.Name, re.Ref, re.Err)})
		return nil
	case err != nil:
		return err
	}
	key, err := p.key(rec)
	if err != nil {
		r.keys[i].lose(rec.Ref())
		r.bad = append(r.bad, &RecordError{Ref: Ref{Kind: kind}, Err: fmt.Errorf("part %s: %w", p.Name, err)})
		return nil
	}
	r.keys[i].put(rec.Ref(), key)
	if key != "" && !r.add(key, i, rec) {
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
	if err := r.incomplete(kind, pieces); err != nil {
		return nil, &RecordError{Ref: Ref{Kind: kind, ID: id}, Err: err}
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
				key, sure := r.keys[i].get(ref)
				if !sure {
					return fmt.Errorf("part %s: its %s include %s, which cannot be read or does not tell who it is", r.m.parts[i].Name, name, ref)
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
