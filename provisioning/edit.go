package provisioning

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// errWaits says that a change had nothing to write yet.
var errWaits = fmt.Errorf("%w: what it refers to was not created, or not adopted; it waits for that", errNotTried)

// link writes the references of a record, to those targets that are there by now.
func (x *run) link(ctx context.Context, res *Result) {
	c := res.Change
	started := time.Now()
	add, remove := map[string][]Link{}, map[string][]Link{}
	for name, links := range c.Add {
		for _, l := range links {
			target := x.target(l)
			if target == "" {
				// It could not be created, or adopted. That is its own failure, not this record's.
				x.pending(res, name, l)
				continue
			}
			l.Target = target
			add[name] = append(add[name], l)
		}
	}
	for name, links := range c.Remove {
		remove[name] = links
	}
	if onlyRefs(c) && len(add)+len(remove) == 0 {
		x.settle(ctx, res, errWaits)
		return
	}
	err := x.edit(ctx, res, add, remove)
	res.Took += time.Since(started) // before somebody is told
	x.settle(ctx, res, err)
}

func (x *run) edit(ctx context.Context, res *Result, add, remove map[string][]Link) error {
	c := res.Change
	e, ok := x.r.sink.(RefEditor)
	if !ok {
		if len(add)+len(remove) == 0 {
			return nil
		}
		sent := x.current(c)
		after := *sent.After
		after.Attributes = nil
		sent.After, sent.Add, sent.Remove = &after, add, remove
		if sent.Op == Create {
			sent.Op, sent.Before = Update, &Record{Kind: c.Kind, ID: c.Target, ExternalID: c.Source}
		}
		err := x.attempt(ctx, res, "", func(ctx context.Context) error { return x.r.sink.Update(ctx, sent) })
		if err == nil {
			x.edited(res, add, remove)
		}
		return err
	}
	ref := Ref{Kind: c.Kind, ID: c.Target}
	for _, name := range c.RefNames() {
		plus, minus := targetsOf(add[name]), targetsOf(remove[name])
		if len(plus)+len(minus) == 0 {
			continue
		}
		err := x.attempt(ctx, res, name, func(ctx context.Context) error { return e.EditRefs(ctx, ref, name, plus, minus) })
		x.mu.Lock()
		x.written[ref] = true
		x.mu.Unlock()
		if err != nil {
			return err
		}
		x.edited(res, map[string][]Link{name: add[name]}, map[string][]Link{name: remove[name]})
	}
	return nil
}

// edited notes references that were written, whatever becomes of others of the same record: they count for the limits of the day,
// and those that are shared are ours from now on, or no longer.
func (x *run) edited(res *Result, add, remove map[string][]Link) {
	c := res.Change
	x.mu.Lock()
	defer x.mu.Unlock()
	for name, links := range remove {
		if !replaces(c, name) { // as the limit of a run counts them
			x.past.RemovedRefs[c.Kind] += len(links)
			x.past.removeEach(Ref{Kind: c.Kind, ID: c.Source}, name, len(links))
		}
	}
	for name, links := range add {
		if !replaces(c, name) {
			x.past.AddedRefs[c.Kind] += len(links)
		}
	}
	for _, name := range x.r.opts.Policy.SharedRefs {
		if len(add[name])+len(remove[name]) > 0 {
			res.edited = append(res.edited, name)
			x.state.memory.share(Ref{Kind: c.Kind, ID: c.Source}, name, add[name], remove[name])
		}
	}
}

func (x *run) pending(res *Result, name string, to Link) {
	x.mu.Lock()
	defer x.mu.Unlock()
	from := res.Change.Link
	res.Waits = put(res.Waits, name, append(res.Waits[name], to))
	x.waits[Pending{Link: Link{Kind: from.Kind, Source: from.Source}, Name: name}] = true
	x.plan.Pending = append(x.plan.Pending, Pending{Link: from, Name: name, To: Ref{Kind: to.Kind, ID: to.Source}})
}

// target gives the record of the sink that a reference leads to, or "" while it is not there, or not ours: who is to be
// adopted and was not, is a stranger.
func (x *run) target(l Link) ID {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.strange(l) {
		return ""
	}
	return cmp.Or(l.Target, x.created[Ref{Kind: l.Kind, ID: l.Source}])
}

// strange reports whether a record is to be adopted and was not. It is called with x.mu held.
func (x *run) strange(l Link) bool {
	a := x.adopts[Ref{Kind: l.Kind, ID: l.Source}]
	return a != nil && a.Outcome != Done && !a.Written
}

func targetsOf(links []Link) []Ref {
	refs := make([]Ref, len(links))
	for i, l := range links {
		refs[i] = Ref{Kind: l.Kind, ID: l.Target}
	}
	return refs
}
