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
	case m.Full.IsZero():
		return "a plan was applied that a run had overtaken"
	case m.Full.After(now):
		return "the last full run is still to come, by this clock"
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
	have, holders, err := r.partialHave(ctx, s, st, at)
	if err != nil {
		return nil, err
	}
	maps.Copy(concerned, holders)
	c := r.comparison(s, st, at)
	c.Partial, c.Lenient, c.Have = true, true, have
	p, err := Compare(c)
	if err != nil {
		return nil, err
	}
	if p.adopts() {
		return nil, errAdopts
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

// concerned gives those records of the sink that a partial snapshot is about or refers to. All are read, and then they are
// not few, when the sink cannot find single ones, when there are many, when any could be adopted, and when any could be one that an
// earlier run created without keeping its link.
func (r *Reconciler) concerned(ctx context.Context, s *Snapshot, st *jobState, kind Kind) (_ iter.Seq2[*Record, error], few bool) {
	var ids, externals []string
	wants, lost := false, false
	shared := len(r.opts.Policy.SharedRefs) > 0
	for o := range uint32(s.size()) {
		key := s.key(o)
		if shared && s.status(o) == wanted {
			wants = true // Whose they are that it refers to no more must be known, of whatever kind.
		}
		if key.Kind != kind || key.ID == "" { // A reference to nobody is none that can be looked for.
			continue
		}
		wants = wants || s.status(o) == wanted
		if target := st.links.Target(key); target != "" {
			ids = append(ids, string(target))
			continue
		}
		externals = append(externals, string(key.ID))
		_, creating := st.memory.Creating.Get(key)
		lost = lost || creating
	}
	f, ok := r.sink.(Finder)
	if !ok || len(ids)+len(externals) > findMost || lost || wants && (len(r.opts.Policy.Adopt) > 0 || shared) {
		return r.have(ctx, kind), false
	}
	return r.reading(ctx, "sink", kind, func(ctx context.Context, _ Kind) iter.Seq2[*Record, error] {
		return findThese(ctx, f, kind, ids, externals)
	}), true
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
