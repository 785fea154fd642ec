package provisioning

import (
	"slices"
	"time"
)

// historyFor is how long runs are remembered for limits on the last day's changes.
const historyFor = 24 * time.Hour

// A Past is what an earlier run did.
type Past struct {
	At time.Time `json:"at"`
	// Done counts by kind and operation the changes that were made, RemovedRefs the references taken away and AddedRefs those that
	// were added, without any that only took the place of another.
	Done        map[Kind]map[Op]int `json:"done,omitempty"`
	RemovedRefs map[Kind]int        `json:"removedRefs,omitempty"`
	AddedRefs   map[Kind]int        `json:"addedRefs,omitempty"`
	// RemovedEach counts the references taken away from single records of the source, by name, and Changed the records of which an
	// attribute was changed that has a limit.
	RemovedEach ByRef[map[string]int]   `json:"removedEach,omitempty"`
	Changed     map[Kind]map[string]int `json:"changed,omitempty"`
	// Filled are the creations until a first run is good. No limit counts them.
	Filled map[Kind]map[Op]int `json:"filled,omitempty"`
}

// History is what a job did before, as guards see it.
type History struct {
	// Source is how many records of each kind the last good full run read.
	Source map[Kind]int `json:"source,omitempty"`
	// Owned and Active are how many records of the sink were ours after the last run, and enabled; Refs how many references
	// they had. They are counted by every full run, and what was done since is added.
	Owned  map[Kind]int `json:"owned,omitempty"`
	Active map[Kind]int `json:"active,omitempty"`
	Refs   map[Kind]int `json:"refs,omitempty"`
	// Good is when that run was made; zero when there was none.
	Good time.Time `json:"good,omitzero"`
	// Day are the runs of the last 24 hours.
	Day []Past `json:"day,omitempty"`
}

// Done counts the changes of an operation that were made after a moment.
func (h *History) Done(kind Kind, op Op, after time.Time) int {
	n := 0
	for _, p := range h.Day {
		if p.At.After(after) {
			n += p.Done[kind][op]
		}
	}
	return n
}

// removeEach counts references that were taken away from one record of the source.
func (p *Past) removeEach(ref Ref, name string, n int) {
	if n == 0 {
		return
	}
	names, ok := p.RemovedEach.Get(ref)
	if !ok {
		names = map[string]int{}
		p.RemovedEach.Set(ref, names)
	}
	names[name] += n
}

// change counts a record of which an attribute was changed.
func (p *Past) change(kind Kind, name string) {
	if p.Changed == nil {
		p.Changed = map[Kind]map[string]int{}
	}
	if p.Changed[kind] == nil {
		p.Changed[kind] = map[string]int{}
	}
	p.Changed[kind][name]++
}

// removedEach counts the references taken away from one record of the source in the last day.
func (h *History) removedEach(ref Ref, name string) int {
	n := 0
	for _, p := range h.Day {
		names, _ := p.RemovedEach.Get(ref)
		n += names[name]
	}
	return n
}

// changed counts the records of which an attribute was changed in the last day.
func (h *History) changed(kind Kind, name string) int {
	n := 0
	for _, p := range h.Day {
		n += p.Changed[kind][name]
	}
	return n
}

// ownedAt gives how many records of the sink were ours at a moment, as far as the runs of the last day tell.
func (h *History) ownedAt(kind Kind, at time.Time) int {
	n := h.Owned[kind] - h.Done(kind, Create, at) - h.Done(kind, Adopt, at) + h.Done(kind, Delete, at)
	for _, p := range h.Day {
		if p.At.After(at) {
			n -= p.Filled[kind][Create]
		}
	}
	return n
}

// mostRefs gives the greatest number of references that there were at once within the last day, of which there are so many now. One
// that was removed and added again is counted once.
func (h *History) mostRefs(kind Kind, now int) int {
	most := now
	for _, p := range slices.Backward(h.Day) {
		now += p.RemovedRefs[kind] - p.AddedRefs[kind]
		most = max(most, now)
	}
	return most
}

// follow brings the populations up to date with what a run has done since they were counted.
func (h *History) follow(results []*Result, done *Past) {
	add := func(to *map[Kind]int, kind Kind, n int) {
		if *to == nil {
			*to = map[Kind]int{}
		}
		(*to)[kind] = max(0, (*to)[kind]+n)
	}
	for _, res := range results {
		c := res.Change
		if res.Outcome != Done && !res.Written || res.gone {
			continue
		}
		switch {
		case c.Op == Create || c.Op == Adopt:
			add(&h.Owned, c.Kind, 1)
			if !c.After.Disabled {
				add(&h.Active, c.Kind, 1)
			}
		case c.Op == Reactivate:
			add(&h.Active, c.Kind, 1)
		case c.Op == Deactivate:
			add(&h.Active, c.Kind, -1)
		case c.Op == Delete:
			add(&h.Owned, c.Kind, -1)
			if c.Before != nil && !c.Before.Disabled {
				add(&h.Active, c.Kind, -1)
			}
		}
	}
	for kind, n := range done.AddedRefs {
		add(&h.Refs, kind, n)
	}
	for kind, n := range done.RemovedRefs {
		add(&h.Refs, kind, -n)
	}
}

// forget drops what is older than a day, or is still to come by more than that, as it is once a clock has been put back.
func (h *History) forget(now time.Time) {
	var day []Past
	for _, p := range h.Day {
		if now.Sub(p.At).Abs() < historyFor {
			day = append(day, p)
		}
	}
	h.Day = day
}
