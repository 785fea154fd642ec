package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"
)

// readAgain takes the records that are to be looked at although the source does not tell of them: those whose time has
// come, that were held or failed, and those that wait for one that appeared.
func (r *Reconciler) readAgain(ctx context.Context, s *Snapshot, st *jobState, concerned map[Ref]bool, at time.Time) error {
	again := map[Ref]bool{}
	st.memory.again(at, r.opts.Policy.Grace, r.opts.Again, func(ref Ref) { again[ref] = true })
	if len(concerned) > 0 && len(r.opts.Policy.Unique) > 0 {
		// What could not be given a value that must be one record's is still to have it, though its time has not come.
		st.memory.Failing.each(func(ref Ref, f Failing) {
			if !removes(f.Op) {
				again[ref] = true
			}
		})
	}
	open := slices.Concat(slices.Collect(maps.Keys(concerned)), slices.Collect(maps.Keys(again)))
	for len(open) > 0 {
		waiting, _ := st.memory.Waiting.Get(open[0])
		open = open[1:]
		for _, w := range waiting {
			if !concerned[w] && !again[w] {
				again[w] = true
				open = append(open, w)
			}
		}
	}
	maps.DeleteFunc(again, func(ref Ref, _ bool) bool { return concerned[ref] || !slices.Contains(r.kinds(), ref.Kind) })
	if len(again) == 0 {
		return nil
	}
	if _, ok := r.source.(Finder); !ok {
		return fmt.Errorf("%w: %d records are to be looked at again, and the source cannot give single ones", errFull, len(again))
	}
	if err := r.readThese(ctx, s, again, at); err != nil {
		return err
	}
	for ref := range again {
		o, ok := s.find(ref)
		given := ok && s.status(o) != mentioned
		if !given && s.blind[ref.Kind] != "" {
			continue // A record that does not tell its ID may be this one. What is remembered of it stays, for the next run.
		}
		concerned[ref] = true
		_, gone := st.memory.Gone.Get(ref)
		f, _ := st.memory.Failing.Get(ref)
		staged, _ := st.memory.Staged.Get(ref)
		if !given && (gone || f.Gone || removes(staged)) {
			// It was proved gone before, and has not come back. Else what is not found is left for a full
			// run to judge.
			s.Gone(ref)
		}
	}
	return nil
}

// readThese takes single records of the source into s.
func (r *Reconciler) readThese(ctx context.Context, s *Snapshot, refs map[Ref]bool, at time.Time) error {
	byKind := map[Kind][]string{}
	for ref := range refs {
		byKind[ref.Kind] = append(byKind[ref.Kind], string(ref.ID))
	}
	for kind, ids := range byKind {
		slices.Sort(ids)
		atOnce := findAtOnce
		if _, ok := r.source.(Finder); !ok {
			atOnce = len(ids) // All are read for it.
		}
		for some := range slices.Chunk(ids, atOnce) {
			find := func(ctx context.Context, _ Kind) iter.Seq2[*Record, error] {
				return Find(ctx, r.source, Lookup{Kind: kind, By: ByID, Values: some})
			}
			for record, err := range r.reading(ctx, "source", kind, find) {
				if re := (*RecordError)(nil); errors.As(err, &re) && re.Ref.ID != "" && !refs[Ref{Kind: kind, ID: re.Ref.ID}] {
					continue // It is another's.
				}
				if err := r.take(s, kind, record, err, at); err != nil {
					return fmt.Errorf("read records of the source again: %w", err)
				}
			}
		}
	}
	return nil
}

func removes(op Op) bool { return op == Deactivate || op == Delete }

// departs reports whether a change removes what the source was proved not to have any more. Whoever is disabled in the source or out
// of scope is still there.
func (c *Change) departs() bool { return removes(c.Op) && c.Reason == unseen }

// stagedOp is what Memory.Staged keeps of a change: one that removes only of what was proved gone.
func (c *Change) stagedOp() Op {
	if removes(c.Op) && !c.departs() {
		return Update
	}
	return c.Op
}

// again calls do with the records of the source that are to be looked at by themselves; failing says that those which keep failing
// are, whether their time has come or not.
func (m *Memory) again(at time.Time, grace time.Duration, failing bool, do func(Ref)) {
	m.Held.each(func(ref Ref, _ Reason) { do(ref) })
	m.Staged.each(func(ref Ref, _ Op) { do(ref) })
	m.Due.each(func(ref Ref, due time.Time) {
		if !due.After(at) {
			do(ref)
		}
	})
	m.Failing.each(func(ref Ref, f Failing) {
		if failing || !f.waits(at) {
			do(ref)
		}
	})
	m.Gone.each(func(ref Ref, since time.Time) {
		if !since.Add(grace).After(at) {
			do(ref)
		}
	})
}
