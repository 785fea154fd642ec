package provisioning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// ErrStale says that a saved plan no longer fits. The error is a [*StaleError].
var ErrStale = errors.New("plan is stale")

// errStale marks a change whose record is no longer as the plan says.
var errStale = fmt.Errorf("%w: the record was changed in the sink since; the next plan sees it as it is", ErrStale)

// errProtected marks a change of a record that the policy has protected since.
var errProtected = fmt.Errorf("%w: the policy protects it by now", ErrStale)

// errUnread marks a change of a record of which nobody can tell how it is.
var errUnread = fmt.Errorf("%w: the sink has a record that cannot be read by now and may be this one; the next plan tells", ErrStale)

// errOverdue marks a change that enables or disables a record of which the opposite is due by now.
var errOverdue = fmt.Errorf("%w: its first or its last day has come since the plan was made; the next plan sees that", ErrStale)

// overdue reports whether one of the bounds that a change goes by has passed since the plan was made.
func (x *run) overdue(c *Change, now time.Time) bool {
	passed := func(bound time.Time) bool { return bound.After(x.plan.Made) && !bound.After(now) }
	return c.After != nil && (passed(c.After.ValidFrom) || passed(c.After.ValidUntil))
}

// A StaleError says that a plan was made from another configuration, other rules or another policy, or that some of its
// records are no longer as it says; the rest of it was done then.
type StaleError struct {
	Digest string
	Made   time.Time
	// Records are those that were changed; empty when the whole plan is stale.
	Records []Link
}

func (e *StaleError) Error() string {
	if n := len(e.Records); n > 0 {
		var names []string
		for _, l := range e.Records[:min(n, mostRivals)] {
			names = append(names, string(l.Kind)+"/"+string(cmp.Or(l.Target, l.Source)))
		}
		if n > mostRivals {
			names = append(names, fmt.Sprintf("and %d more", n-mostRivals))
		}
		return fmt.Sprintf("plan %s of %s is stale for %d records, which are no longer as it says: %s; the next plan sees them as they are",
			e.Digest, e.Made.Format(time.RFC3339), n, strings.Join(names, ", "))
	}
	return fmt.Sprintf("plan %s of %s is stale: the configuration or the rules were changed since; make the plan again",
		e.Digest, e.Made.Format(time.RFC3339))
}

// Is makes errors.Is(err, ErrStale) true.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// verify compares the records that a saved plan touches with what it says of them. Those that are others now are
// not tried; the rest can go on.
func (x *run) verify(ctx context.Context) error {
	for _, kind := range x.r.kinds() {
		byTarget, bySource, deletes := map[ID][]*Result{}, map[ID]*Result{}, map[ID]*Result{}
		for _, res := range x.results {
			switch {
			case res.Change.Kind != kind:
			case res.Change.Op == Create:
				bySource[res.Change.Source] = res
				if x.begun(res.Change) {
					res.Err = errBegun
				}
			default:
				byTarget[res.Change.Target] = append(byTarget[res.Change.Target], res)
				if res.Change.Op == Delete {
					deletes[res.Change.Source] = res
				}
			}
		}
		if len(byTarget)+len(bySource) == 0 {
			continue
		}
		seen, back := map[ID]bool{}, map[ID]bool{}
		check := func(h *Record) {
			source := x.state.links.sourceOf(h)
			if res := bySource[source]; res != nil {
				res.Err = errStale
			}
			if res := deletes[source]; res != nil && res.Change.Target != h.ID {
				back[source] = true
			}
			for _, res := range byTarget[h.ID] {
				seen[h.ID] = true
				switch {
				case !x.as(res.Change, h):
					res.Err = errStale
				case x.r.opts.Policy.protects(h):
					res.Err = errProtected
				}
			}
		}
		blind, unsure := false, map[ID]bool{} // Who may have come back as a record that cannot be read.
		unread := func(re *RecordError) {
			for _, res := range byTarget[re.Ref.ID] {
				res.Err = errUnread
			}
			of := x.state.links.source(re.Ref)
			if of == "" && re.Record != nil {
				of = re.Record.ExternalID
			}
			if of == "" && re.Record == nil { // It may be anybody's.
				blind = true
			}
			unsure[of] = true
		}
		sources := slices.Concat(slices.Collect(maps.Keys(bySource)), slices.Collect(maps.Keys(deletes)))
		if err := x.eachOf(ctx, kind, slices.Collect(maps.Keys(byTarget)), sources, check, unread); err != nil {
			return fmt.Errorf("check whether the plan still fits: %w", err)
		}
		for id, all := range byTarget {
			for _, res := range all {
				switch {
				case seen[id] || res.Err != nil:
				case res.Change.Op != Delete:
					res.Err = errStale
				case back[res.Change.Source]:
					res.Err = errBack
				case blind || unsure[res.Change.Source]:
					res.Err = errUnread
				default:
					res.gone = true
				}
			}
		}
		for source, res := range bySource {
			if res.Err == nil && (blind || unsure[source]) {
				res.Err = errUnread
			}
		}
	}
	now := time.Now()
	for _, res := range x.results {
		if res.Err == nil && x.overdue(res.Change, now) {
			res.Err = errOverdue
		}
		if res.Err != nil {
			x.settle(ctx, res, res.Err)
		}
	}
	return nil
}

// errBack marks a deletion that was made since the plan was, of somebody who has come back as another record since.
var errBack = fmt.Errorf("%w: it was deleted before, and its person came back as another record", ErrStale)

// errBegun marks a creation of which nobody knows whether it was made since the plan was.
var errBegun = fmt.Errorf("%w: a run since the plan was made may have created the record; the next plan tells", ErrStale)

// begun reports whether a run was about to make a creation since the plan was made, and what became of it is not known. What was
// made is not linked, so that nothing in the sink tells whose it is.
func (x *run) begun(c *Change) bool {
	creation, ok := x.state.memory.Creating.Get(Ref{Kind: c.Kind, ID: c.Source})
	return ok && !creation.At.Before(x.plan.Made)
}

// findAtOnce is how many records are looked for in one Lookup, and findMost how many at all before reading everything is
// cheaper.
const (
	findAtOnce = 50
	findMost   = 2000
)

// eachOf calls check with the records of the sink that a plan touches, and those that belong to the same ones of the source, and
// unread with the errors of those that cannot be read.
func (x *run) eachOf(ctx context.Context, kind Kind, targets, sources []ID, check func(*Record), unread func(*RecordError)) error {
	f, ok := x.r.sink.(Finder)
	if !ok || len(targets)+len(sources) > findMost {
		return each(x.r.sink.Records(ctx, kind), check, unread)
	}
	var ids, externals []string
	for _, id := range targets {
		ids = append(ids, string(id))
	}
	for _, id := range sources {
		externals = append(externals, string(id))
		if target := x.state.links.Target(Ref{Kind: kind, ID: id}); target != "" {
			ids = append(ids, string(target))
		}
	}
	slices.Sort(ids)
	return errors.Join(
		findEach(ctx, f, kind, ByID, slices.Compact(ids), check, unread),
		findEach(ctx, f, kind, ByExternalID, externals, check, unread),
	)
}

// adopted reports whether a plan adopts a record.
func (x *run) adopted(l Link) bool {
	a := x.adopts[Ref{Kind: l.Kind, ID: l.Source}]
	return a != nil && a.Change.Link == l
}

// as reports whether a record of the sink is as a change says that it is before.
func (x *run) as(c *Change, h *Record) bool {
	if source := x.state.links.sourceOf(h); source != c.Source && (source != "" || !x.adopted(c.Link) && !slices.Contains(x.plan.Relinked, c.Link)) {
		return false // It has been linked with another, or unlinked.
	}
	b := c.Before
	if b == nil {
		return true
	}
	if b.Version != "" && h.Version != "" {
		return b.Version == h.Version
	}
	if !x.ours(c) {
		return false
	}
	for _, name := range c.RefNames() {
		has := make(map[Ref]bool, len(h.Refs[name]))
		for _, ref := range h.Refs[name] {
			has[ref] = true
		}
		for _, ref := range targetsOf(c.Remove[name]) {
			if !has[ref] {
				return false
			}
		}
		for _, ref := range targetsOf(c.Add[name]) {
			if has[ref] {
				return false
			}
		}
	}
	if b.Disabled != h.Disabled && c.Op != Deactivate {
		return false
	}
	if c.After != nil {
		for name := range c.After.Attributes {
			if !sameSet(b.Attributes[name], h.Attributes[name]) {
				return false
			}
		}
	}
	return true
}
