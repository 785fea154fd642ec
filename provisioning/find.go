package provisioning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// Find gives the records that a lookup names. A [Finder] is asked; of any other source all records of
// the kind are read.
func Find(ctx context.Context, s Source, l Lookup) iter.Seq2[*Record, error] {
	if f, ok := s.(Finder); ok {
		return f.Find(ctx, l)
	}
	return func(yield func(*Record, error) bool) {
		for r, err := range s.Records(ctx, l.Kind) {
			switch {
			case err == nil && r == nil:
				err = errNothing
			case err == nil && !l.Matches(r):
				continue
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// Matches reports whether a record is one of those that the lookup names.
func (l Lookup) Matches(r *Record) bool {
	if l.Kind != r.Kind {
		return false
	}
	switch l.By {
	case ByID:
		return slices.Contains(l.Values, string(r.ID))
	case ByExternalID:
		return r.ExternalID != "" && slices.Contains(l.Values, string(r.ExternalID))
	}
	for _, v := range r.Attributes[l.By] {
		if slices.Contains(l.Values, v) {
			return true
		}
	}
	return false
}

// Ping proves that a source or sink can be reached. One that is no [Pinger] is taken at its word.
func Ping(ctx context.Context, s Source) error {
	if p, ok := s.(Pinger); ok {
		if err := p.Ping(ctx); err != nil {
			return fmt.Errorf("reach the other side: %w", err)
		}
	}
	return nil
}

// deactivate disables a record: by the way that a [Deactivator] has, else by an Update with Disabled.
func deactivate(ctx context.Context, s Sink, c *Change) error {
	if d, ok := s.(Deactivator); ok {
		return d.Deactivate(ctx, Ref{Kind: c.Kind, ID: c.Target})
	}
	return s.Update(ctx, c)
}

// each calls do with every record of a sequence, and unread with every error of one record, unless that is nil.
func each(seq iter.Seq2[*Record, error], do func(*Record), unread func(*RecordError)) error {
	for r, err := range seq {
		var re *RecordError
		switch {
		case err == nil && r == nil:
			return errNothing
		case errors.As(err, &re):
			if unread != nil {
				unread(re)
			}
		case err != nil:
			return err
		default:
			do(r)
		}
	}
	return nil
}

// findEach looks for many records, some at a time.
func findEach(ctx context.Context, s Source, kind Kind, by string, values []string, do func(*Record), unread func(*RecordError)) error {
	slices.Sort(values)
	for some := range slices.Chunk(values, findAtOnce) {
		if err := each(Find(ctx, s, Lookup{Kind: kind, By: by, Values: some}), do, unread); err != nil {
			return err
		}
	}
	return nil
}
