package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
)

// A Part is one of several sources that are merged.
type Part struct {
	// Name is what the part is called in MergeOptions.
	Name   string
	Source Source
	// Key is the attribute whose one value names the same person or thing in all parts, an employee number for instance,
	// and becomes the ID of the merged record. Empty stands for the part's own IDs.
	Key string
	// Adds says that a record which only this part has is a record. That of the first part always is; the others only
	// add to what the first has.
	Adds bool
	// Keyless says that records without a key are no concern of the merge, service accounts for instance. Otherwise each
	// is an error: nothing of its kind can be proved gone, and as it may be anybody's, nothing becomes of those whom the part
	// seems not to have.
	Keyless bool
}

// MergeOptions say whose value wins.
type MergeOptions struct {
	// Precedence is, by name of an attribute or of references, the names of the parts whose value is taken, the first that
	// has one first. Default: all parts in their order.
	Precedence map[string][]string
	// Active is the part that says whether a person may use the sink, and from when until when. Default: the first that
	// has the person.
	Active string
	// Won is told of each merged record from which part each attribute and each name of references came. Optional.
	Won func(ref Ref, parts map[string]string)
}

// A Merged is a [Source] made of several.
type Merged struct {
	parts []Part
	order map[string][]int
	opts  MergeOptions
	lead  int
}

// Merge makes one source of several, in the order of their precedence. It reads each to its end before it gives a
// record; an error of one is an error of all, for what only that one has would seem to be gone.
func Merge(parts []Part, opts *MergeOptions) (*Merged, error) {
	m := &Merged{parts: parts, order: map[string][]int{}, lead: -1}
	if opts != nil {
		m.opts = *opts
	}
	if len(parts) == 0 {
		return nil, errors.New("merge: no sources are given")
	}
	index := map[string]int{}
	for i, p := range parts {
		if _, ok := index[p.Name]; p.Name == "" || ok || p.Source == nil {
			return nil, fmt.Errorf("merge: part %d needs a name of its own and a source, its name is %q", i+1, p.Name)
		}
		index[p.Name] = i
	}
	find := func(name, what string) (int, error) {
		i, ok := index[name]
		if !ok {
			return 0, fmt.Errorf("merge: %s names part %q, which is not there", what, name)
		}
		return i, nil
	}
	for attribute, names := range m.opts.Precedence {
		for _, name := range names {
			i, err := find(name, fmt.Sprintf("Precedence of %q", attribute))
			if err != nil {
				return nil, err
			}
			m.order[attribute] = append(m.order[attribute], i)
		}
	}
	if m.opts.Active != "" {
		i, err := find(m.opts.Active, "Active")
		if err != nil {
			return nil, err
		}
		m.lead = i
	}
	return m, nil
}

// Records gives the merged records of a kind. A kind that only some parts have is that of those.
func (m *Merged) Records(ctx context.Context, kind Kind) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		r := &reading{m: m, pieces: map[ID][]*Record{}, broken: map[ID]error{}}
		if err := r.read(ctx, kind); err != nil {
			yield(nil, err)
			return
		}
		for _, err := range r.bad {
			if !yield(nil, err) {
				return
			}
		}
		for _, id := range r.order {
			if err := r.broken[id]; err != nil {
				if !yield(nil, &RecordError{Ref: Ref{Kind: kind, ID: id}, Err: err}) {
					return
				}
				continue
			}
			merged, err := r.merge(kind, id, r.pieces[id])
			if (merged != nil || err != nil) && !yield(merged, err) {
				return
			}
		}
	}
}

// precedence gives the parts in the order in which they are asked for a name.
func (m *Merged) precedence(name string) []int {
	if order, ok := m.order[name]; ok {
		return order
	}
	order := make([]int, len(m.parts))
	for i := range order {
		order[i] = i
	}
	return order
}

var _ Source = (*Merged)(nil)
