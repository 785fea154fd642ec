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

// A Trace tells what a run does with one record of the source, step by step. It holds personal data.
type Trace struct {
	// Ref is the record of the source.
	Ref Ref `json:"ref"`
	// Read is what the source gave; nil when it does not have the record.
	Read *Record `json:"read,omitempty"`
	// Mapped is what the sink shall have; nil when that cannot be said, or the record is out of scope.
	Mapped     *Record `json:"mapped,omitempty"`
	OutOfScope bool    `json:"outOfScope,omitempty"`
	// Have is what the sink has; nil when it has nothing.
	Have *Record `json:"have,omitempty"`
	// Plan is what is to be done. What holds the record is in Plan.Held.
	Plan *Plan `json:"plan,omitempty"`
	// Report is what was done; nil after Explain.
	Report *Report `json:"report,omitempty"`
	// Results are the answers to the changes, in their order; nil after Explain, and when the plan was refused.
	Results []*Result `json:"-"`
}

// Explain tells what Sync would do with one record of the source, and writes nothing.
func (r *Reconciler) Explain(ctx context.Context, ref Ref) (*Trace, error) {
	st, err := r.load(ctx)
	if err != nil {
		return nil, err
	}
	return r.trace(ctx, st, ref)
}

// Sync brings one record of the source to the sink, in the same way as a run does, and at once: one that keeps failing is tried
// whatever its back-off. Where it is newly given a value of Policy.Unique, or a record of the sink is adopted for it, its kind is
// read whole in the source: another may be meant to have that too, and then it is held, as in a run. References to records that
// the sink does not have wait for these; those to a kind whose ExternalIDs the mapper gives are left to the next full run. The error is nil when it came to its end; what failed is in Trace.Report.
func (r *Reconciler) Sync(ctx context.Context, ref Ref) (_ *Trace, err error) {
	started := time.Now()
	ctx, end := r.start(ctx, Step{Name: StepRun})
	defer func() { end(err) }()
	report := &Report{Started: started.UTC()}
	failed := func(err error) (*Trace, error) {
		_, err = r.finished(ctx, report, err)
		return nil, err
	}
	release, ctx, err := r.acquire(ctx)
	if err != nil {
		return failed(err)
	}
	defer release()
	st, err := r.load(ctx)
	if err != nil {
		return failed(err)
	}
	t, err := r.trace(ctx, st, ref)
	report.Planning = time.Since(started)
	if err != nil {
		return failed(err)
	}
	report.Plan = t.Plan
	t.Report, err = r.apply(ctx, t.Plan, st, report, true)
	t.Results = report.results
	return t, err
}

// trace makes the plan for one record.
func (r *Reconciler) trace(ctx context.Context, st *jobState, ref Ref) (_ *Trace, err error) {
	ctx, end := r.start(ctx, Step{Name: StepPlan})
	defer func() { end(err) }()
	if ref.ID == "" {
		return nil, fmt.Errorf("a %s without an ID is asked for; name the record by its ID in the source", ref.Kind)
	}
	if !slices.Contains(r.kinds(), ref.Kind) {
		return nil, fmt.Errorf("%s is of a kind that is not managed; Options.Kinds are %q", ref, r.kinds())
	}
	at := time.Now().UTC()
	t := &Trace{Ref: ref}
	given, err := r.readOne(ctx, t)
	if err != nil {
		return nil, err
	}
	p, err := r.compareOne(ctx, st, t, given, nil, at)
	if err != nil {
		return nil, err
	}
	rivals, err := r.rivals(ctx, st, p, ref)
	if err != nil {
		return nil, err
	}
	if len(rivals) > 0 {
		if p, err = r.compareOne(ctx, st, t, given, rivals, at); err != nil {
			return nil, err
		}
	}
	// What is remembered is called as in the sink. There is no Cursor, which stays where it is.
	if t.Mapped != nil {
		p.Concerned = []Ref{{Kind: ref.Kind, ID: t.Mapped.ExternalID}}
	} else if !slices.Contains(st.memory.ForeignKinds, ref.Kind) {
		p.Concerned = []Ref{ref}
	}
	t.Plan = r.planned(ctx, p)
	return t, nil
}

// A given is what a source says of one record.
type given struct {
	record   *Record
	err      error // a RecordError
	nameless bool  // it gave none, but has one that does not tell its ID
}

// readOne asks the source for the record.
func (r *Reconciler) readOne(ctx context.Context, t *Trace) ([]given, error) {
	ref := t.Ref
	var all []given
	nameless := false
	flat := newFlattener(ref.Kind, r.opts.Policy.FlattenRefs)
	for src, err := range Find(ctx, r.source, Lookup{Kind: ref.Kind, By: ByID, Values: []string{string(ref.ID)}}) {
		var re *RecordError
		switch {
		case errors.As(err, &re) && re.Ref.ID != ref.ID:
			nameless = nameless || re.Ref.ID == ""
			continue // It is another's.
		case err == nil && src == nil:
			err = errNothing
		}
		if err != nil && re == nil {
			return nil, fmt.Errorf("read %s from the source: %w", ref, err)
		}
		if src != nil {
			t.Read = src.Clone()
		}
		if !flat.pass(src, err) {
			all = append(all, given{record: src, err: err})
		}
	}
	if err := r.readNested(ctx, flat); err != nil {
		return nil, fmt.Errorf("read what %s refers to: %w", ref, err)
	}
	_ = flat.each(func(src *Record, err error) error {
		all = append(all, given{record: src, err: err})
		return nil
	})
	if len(all) == 0 {
		return []given{{nameless: nameless}}, nil
	}
	t.explain(r, all[len(all)-1].record)
	return all, nil
}

// compareOne makes the plan for one record, in view of others of the source that are to have what is to be its alone.
func (r *Reconciler) compareOne(ctx context.Context, st *jobState, t *Trace, all []given, rivals []*Record, at time.Time) (*Plan, error) {
	s := NewSnapshot()
	for _, kind := range st.memory.ForeignKinds {
		s.foreign[kind] = true // Of who is gone only a full run can tell the ExternalID.
	}
	for _, g := range all {
		switch {
		case g.nameless:
			s.Hold(t.Ref, "the source did not give it, but has a record that does not tell its ID, which may be this one", "")
		case g.record == nil && g.err == nil:
			// The source has been asked for it, and says that there is none.
			s.Gone(t.Ref)
		default:
			if err := r.take(s, t.Ref.Kind, g.record.Clone(), g.err, at); err != nil {
				return nil, fmt.Errorf("read %s from the source: %w", t.Ref, err)
			}
		}
	}
	others, err := takeRivals(s, rivals, at)
	if err != nil {
		return nil, err
	}
	have, holders, err := r.partialHave(ctx, s, st, at)
	if err != nil {
		return nil, err
	}
	for kind, seq := range have {
		have[kind] = t.watch(seq, st)
	}
	c := r.comparison(s, st, at)
	c.Partial, c.Lenient, c.Again, c.Have = true, true, true, have
	p, err := Compare(c)
	if err != nil {
		return nil, err
	}
	maps.Copy(others, holders)
	delete(others, s.key(s.ord(t.Ref)))
	p.leaveOut(others)
	return p, nil
}

// explain maps the record once more, as it was read, and flattened.
func (t *Trace) explain(r *Reconciler, src *Record) {
	if src == nil {
		return
	}
	m, err := r.mapRecord(t.Ref.Kind, src.Clone())
	if err != nil {
		t.OutOfScope = errors.Is(err, SkipRecord)
		return // Otherwise the plan says why it is held.
	}
	m.ID = ""
	t.Mapped = m
}

// watch keeps the counterpart that passes by.
func (t *Trace) watch(seq iter.Seq2[*Record, error], st *jobState) iter.Seq2[*Record, error] {
	external := t.Ref.ID
	if t.Mapped != nil {
		external = t.Mapped.ExternalID
	}
	return func(yield func(*Record, error) bool) {
		for h, err := range seq {
			if err == nil && h.Kind == t.Ref.Kind && (h.ExternalID == external || st.links.source(h.Ref()) == external) {
				t.Have = h.Clone()
			}
			if !yield(h, err) {
				return
			}
		}
	}
}
