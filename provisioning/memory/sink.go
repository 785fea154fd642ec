package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ilumy/usersync/provisioning"
)

// Create adds a copy of r under an ID of its own.
func (s *Store) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	var id provisioning.ID
	err := s.write(ctx, Call{Name: "Create", Ref: provisioning.Ref{Kind: r.Kind, ID: r.ExternalID}}, func() error {
		if !slices.Contains(s.opts.Kinds, r.Kind) {
			return errors.ErrUnsupported
		}
		c := r.Clone()
		c.ID, c.Refs = "", nil
		if err := s.conflict(c); err != nil {
			return err
		}
		for name, values := range c.Attributes {
			if len(values) == 0 {
				delete(c.Attributes, name)
			}
		}
		s.created++
		c.ID = s.opts.NewID(r.Kind, s.created)
		s.put(c)
		id = c.ID
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("create %s for %s: %w", r.Kind, r.ExternalID, err)
	}
	return id, nil
}

// Update changes what c.After mentions.
func (s *Store) Update(ctx context.Context, c *provisioning.Change) error {
	ref := provisioning.Ref{Kind: c.Kind, ID: c.Target}
	err := s.write(ctx, Call{Name: "Update", Ref: ref}, func() error {
		old, ok := s.records[ref]
		if !ok {
			return provisioning.ErrNotFound
		}
		if c.Before != nil && c.Before.Version != "" && c.Before.Version != old.Version {
			return provisioning.ErrConflict
		}
		r := old.Clone()
		if c.After != nil {
			r.Disabled = c.After.Disabled
			if c.After.ExternalID != "" {
				r.ExternalID = c.After.ExternalID
			}
			setAttributes(r, c.After.Attributes)
		}
		for _, name := range c.RefNames() {
			if err := s.editRefs(r, name, targets(c.Add[name]), targets(c.Remove[name])); err != nil {
				return err
			}
		}
		if err := s.conflict(r); err != nil {
			return err
		}
		s.put(r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("update %s: %w", ref, err)
	}
	return nil
}

// Deactivate disables a record.
func (s *Store) Deactivate(ctx context.Context, ref provisioning.Ref) error {
	err := s.write(ctx, Call{Name: "Deactivate", Ref: ref}, func() error {
		old, ok := s.records[ref]
		if !ok {
			return provisioning.ErrNotFound
		}
		r := old.Clone()
		r.Disabled = true
		s.put(r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("deactivate %s: %w", ref, err)
	}
	return nil
}

// Delete takes a record away, and the references to it.
func (s *Store) Delete(ctx context.Context, ref provisioning.Ref) error {
	err := s.write(ctx, Call{Name: "Delete", Ref: ref}, func() error {
		s.remove(ref)
		return nil
	})
	if err != nil {
		return fmt.Errorf("delete %s: %w", ref, err)
	}
	return nil
}

// EditRefs adds and removes references under one name.
func (s *Store) EditRefs(ctx context.Context, ref provisioning.Ref, name string, add, remove []provisioning.Ref) error {
	err := s.write(ctx, Call{Name: "EditRefs", Ref: ref}, func() error {
		old, ok := s.records[ref]
		if !ok {
			return provisioning.ErrNotFound
		}
		r := old.Clone()
		if err := s.editRefs(r, name, add, remove); err != nil {
			return err
		}
		s.put(r)
		return nil
	})
	if err != nil {
		return fmt.Errorf("edit %s of %s: %w", name, ref, err)
	}
	return nil
}

// editRefs changes r, which the store does not hold yet. Unknown targets are refused as data.
func (s *Store) editRefs(r *provisioning.Record, name string, add, remove []provisioning.Ref) error {
	have := map[provisioning.Ref]bool{}
	for _, ref := range remove {
		have[ref] = false
	}
	var refs []provisioning.Ref
	for _, ref := range slices.Concat(r.Refs[name], add) {
		if _, seen := have[ref]; seen {
			continue
		}
		if _, ok := s.records[ref]; !ok {
			return fmt.Errorf("%w: %s refers to %s, which is not here", provisioning.ErrInvalid, name, ref)
		}
		have[ref] = true
		refs = append(refs, ref)
	}
	if r.Refs == nil {
		r.Refs = provisioning.Refs{}
	}
	r.Refs[name] = refs
	return nil
}

// Ping has nothing to prove.
func (s *Store) Ping(ctx context.Context) error { return ctx.Err() }

func setAttributes(r *provisioning.Record, attrs provisioning.Attributes) {
	for name, values := range attrs {
		if len(values) == 0 {
			delete(r.Attributes, name)
			continue
		}
		if r.Attributes == nil {
			r.Attributes = provisioning.Attributes{}
		}
		r.Attributes[name] = slices.Clone(values)
	}
}

func targets(links []provisioning.Link) []provisioning.Ref {
	refs := make([]provisioning.Ref, len(links))
	for i, l := range links {
		refs[i] = provisioning.Ref{Kind: l.Kind, ID: l.Target}
	}
	return refs
}

var (
	_ provisioning.Deactivator = (*Store)(nil)
	_ provisioning.RefEditor   = (*Store)(nil)
	_ provisioning.Pinger      = (*Store)(nil)
)
