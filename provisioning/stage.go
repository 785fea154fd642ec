package provisioning

import (
	"maps"
	"slices"
)

// OnRefused says what becomes of a plan against a part of which guards have something.
type OnRefused string

const (
	// RefuseAll does nothing of it.
	RefuseAll OnRefused = ""
	// StageRisky makes the changes that no refusal concerns, and stages the others: they are a plan of their own, in
	// [Report.Staged], which waits until somebody approves it. A change is made or staged as a whole: a group that
	// loses most of its members gets no new ones either, for what an operator approves is the change as it was read. References
	// to a record whose creation is staged wait with it, and one whose removal is staged keeps its memberships. A
	// refusal that does not say which changes it concerns puts the whole read in doubt, and then nothing is done.
	StageRisky OnRefused = "stage"
)

// stage splits a plan into what no refusal concerns and what one does. There is no second part when a refusal concerns
// the plan as a whole. Alone are the records of the sink that those concern which are against one.
func (p *Plan) stage(refusals []*Refusal, alone map[*Refusal]Ref) (safe, staged *Plan) {
	rest, risky, ok := p.part(refusals, alone)
	if !ok {
		return p, nil
	}
	s := newSplit(p, risky)
	s.staged.Refusals = refusals
	for _, c := range rest {
		s.keep(c)
	}
	return s.safe, s.staged
}

// part gives the changes that no refusal concerns, and the others; not ok says that a refusal concerns none of them, so that it is
// against the plan as a whole.
func (p *Plan) part(refusals []*Refusal, alone map[*Refusal]Ref) (rest, risky []*Change, ok bool) {
	var several []*Refusal
	one := map[Ref][]*Refusal{}
	for _, r := range refusals {
		ref, is := alone[r]
		switch {
		case r.Concerns == nil:
			return nil, nil, false
		case is: // There may be as many as changes, so each is asked about its own.
			one[ref] = append(one[ref], r)
		default:
			several = append(several, r)
		}
	}
	found := map[*Refusal]bool{}
	strange := map[Ref]bool{} // Who is not adopted yet is not disabled: an adoption comes before that in a plan.
	for _, c := range p.Changes {
		ref := Ref{Kind: c.Kind, ID: c.Source}
		is := strange[ref]
		for _, some := range [][]*Refusal{several, one[Ref{Kind: c.Kind, ID: c.Target}]} {
			for _, r := range some {
				if (!is || !found[r]) && r.Concerns(c) {
					is, found[r] = true, true
				}
			}
		}
		if is {
			risky = append(risky, c)
			strange[ref] = strange[ref] || c.Op == Adopt
		} else {
			rest = append(rest, c)
		}
	}
	return rest, risky, !slices.ContainsFunc(refusals, func(r *Refusal) bool { return !found[r] })
}

// A split is a plan that is being taken apart.
type split struct {
	safe, staged *Plan
	creating     map[Ref]bool // records of the source whose creation is staged, or whose adoption
	removing     map[Ref]bool // records of the sink that are to be disabled or deleted, which is staged
}

func newSplit(p *Plan, risky []*Change) *split {
	safe := *p
	s := &split{safe: &safe, creating: map[Ref]bool{}, removing: map[Ref]bool{}}
	s.safe.Changes = []*Change{}
	s.safe.Pending = slices.Clone(p.Pending)
	of, removing := map[Ref]bool{}, map[Ref]bool{}
	for _, c := range risky {
		ref := Ref{Kind: c.Kind, ID: c.Source}
		of[ref] = true
		switch c.Op {
		case Create, Adopt:
			s.creating[ref] = true
		case Deactivate, Delete:
			removing[ref] = true
			s.removing[Ref{Kind: c.Kind, ID: c.Target}] = true
		}
	}
	concerns := func(l Link) bool { return of[Ref{Kind: l.Kind, ID: l.Source}] }
	waits := func(g Tombstone) bool { return removing[Ref{Kind: g.Kind, ID: g.Source}] }
	// It is partial, and without a Cursor: when it is applied it tells of its own records only.
	s.staged = &Plan{
		Format: p.Format, Made: p.Made, Fingerprint: p.Fingerprint, Partial: true, Foreign: p.Foreign, ForeignKinds: p.ForeignKinds, Changes: risky, Counts: p.Counts,
		Concerned: slices.SortedFunc(maps.Keys(of), compareRefs),
		Held:      only(p.Held, func(h Held) bool { return concerns(h.Link) }),
		Pending:   only(p.Pending, func(w Pending) bool { return concerns(w.Link) }),
		Gone:      only(p.Gone, waits),
	}
	// Who is not disabled yet has no grace period that runs.
	s.safe.Gone = only(p.Gone, func(g Tombstone) bool { return !waits(g) })
	for ref := range of {
		if at, ok := p.Later.Get(ref); ok {
			s.staged.Later.Set(ref, at)
		}
	}
	return s
}

// keep takes a change that no refusal concerns. Its references to records whose creation is staged wait, as those to
// records do that the sink does not have; and so do those to whom the sink has and who is to be adopted, for until that is
// approved it is a stranger. Nor does anybody whose removal is staged lose a membership before it is approved; only one
// that is replaced by another, as a manager is, is no loss.
func (s *split) keep(c *Change) {
	kept := *c
	kept.Add, kept.Remove = nil, nil
	for name, links := range c.Remove {
		for _, l := range links {
			if !replaces(c, name) && s.removing[Ref{Kind: l.Kind, ID: l.Target}] {
				s.staged.withheld = append(s.staged.withheld, Ref{Kind: c.Kind, ID: c.Source})
				continue
			}
			kept.Remove = put(kept.Remove, name, append(kept.Remove[name], l))
		}
	}
	for name, links := range c.Add {
		for _, l := range links {
			if to := (Ref{Kind: l.Kind, ID: l.Source}); s.creating[to] {
				s.safe.Pending = append(s.safe.Pending, Pending{Link: c.Link, Name: name, To: to})
				continue
			}
			kept.Add = put(kept.Add, name, append(kept.Add[name], l))
		}
	}
	if onlyRefs(&kept) && !kept.refers() {
		return // All that it is for waits.
	}
	s.safe.Changes = append(s.safe.Changes, &kept)
}

// follow brings a staged plan up to date with what was done beside it, so that its changes still fit when it is
// approved: records that it refers to have been created, or were not adopted, and others of its own have been written to.
func (p *Plan) follow(results []*Result) {
	created, written, disabled, strange := map[Ref]ID{}, map[Ref]bool{}, map[Ref]bool{}, map[Ref]bool{}
	for _, res := range results {
		c := res.Change
		if res.Outcome != Done && !res.Written {
			if c.Op == Adopt {
				strange[Ref{Kind: c.Kind, ID: c.Source}] = true
			}
			continue
		}
		written[Ref{Kind: c.Kind, ID: c.Target}] = true
		switch c.Op {
		case Create:
			created[Ref{Kind: c.Kind, ID: c.Source}] = c.Target
		case Deactivate:
			disabled[Ref{Kind: c.Kind, ID: c.Target}] = true
		}
	}
	for i, c := range p.Changes {
		now := *c
		if target := (Ref{Kind: c.Kind, ID: c.Target}); c.Before != nil && written[target] {
			before := *c.Before
			before.Version = ""
			if disabled[target] && c.Op == Update {
				after := *c.After
				before.Disabled, after.Disabled = true, true
				now.After = &after
			}
			now.Before = &before
		}
		now.Add = nil
		for name, links := range c.Add {
			links = slices.Clone(links)
			for i, l := range links {
				if to := (Ref{Kind: l.Kind, ID: l.Source}); l.Target == "" || strange[to] {
					links[i].Target = created[to]
				}
			}
			now.Add = put(now.Add, name, links)
		}
		p.Changes[i] = &now
	}
}

func only[T any](all []T, which func(T) bool) []T {
	var some []T
	for _, v := range all {
		if which(v) {
			some = append(some, v)
		}
	}
	return some
}
