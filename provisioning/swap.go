package provisioning

import (
	"fmt"
	"slices"
	"strings"
)

// Some people may be to have one another's values: two who swap their names. Each write is refused while the other keeps its own, so
// no order of them will do. A value that stands for one of them for a moment would, and is not written: strangers see a login name, mail
// goes to an address, a sink has rules for what is one, and a run that is killed leaves it. Who does so is told instead who waits for whom.

// tellWhoWaits adds, to the errors of changes that a sink refused because another record has one of their values, who is to give it up.
func (x *run) tellWhoWaits(refused []*Result) {
	holders := map[freed]int{}
	for i, res := range refused {
		for _, v := range res.Change.givesUp() {
			holders[v] = i
		}
	}
	// Of each, the one whose value it waits for, and the name of that.
	next, names := make([]int, len(refused)), make([]string, len(refused))
	for i, res := range refused {
		next[i] = -1
		for _, v := range x.wants(res.Change) {
			if holder, ok := holders[v]; ok && holder != i {
				next[i], names[i] = holder, v.name
				break
			}
		}
	}
	rings := ringsOf(next)
	for i, res := range refused {
		if next[i] < 0 {
			continue
		}
		other := refused[next[i]].Change.ref()
		ring := rings[i]
		if ring == nil {
			res.taken = fmt.Errorf("%w; it is to have the %s of %s, which keeps it because its own change failed: mend that first", res.taken, names[i], other)
			continue
		}
		var all []string
		for _, member := range ring[:min(len(ring), mostRivals)] {
			all = append(all, refused[member].Change.ref().String())
		}
		if more := len(ring) - mostRivals; more > 0 {
			all = append(all, fmt.Sprintf("%d more", more))
		}
		slices.Sort(all)
		res.taken = fmt.Errorf("%w; it is to have the %s of %s, and none of these can be written before the others: %s. Give one of them another %s in the sink by hand, and run again with Options.Again, which does the rest",
			res.taken, names[i], other, strings.Join(all, ", "), names[i])
	}
}

// wants gives the values that a change gives its record and that must be one record's, as far as the policy tells.
func (x *run) wants(c *Change) []freed {
	var all []freed
	for _, name := range c.Changed() {
		if unique := x.r.opts.Policy.Unique; len(unique) > 0 && !slices.Contains(unique, name) {
			continue
		}
		for _, v := range c.After.Attributes[name] {
			if c.gives(name, fold(v)) {
				all = append(all, freed{name, fold(v)})
			}
		}
	}
	return all
}

// ringsOf gives, of a graph in which each leads to one other or, when negative, to none, the rings by their members.
func ringsOf(next []int) map[int][]int {
	rings := map[int][]int{}
	walks := make([]int, len(next)) // the walk in which each was come to, counted from one
	for start := range next {
		var path []int
		i := start
		for ; i >= 0 && walks[i] == 0; i = next[i] {
			walks[i] = start + 1
			path = append(path, i)
		}
		if i < 0 || walks[i] != start+1 {
			continue
		}
		ring := path[slices.Index(path, i):]
		for _, member := range ring {
			rings[member] = ring
		}
	}
	return rings
}

func (c *Change) ref() Ref { return Ref{Kind: c.Kind, ID: c.Source} }
