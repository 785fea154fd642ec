package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

// A partial comparison does not see the records that did not change, and one of them may have a value which a record that
// did is now to have, and which the policy says is one record's. So the sink is asked who has it, and these are compared too.

// partialHave gives, by kind, the records of the sink for a partial comparison, and takes into s the records of the source
// whose counterparts hold a unique value that another is to have. It gives the latter.
func (r *Reconciler) partialHave(ctx context.Context, s *Snapshot, st *jobState, at time.Time) (map[Kind]iter.Seq2[*Record, error], map[Ref]bool, error) {
	have, holders := map[Kind]iter.Seq2[*Record, error]{}, map[Ref]bool{}
	for _, kind := range r.kinds() {
		seq, few := r.concerned(ctx, s, st, kind)
		// Where the mapper gives the ExternalIDs, only all of the source tell who else there is.
		if wants := r.wantsUnique(s, kind); len(wants) > 0 && !s.foreign[kind] {
			if few {
				seq = kept(seq)
				forgetHeld(wants, seq, st)
			}
			if err := r.findHolders(ctx, s, st, kind, wants, few, holders); err != nil {
				return nil, nil, err
			}
		}
		have[kind] = seq
	}
	if len(holders) == 0 {
		return have, nil, nil
	}
	if err := r.readThese(ctx, s, holders, at); err != nil {
		return nil, nil, err
	}
	// Whom the source does not give leaves the value to the other one.
	maps.DeleteFunc(holders, func(ref Ref, _ bool) bool {
		o, ok := s.find(ref)
		return !ok || s.status(o) == mentioned
	})
	for _, kind := range r.kinds() {
		have[kind], _ = r.concerned(ctx, s, st, kind) // with their counterparts, and whom they refer to
	}
	return have, holders, nil
}

// findHolders notes the records of the source that are not in s and whose counterparts have one of some values. Of all that the sink
// cannot be asked for alone it is read once.
func (r *Reconciler) findHolders(ctx context.Context, s *Snapshot, st *jobState, kind Kind, wants map[string]wantedValues, few bool, holders map[Ref]bool) error {
	note := func(h *Record) {
		ref := Ref{Kind: kind, ID: st.links.sourceOf(h)}
		if o, ok := s.find(ref); ref.ID != "" && (!ok || s.status(o) == mentioned) {
			holders[ref] = true
		}
	}
	failed := func(names []string, err error) error {
		return fmt.Errorf("look for who has a value of %s that must be one %s's: %w", strings.Join(names, ", "), kind, err)
	}
	var left []string
	for _, name := range slices.Sorted(maps.Keys(wants)) {
		found, err := r.findValues(ctx, kind, name, wants[name], few, note)
		if err != nil {
			return failed([]string{name}, err)
		}
		if !found {
			left = append(left, name)
		}
	}
	if len(left) == 0 {
		return nil
	}
	err := each(r.have(ctx, kind), func(h *Record) {
		for _, name := range left {
			if wants[name].any(h.Attributes[name]) {
				note(h)
				return
			}
		}
	}, nil)
	if err != nil && !lacksKind(err) {
		return failed(left, err)
	}
	return nil
}

// wantsUnique gives the values of attributes that must be one record's, by name and folded, which the wanted records of
// a kind shall have, and as they are spelled.
func (r *Reconciler) wantsUnique(s *Snapshot, kind Kind) map[string]wantedValues {
	wants := map[string]wantedValues{}
	for _, name := range r.opts.Policy.Unique {
		values := wantedValues{}
		for o := range uint32(s.size()) {
			if s.status(o) != wanted || s.kindOf(o) != kind {
				continue
			}
			for _, v := range s.values(o, name) {
				if folded := fold(v); folded != "" {
					w := values[folded]
					w.spelled = append(w.spelled, v)
					w.by = append(w.by, s.key(o).ID)
					values[folded] = w
				}
			}
		}
		if len(values) > 0 {
			wants[name] = values
		}
	}
	return wants
}

// A wantedValue is a value that some records shall have.
type wantedValue struct {
	spelled []string
	by      []ID
}

// wantedValues are such values of one attribute, folded.
type wantedValues map[string]wantedValue

// any reports whether one of some values is among them.
func (w wantedValues) any(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { _, ok := w[fold(v)]; return ok })
}

// forgetHeld takes away the values that the one who shall have them has already: nobody is asked for these.
func forgetHeld(wants map[string]wantedValues, have iter.Seq2[*Record, error], st *jobState) {
	for h, err := range have {
		if err != nil {
			continue // It is an error of the comparison too.
		}
		source := st.links.sourceOf(h)
		for name, values := range wants {
			for _, v := range h.Attributes[name] {
				if w, ok := values[fold(v)]; ok && len(w.by) == 1 && w.by[0] == source {
					delete(values, fold(v))
				}
			}
		}
	}
}

// findValues calls do with the records of the sink that have one of some values, and reports whether it can be asked for them.
func (r *Reconciler) findValues(ctx context.Context, kind Kind, name string, values wantedValues, few bool, do func(*Record)) (bool, error) {
	f, ok := r.sink.(Finder)
	if !ok || !few || len(values) > findMost {
		return false, nil
	}
	var spelled []string
	for folded, w := range values {
		spelled = append(append(spelled, w.spelled...), folded)
	}
	slices.Sort(spelled)
	err := findEach(ctx, f, kind, name, slices.Compact(spelled), func(h *Record) {
		if values.any(h.Attributes[name]) {
			do(h)
		}
	}, nil)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, ErrInvalid) {
		return false, nil // It cannot find records by this attribute.
	}
	return true, err
}

// kept reads a sequence once, at its first use, and gives the same again.
func kept(seq iter.Seq2[*Record, error]) iter.Seq2[*Record, error] {
	type pair struct {
		r   *Record
		err error
	}
	var pairs []pair
	read := false
	return func(yield func(*Record, error) bool) {
		if !read {
			read = true
			for r, err := range seq {
				pairs = append(pairs, pair{r, err})
			}
		}
		for _, p := range pairs {
			if !yield(p.r, p.err) {
				return
			}
		}
	}
}
