package provisioning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
	"unicode/utf8"
)

// readingEvery is how many records lie between two words to Observer.Reading.
const readingEvery = 1000

// dueWithin is how far ahead at least moments are remembered at which something changes by itself.
const dueWithin = 48 * time.Hour

// ahead is how far ahead they are remembered. The next full run, which sees them all, comes sooner, and one that fails leaves time
// for another.
func (o *Options) ahead() time.Duration {
	if o.FullEvery > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return max(dueWithin, 2*o.FullEvery)
}

// read reads the whole source and maps it.
func (r *Reconciler) read(ctx context.Context, at time.Time) (*Snapshot, error) {
	s := NewSnapshot()
	for _, kind := range r.kinds() {
		if err := r.readKind(ctx, s, kind, at); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (r *Reconciler) readKind(ctx context.Context, s *Snapshot, kind Kind, at time.Time) error {
	n := 0
	some := taking{r: r, s: s, kind: kind, at: at}
	flat := newFlattener(kind, r.opts.Policy.FlattenRefs)
	for src, err := range r.reading(ctx, "source", kind, r.source.Records) {
		if n == 0 && r.opts.Kinds == nil && lacksKind(err) {
			s.unmanaged[kind] = "the source does not have it"
			return nil
		}
		n++
		if flat.pass(src, err) {
			continue
		}
		if err := some.take(src, err); err != nil {
			return fmt.Errorf("read %s records of the source after %d: %w; nothing was planned, for what was not read is not gone", kind, n-1, err)
		}
	}
	if err := some.flush(); err != nil {
		return fmt.Errorf("read %s records of the source: %w; nothing was planned, for what was not read is not gone", kind, err)
	}
	if err := flat.each(func(src *Record, err error) error { return r.take(s, kind, src, err, at) }); err != nil {
		return fmt.Errorf("flatten %s records: %w", kind, err)
	}
	s.Complete(kind)
	return nil
}

// take maps one record of the source into s. The error is one that ends the read.
func (r *Reconciler) take(s *Snapshot, kind Kind, src *Record, err error, at time.Time) error {
	if err != nil {
		var re *RecordError
		if !errors.As(err, &re) {
			return err
		}
		holdAll(s, Ref{Kind: kind, ID: re.Ref.ID}, "the source's record cannot be read: "+re.Err.Error(), re.Where)
		return nil
	}
	if src == nil {
		return errNothing
	}
	if src.ID == "" {
		s.Hold(Ref{Kind: kind}, "the source gave a record without an ID", "")
		return nil
	}
	id := src.ID
	if !utf8.ValidString(string(id)) {
		holdAll(s, Ref{Kind: kind, ID: id}, "its ID in the source is no UTF-8, and would be another once it is saved; let the source give it as hexadecimal or base64", "")
		return nil
	}
	w, err := r.mapRecord(kind, src)
	if err == nil && w.ExternalID != id && !utf8.ValidString(string(w.ExternalID)) {
		err = errors.New("map it: the mapper gave an ExternalID that is no UTF-8; map it as hexadecimal or base64")
	}
	switch {
	case errors.Is(err, SkipRecord):
		s.Skip(Ref{Kind: kind, ID: id})
		return nil
	case err != nil:
		s.Hold(Ref{Kind: kind, ID: id}, err.Error(), "")
		s.call(Ref{Kind: kind, ID: id}, callName(src))
		return nil
	}
	if due := w.settle(at); !due.IsZero() {
		s.noteDue(Ref{Kind: kind, ID: id}, due)
	}
	return s.Add(w)
}

// holdAll holds a record under its ID and, where that is no UTF-8, under what JSON makes of it too: so a sink may know it.
func holdAll(s *Snapshot, ref Ref, reason, where string) {
	s.Hold(ref, reason, where)
	if saved := ID(string([]rune(string(ref.ID)))); saved != ref.ID {
		s.hold(s.ord(Ref{Kind: ref.Kind, ID: saved}), reason, where)
	}
}

// settle decides for a moment whether a record is disabled, and gives the next moment at which that changes.
func (r *Record) settle(at time.Time) time.Time {
	var next time.Time
	if !r.ValidUntil.IsZero() {
		if r.ValidUntil.After(at) {
			next = r.ValidUntil
		} else {
			r.Disabled = true
		}
	}
	if r.ValidFrom.After(at) {
		if next.IsZero() || r.ValidFrom.Before(next) {
			next = r.ValidFrom
		}
		r.Disabled = true
	}
	if next.IsZero() {
		return next
	}
	return next.UTC()
}

func (r *Reconciler) observeReading(ctx context.Context, side string, kind Kind, n int) {
	if o := r.opts.Observer; o != nil && o.Reading != nil {
		o.Reading(ctx, side, kind, n)
	}
}
