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

// errFull says that only a full comparison will do.
var errFull = errors.New("a full run is necessary")

// next makes the plan of a run: from what changed since the last one where that is enough, else from everything.
func (r *Reconciler) next(ctx context.Context, st *jobState) (*Plan, error) {
	now := time.Now().UTC()
	why := r.mustBeFull(st, now)
	if why == "" {
		p, err := r.planDeltas(ctx, st, now)
		switch {
		case err == nil:
			return p, nil
		case !errors.Is(err, ErrCursorExpired) && !errors.Is(err, errFull):
			return nil, err
		}
		why = err.Error()
	}
	r.log.InfoContext(ctx, "everything is compared", "job", r.opts.Job, "reason", why)
	return r.plan(ctx, st)
}

// mustBeFull says why what changed since the last run is not enough; "" when it is.
func (r *Reconciler) mustBeFull(st *jobState, now time.Time) string {
	m := &st.memory
	_, ok := r.source.(DeltaSource)
	switch {
	case !ok:
		return "the source does not tell what changed"
	case m.Cursor == "":
		return "there was no full run"
	case m.Print != r.print:
		return "the configuration or the rules were changed"
	case now.Sub(m.Full) >= r.opts.FullEvery:
		return fmt.Sprintf("the last full run was %v ago", now.Sub(m.Full).Round(time.Minute))
	case m.Foreign:
		return "the mapper gives ExternalIDs of its own"
	case len(r.opts.Policy.FlattenRefs) > 0:
		return "nested references are flattened"
	}
	return ""
}

// planDeltas makes a plan from what changed since the last run, and from what is due.
func (r *Reconciler) planDeltas(ctx context.Context, st *jobState, at time.Time) (_ *Plan, err error) {
	ctx, end := r.start(ctx, Step{Name: StepPlan})
	defer func() { end(err) }()
	s := NewSnapshot()
	cursor, err := r.readDeltas(ctx, s, st.memory.Cursor, at)
	if err != nil {
		return nil, err
	}
	if len(s.foreign) > 0 {
		return nil, fmt.Errorf("%w: the mapper gives ExternalIDs of its own", errFull)
	}
	concerned := map[Ref]bool{}
	for o := range uint32(s.size()) {
		if s.status(o) != mentioned {
			concerned[s.key(o)] = true
		}
	}
	if err := r.readAgain(ctx, s, st, concerned, at); err != nil {
		return nil, err
	}
	c := r.comparison(s, st, at)
	c.Partial, c.Lenient = true, true
	for _, kind := range r.kinds() {
		c.Have[kind] = r.concerned(ctx, s, st, kind)
	}
	p, err := Compare(c)
	if err != nil {
		return nil, err
	}
	p.Cursor = cursor
	for ref := range concerned {
		p.Concerned = append(p.Concerned, ref)
	}
	slices.SortFunc(p.Concerned, compareRefs)
	return r.planned(ctx, p), nil
}

// readDeltas takes what changed into s, and gives the cursor that is reached.
func (r *Reconciler) readDeltas(ctx context.Context, s *Snapshot, since Cursor, at time.Time) (_ Cursor, err error) {
	ctx, end := r.start(ctx, Step{Name: StepRead, Side: "source"})
	defer func() { end(err) }()
	last := map[Ref]Delta{}
	cursor := since
	for d, err := range r.source.(DeltaSource).Deltas(ctx, since) {
		if err != nil {
			var re *RecordError
			if !errors.As(err, &re) {
				return "", fmt.Errorf("read what changed in the source: %w", err)
			}
			if !slices.Contains(r.kinds(), re.Ref.Kind) {
				continue
			}
			if re.Ref.ID == "" {
				return "", fmt.Errorf("%w: a change does not tell whose it is: %w", errFull, err)
			}
			s.Hold(re.Ref, "the source's record cannot be read: "+re.Err.Error(), re.Where)
			continue
		}
		if d.Cursor != "" {
			cursor = d.Cursor
		}
		if d.Ref.ID != "" && slices.Contains(r.kinds(), d.Ref.Kind) {
			last[d.Ref] = d
		}
	}
	for ref, d := range last {
		if err := r.takeOne(s, ref, d.Record, at); err != nil {
			return "", err
		}
	}
	return cursor, nil
}

// takeOne takes the present state of one record; nil says that it is gone.
func (r *Reconciler) takeOne(s *Snapshot, ref Ref, record *Record, at time.Time) error {
	if record == nil {
		s.Gone(ref)
		return nil
	}
	return r.take(s, ref.Kind, record, nil, at)
}

// readAgain takes the records that are to be looked at although the source does not tell of them: those whose time has
// come, that were held or failed, and those that wait for one that appeared.
func (r *Reconciler) readAgain(ctx context.Context, s *Snapshot, st *jobState, concerned map[Ref]bool, at time.Time) error {
	again := map[Ref]bool{}
	st.memory.again(at, r.opts.Policy.Grace, func(ref Ref) { again[ref] = true })
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
	byKind := map[Kind][]string{}
	for ref := range again {
		if !concerned[ref] && slices.Contains(r.kinds(), ref.Kind) {
			concerned[ref] = true
			byKind[ref.Kind] = append(byKind[ref.Kind], string(ref.ID))
		}
	}
	if len(byKind) == 0 {
		return nil
	}
	f, ok := r.source.(Finder)
	if !ok {
		return fmt.Errorf("%w: %d records are to be looked at again, and the source cannot give single ones", errFull, len(again))
	}
	for kind, ids := range byKind {
		slices.Sort(ids)
		for some := range slices.Chunk(ids, findAtOnce) {
			find := func(ctx context.Context, _ Kind) iter.Seq2[*Record, error] {
				return f.Find(ctx, Lookup{Kind: kind, By: ByID, Values: some})
			}
			for record, err := range r.reading(ctx, "source", kind, find) {
				if err := r.take(s, kind, record, err, at); err != nil {
					return fmt.Errorf("read records of the source again: %w", err)
				}
			}
		}
		for _, id := range ids {
			ref := Ref{Kind: kind, ID: ID(id)}
			_, gone := st.memory.Gone.Get(ref)
			f, _ := st.memory.Failing.Get(ref)
			staged, _ := st.memory.Staged.Get(ref)
			if gone || removes(f.Op) || removes(staged) {
				// It was proved gone before, and has not come back. Else what is not found is left for a full
				// run to judge.
				s.Gone(ref)
			}
		}
	}
	return nil
}

func removes(op Op) bool { return op == Deactivate || op == Delete }

// again calls do with the records of the source that are to be looked at by themselves.
func (m *Memory) again(at time.Time, grace time.Duration, do func(Ref)) {
	m.Held.each(func(ref Ref, _ bool) { do(ref) })
	m.Staged.each(func(ref Ref, _ Op) { do(ref) })
	m.Due.each(func(ref Ref, due time.Time) {
		if !due.After(at) {
			do(ref)
		}
	})
	m.Failing.each(func(ref Ref, f Failing) {
		if !f.Next.After(at) {
			do(ref)
		}
	})
	m.Gone.each(func(ref Ref, since time.Time) {
		if !since.Add(grace).After(at) {
			do(ref)
		}
	})
}

// concerned gives those records of the sink that a partial snapshot is about or refers to. All are read when the sink
// cannot find single ones, when there are many, and when any could be adopted.
func (r *Reconciler) concerned(ctx context.Context, s *Snapshot, st *jobState, kind Kind) iter.Seq2[*Record, error] {
	var ids, externals []string
	wants := false
	for o := range uint32(s.size()) {
		key := s.key(o)
		if key.Kind != kind {
			continue
		}
		wants = wants || s.status(o) == wanted
		if target := st.links.Target(key); target != "" {
			ids = append(ids, string(target))
		} else {
			externals = append(externals, string(key.ID))
		}
	}
	f, ok := r.sink.(Finder)
	if !ok || len(ids)+len(externals) > findMost || wants && (len(r.opts.Policy.Adopt) > 0 || len(r.opts.Policy.SharedRefs) > 0) {
		return r.have(ctx, kind)
	}
	return r.reading(ctx, "sink", kind, func(ctx context.Context, _ Kind) iter.Seq2[*Record, error] {
		return findThese(ctx, f, kind, ids, externals)
	})
}

// findThese gives records by what either side calls them.
func findThese(ctx context.Context, f Finder, kind Kind, ids, externals []string) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for by, values := range map[string][]string{ByID: ids, ByExternalID: externals} {
			slices.Sort(values)
			values = slices.Compact(values)
			for some := range slices.Chunk(values, findAtOnce) {
				for h, err := range f.Find(ctx, Lookup{Kind: kind, By: by, Values: some}) {
					if !yield(h, err) {
						return
					}
				}
			}
		}
	}
}
