package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Links gives which record of the sink belongs to which of the source: by the link table where a record has an entry
// there, else by the ExternalID. Links by ExternalID may name records that the source no longer has.
func (r *Reconciler) Links(ctx context.Context, kind Kind) iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		st, err := r.load(ctx)
		if err != nil {
			yield(Link{}, err)
			return
		}
		for h, err := range r.sink.Records(ctx, kind) {
			if err == nil && h == nil {
				err = errNothing
			}
			if err != nil {
				var re *RecordError
				if !yield(Link{}, err) || !errors.As(err, &re) {
					return
				}
				continue
			}
			if source := st.links.sourceOf(h); source != "" && !yield(Link{Kind: kind, Source: source, Target: h.ID}, nil) {
				return
			}
		}
	}
}

// Unmanaged gives the records of the sink that are nobody's: neither was their ExternalID given by the source's side, nor does the
// link table have them. They are never touched, unless Policy.Adopt takes them over.
func (r *Reconciler) Unmanaged(ctx context.Context, kind Kind) iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		st, err := r.load(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for h, err := range r.sink.Records(ctx, kind) {
			if err == nil && h == nil {
				err = errNothing
			}
			if err == nil {
				linked := st.links.source(h.Ref()) != ""
				if linked || h.ExternalID != "" && r.opts.Policy.Owned != OwnedLinked {
					continue
				}
			}
			if !yield(h, err) {
				return
			}
		}
	}
}

// Memory gives what the job remembers: who waits, is held or keeps failing, and since when; and what its last runs did.
func (r *Reconciler) Memory(ctx context.Context) (*Memory, *History, error) {
	st, err := r.load(ctx)
	if err != nil {
		return nil, nil, err
	}
	return &st.memory, &st.history, nil
}

// Relink says by hand which record of the sink belongs to one of the source, in place of any other that it belonged to. It
// is refused while another record of the sink belongs to that one of the source, for two must not; and where the source
// does not have that one in scope, for then the next run would take the record of the sink for one that is gone. Nor is one linked
// that Policy.Protect names. The next run brings it up to date, whatever that reads.
func (r *Reconciler) Relink(ctx context.Context, l Link) error {
	return r.repair(ctx, l, "relink", func(ctx context.Context, st *jobState, h *Record) error {
		if r.opts.Policy.protects(h) {
			return errors.New("Policy.Protect has it never touched; take it out of there first")
		}
		first := "clear its ExternalID in the sink, or delete it, first"
		if r.opts.Links {
			first = "unlink or delete that first"
		}
		for other, err := range r.Links(ctx, l.Kind) {
			if err != nil {
				return err
			}
			if other.Source == l.Source && other.Target != l.Target {
				return fmt.Errorf("%w: %s/%s belongs to it; %s", ErrExists, l.Kind, other.Target, first)
			}
		}
		if err := r.inScope(ctx, Ref{Kind: l.Kind, ID: l.Source}); err != nil {
			return err
		}
		if before := st.links.sourceOf(h); before != l.Source {
			st.memory.succeed(Ref{Kind: l.Kind, ID: l.Source}, Ref{Kind: l.Kind, ID: before})
			st.memory.Written.Delete(Ref{Kind: l.Kind, ID: l.Source})
		}
		// No source tells of it, so that a run of what changed would not look at it.
		st.memory.Due.Set(Ref{Kind: l.Kind, ID: l.Source}, time.Now().UTC())
		if r.opts.Links {
			st.links.Put(l)
		}
		if h.ExternalID == l.Source {
			return nil
		}
		if err := r.mayWrite(); err != nil {
			return err
		}
		err := r.sink.Update(ctx, &Change{
			Op: Adopt, Link: l, Reason: "linked by hand",
			Before: &Record{Kind: l.Kind, ID: l.Target, ExternalID: h.ExternalID, Version: h.Version, Disabled: h.Disabled},
			After:  &Record{Kind: l.Kind, ExternalID: l.Source, Disabled: h.Disabled},
		})
		if r.opts.Links && errors.Is(err, errors.ErrUnsupported) {
			return nil // A sink that keeps no ExternalID has the link table.
		}
		return err
	})
}

// Unlink takes an entry out of the link table, so that the record of the sink is nobody's. An ExternalID that the sink
// keeps cannot be taken away through it, and is an error that wraps [errors.ErrUnsupported].
func (r *Reconciler) Unlink(ctx context.Context, l Link) error {
	return r.repair(ctx, l, "unlink", func(_ context.Context, st *jobState, h *Record) error {
		if h.ExternalID != "" {
			return fmt.Errorf("%w: the sink keeps ExternalID %s; relink the record to another, or clear it in the sink", errors.ErrUnsupported, h.ExternalID)
		}
		if st.links.Target(Ref{Kind: l.Kind, ID: l.Source}) != l.Target {
			return fmt.Errorf("%w: the link table does not have this link", ErrNotFound)
		}
		st.links.Delete(l)
		return nil
	})
}

// inScope gives an error unless the source has a record whose ExternalID is that of ref, in scope.
func (r *Reconciler) inScope(ctx context.Context, ref Ref) error {
	s := NewSnapshot()
	at := time.Now().UTC()
	if err := r.readThese(ctx, s, map[Ref]bool{ref: true}, at); err != nil {
		return err
	}
	if o, ok := s.findExternal(ref); !ok || s.status(o) == mentioned {
		// The mapper may give ExternalIDs of its own, and only a record tells which is its.
		s = NewSnapshot()
		if err := r.readKind(ctx, s, ref.Kind, at); err != nil {
			return err
		}
	}
	switch o, ok := s.findExternal(ref); {
	case ok && (s.status(o) == wanted || s.status(o) == held):
		return nil
	case ok && s.status(o) == skipped:
		return fmt.Errorf("%w: %s is out of scope; let the mapping take it into scope first", ErrNotFound, ref)
	}
	return fmt.Errorf("%w: the source has no %s", ErrNotFound, ref)
}

// repair changes a link under the lease, with the record of the sink at hand.
func (r *Reconciler) repair(ctx context.Context, l Link, what string, do func(context.Context, *jobState, *Record) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s %s %s with %s: %w", what, l.Kind, l.Source, l.Target, err)
		}
	}()
	if l.Kind == "" || l.Source == "" || l.Target == "" {
		return errors.New("a link needs a kind, a record of the source and one of the sink")
	}
	release, ctx, err := r.acquire(ctx)
	if err != nil {
		return err
	}
	defer release()
	st, err := r.load(ctx)
	if err != nil {
		return err
	}
	var have *Record
	for h, err := range Find(ctx, r.sink, Lookup{Kind: l.Kind, By: ByID, Values: []string{string(l.Target)}}) {
		if err != nil {
			return err
		}
		have = h
	}
	if have == nil {
		return fmt.Errorf("%w: the sink has no such record", ErrNotFound)
	}
	if err := do(ctx, st, have); err != nil {
		return err
	}
	return r.save(ctx, st)
}
