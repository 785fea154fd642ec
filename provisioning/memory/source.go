package memory

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// Records gives copies of all records of a kind, in the order in which they were added.
func (s *Store) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if !slices.Contains(s.opts.Kinds, kind) {
			yield(nil, fmt.Errorf("read records of kind %s: %w", kind, errors.ErrUnsupported))
			return
		}
		if err := s.fault(ctx, Call{Name: "Records", Ref: provisioning.Ref{Kind: kind}}); err != nil {
			yield(nil, err)
			return
		}
		s.mu.RLock()
		ids := slices.Clone(s.order[kind])
		s.mu.RUnlock()
		for i, id := range ids {
			err := ctx.Err()
			if i+1 == s.opts.Cut {
				err = errors.Join(err, provisioning.ErrUnavailable)
			}
			if err != nil {
				yield(nil, fmt.Errorf("read records of kind %s: %w", kind, err))
				return
			}
			r, ok := s.Get(provisioning.Ref{Kind: kind, ID: id})
			if ok && !yield(r, nil) {
				return
			}
		}
	}
}

// Find gives the records that a lookup names.
func (s *Store) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		if !slices.Contains(s.opts.Kinds, l.Kind) {
			yield(nil, fmt.Errorf("find records of kind %s: %w", l.Kind, errors.ErrUnsupported))
			return
		}
		if err := s.fault(ctx, Call{Name: "Find", Ref: provisioning.Ref{Kind: l.Kind}}); err != nil {
			yield(nil, err)
			return
		}
		for _, id := range s.lookup(l) {
			if err := ctx.Err(); err != nil {
				yield(nil, fmt.Errorf("find records of kind %s: %w", l.Kind, err))
				return
			}
			r, ok := s.Get(provisioning.Ref{Kind: l.Kind, ID: id})
			if ok && !yield(r, nil) {
				return
			}
		}
	}
}

// lookup gives the IDs that match, by the indexes where there is one.
func (s *Store) lookup(l provisioning.Lookup) []provisioning.ID {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var ids []provisioning.ID
	add := func(id provisioning.ID) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, v := range l.Values {
		switch {
		case l.By == provisioning.ByID:
			if _, ok := s.records[provisioning.Ref{Kind: l.Kind, ID: provisioning.ID(v)}]; ok {
				add(provisioning.ID(v))
			}
		case l.By == provisioning.ByExternalID:
			if id, ok := s.unique[uniqueKey{l.Kind, l.By, v}]; ok {
				add(id)
			}
		case slices.Contains(s.opts.Unique, l.By):
			if id, ok := s.unique[uniqueKey{l.Kind, l.By, strings.ToLower(v)}]; ok {
				add(id)
			}
		default:
			for _, id := range s.order[l.Kind] {
				r := s.records[provisioning.Ref{Kind: l.Kind, ID: id}]
				if slices.Contains(r.Attributes[l.By], v) {
					add(id)
				}
			}
		}
	}
	return ids
}

// Cursor gives the present place in the store's history.
func (s *Store) Cursor(ctx context.Context) (provisioning.Cursor, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.cursor(len(s.history)), nil
}

func (s *Store) cursor(n int) provisioning.Cursor {
	return provisioning.Cursor(fmt.Sprintf("%d:%d", s.epoch, n))
}

// Forget drops the history, so that every cursor given before has expired.
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	s.history = nil
}

// Deltas gives what changed since a cursor.
func (s *Store) Deltas(ctx context.Context, since provisioning.Cursor) iter.Seq2[provisioning.Delta, error] {
	return func(yield func(provisioning.Delta, error) bool) {
		refs, end, err := s.since(since)
		if err != nil {
			yield(provisioning.Delta{}, err)
			return
		}
		for _, ref := range refs {
			if err := ctx.Err(); err != nil {
				yield(provisioning.Delta{}, fmt.Errorf("read deltas: %w", err))
				return
			}
			d := provisioning.Delta{Ref: ref}
			if r, ok := s.Get(ref); ok {
				d.Record = r
			}
			if !yield(d, nil) {
				return
			}
		}
		yield(provisioning.Delta{Cursor: end}, nil)
	}
}

// since gives the records that changed after a cursor, each once, and the cursor that is reached.
func (s *Store) since(c provisioning.Cursor) ([]provisioning.Ref, provisioning.Cursor, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	epoch, place, _ := strings.Cut(string(c), ":")
	n, err := strconv.Atoi(place)
	if err != nil || epoch != strconv.Itoa(s.epoch) || n < 0 || n > len(s.history) {
		return nil, "", fmt.Errorf("read deltas since %q: %w", c, provisioning.ErrCursorExpired)
	}
	seen := map[provisioning.Ref]bool{}
	var refs []provisioning.Ref
	for _, ref := range s.history[n:] {
		if !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	return refs, s.cursor(len(s.history)), nil
}

var (
	_ provisioning.DeltaSource = (*Store)(nil)
	_ provisioning.Finder      = (*Store)(nil)
)
