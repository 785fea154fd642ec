package provisioning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The sink tells who has a value that must be one record's, but not who else of the source shall have it, or may be the one
// that an account of the sink belongs to, while neither is there yet; nor, where the mapper gives the ExternalIDs, who else it
// gives the same. A full run sees them. So before one record on demand is given any of these, the source is read for others
// that it may be meant for, and these are compared too.

// A contest is what a plan gives a record of the source and nobody else may be meant to have.
type contest struct {
	ref      Ref
	external ID                         // what the sink is to call it
	unique   map[string]map[string]bool // folded values, by the name of the attribute
	rules    []Match
	accounts []*Record // those that are adopted
}

// contest says what a plan for one record gives it anew; nil when that is nothing of the kind. Foreign says that the mapper gives
// ExternalIDs of its own.
func (r *Reconciler) contest(ctx context.Context, p *Plan, ref Ref, foreign bool) (*contest, error) {
	k := &contest{ref: ref, unique: map[string]map[string]bool{}, rules: r.opts.Policy.Adopt}
	for _, c := range p.Changes {
		if c.Reason == unseen || c.Reason == unscoped {
			continue
		}
		k.external = c.Source
		for _, name := range r.opts.Policy.Unique {
			for _, v := range c.After.Attributes[name] { // none of a Deactivate
				if v = fold(v); v != "" && c.gives(name, v) {
					if k.unique[name] == nil {
						k.unique[name] = map[string]bool{}
					}
					k.unique[name][v] = true
				}
			}
		}
		if c.Op != Adopt {
			continue
		}
		err := each(Find(ctx, r.sink, Lookup{Kind: c.Kind, By: ByID, Values: []string{string(c.Target)}}), func(h *Record) { k.accounts = append(k.accounts, h) }, nil)
		if err != nil {
			return nil, fmt.Errorf("read %s/%s of the sink, which is to be adopted: %w", c.Kind, c.Target, err)
		}
	}
	if len(k.unique)+len(k.accounts) == 0 && (!foreign || k.external == "") {
		return nil, nil
	}
	return k, nil
}

// gives reports whether a change gives a record a value that is not ours yet.
func (c *Change) gives(name, folded string) bool {
	if c.Op == Create || c.Op == Adopt || c.Before == nil {
		return true
	}
	return !slices.ContainsFunc(c.Before.Attributes[name], func(v string) bool { return fold(v) == folded })
}

// meets reports whether a mapped record is to have something of it too, or the same ExternalID.
func (k *contest) meets(w *Record) bool {
	if w.ExternalID == k.external {
		return true
	}
	for name, values := range k.unique {
		if slices.ContainsFunc(w.Attributes[name], func(v string) bool { return values[fold(v)] }) {
			return true
		}
	}
	for i := range k.rules {
		if slices.ContainsFunc(k.accounts, func(h *Record) bool { return k.rules[i].joins(w, h) }) {
			return true
		}
	}
	return false
}

// rivals gives the other records of the source, mapped, that are to have what a plan for one record gives that. The source is
// read only when there is something of the kind.
func (r *Reconciler) rivals(ctx context.Context, st *jobState, p *Plan, ref Ref) ([]*Record, error) {
	k, err := r.contest(ctx, p, ref, p.Foreign || st.memory.Foreign)
	if k == nil {
		return nil, err
	}
	var rivals []*Record
	for src, err := range r.reading(ctx, "source", ref.Kind, r.source.Records) {
		switch {
		case errors.As(err, new(*RecordError)):
			continue // One that is held, or out of scope, is nobody's rival.
		case err == nil && src == nil:
			err = errNothing
		}
		if err != nil {
			return nil, fmt.Errorf("read who else of the source may be meant to have what %s is to get: %w", ref, err)
		}
		if src.ID == "" || src.ID == ref.ID {
			continue
		}
		if w, err := r.mapRecord(ref.Kind, src); err == nil && k.meets(w) {
			rivals = append(rivals, w)
		}
	}
	return rivals, nil
}

// takeRivals takes mapped records into s, and gives what they are called there.
func takeRivals(s *Snapshot, rivals []*Record, at time.Time) (map[Ref]bool, error) {
	refs := map[Ref]bool{}
	for _, w := range rivals {
		w = w.Clone()
		w.settle(at)
		if err := s.Add(w); err != nil {
			return nil, err
		}
		refs[Ref{Kind: w.Kind, ID: w.ExternalID}] = true
	}
	return refs, nil
}

// errAdopts says why what changed is not enough for a plan.
var errAdopts = fmt.Errorf("%w: a record of the sink is to be adopted, and only all of the source tell whether another one may be it as well", errFull)

// adopts reports whether a plan adopts anybody.
func (p *Plan) adopts() bool {
	return slices.ContainsFunc(p.Changes, func(c *Change) bool { return c.Op == Adopt })
}

// leaveOut takes records out of a plan that were compared for the sake of others. References to one that is to be adopted wait.
func (p *Plan) leaveOut(refs map[Ref]bool) {
	if len(refs) == 0 {
		return
	}
	of := func(l Link) bool { return refs[Ref{Kind: l.Kind, ID: l.Source}] }
	adopted := map[Ref]bool{}
	p.Changes = slices.DeleteFunc(p.Changes, func(c *Change) bool {
		if of(c.Link) && c.Op == Adopt {
			adopted[Ref{Kind: c.Kind, ID: c.Source}] = true
		}
		return of(c.Link)
	})
	p.Held = slices.DeleteFunc(p.Held, func(h Held) bool { return of(h.Link) })
	p.Pending = slices.DeleteFunc(p.Pending, func(w Pending) bool { return of(w.Link) })
	p.Gone = slices.DeleteFunc(p.Gone, func(g Tombstone) bool { return of(g.Link) })
	for ref := range refs {
		p.Later.Delete(ref)
	}
	p.await(adopted)
}
