package provisioning

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// limits judges a plan by Limits and DayLimits.
func (r *Reconciler) limits(p *Plan, h *History) *judgement {
	j := &judgement{plan: p, history: h, run: &r.opts.Limits, day: &r.opts.DayLimits, alone: map[*Refusal]Ref{}}
	for _, kind := range r.kinds() {
		j.ops(kind)
		j.refs(kind)
		j.sourceFloor(kind)
		j.sinkFloor(kind)
		j.attributes(kind)
	}
	j.canaries()
	return j
}

// A Measure is one number of a plan beside the limit that it was judged by.
type Measure struct {
	// Rule names what was judged, as [Refusal.Rule] does, and Option the field of Options that the limit is from.
	Rule   string `json:"rule"`
	Kind   Kind   `json:"kind,omitempty"`
	Option string `json:"option"`
	// Number is what the plan has, with what was done in the last 24 hours for a limit of the day; Limit is the most
	// that may be.
	Number int `json:"number"`
	Limit  int `json:"limit"`
}

// A judgement collects what limits have against one plan.
type judgement struct {
	plan     *Plan
	history  *History
	run, day *Limits
	errs     []error
	measures []Measure
	alone    map[*Refusal]Ref // the record of the sink that a refusal concerns, where that is one alone
}

var opTexts = map[Op]string{
	Create: "creates", Adopt: "adopts", Update: "changes", Deactivate: "deactivates", Reactivate: "reactivates", Delete: "deletes",
}

func (j *judgement) ops(kind Kind) {
	owned, active, _ := j.population(kind)
	n := map[Op]int{}
	for _, c := range j.plan.Changes {
		if c.Kind == kind && !finishes(c) {
			n[c.Op]++
		}
	}
	def := defaultLimits()
	for _, l := range []struct {
		op            Op
		name          string
		run, day, def Limit
		population    int
	}{
		{Create, "Create", j.run.Create, j.day.Create, def.Create, owned},
		{Adopt, "Adopt", j.run.Adopt, j.day.Adopt, def.Adopt, owned + n[Adopt]},
		{Update, "Update", j.run.Update, j.day.Update, def.Update, owned},
		{Deactivate, "Deactivate", j.run.Deactivate, j.day.Deactivate, def.Deactivate, active},
		{Reactivate, "Reactivate", j.run.Reactivate, j.day.Reactivate, def.Reactivate, owned},
		{Delete, "Delete", j.run.Delete, j.day.Delete, def.Delete, owned},
	} {
		run := l.run.or(l.def)
		if (l.op == Create || l.op == Adopt) && j.history.Good.IsZero() {
			run = l.run // The default waits for the first good run.
		}
		past := j.history.Done(kind, l.op, j.plan.Made.Add(-historyFor))
		of := func(c *Change) bool { return c.Kind == kind && c.Op == l.op && !finishes(c) }
		j.most(string(l.op), kind, "Limits."+l.name, run, n[l.op], 0, l.population, opTexts[l.op]+" %d %ss", of)
		day := l.population
		switch l.op { // They were among them when the day began.
		case Deactivate: // Who got access again since is counted already.
			day += max(0, past-j.history.Done(kind, Reactivate, j.plan.Made.Add(-historyFor)))
		case Delete:
			day += past
		}
		j.most(string(l.op), kind, "DayLimits."+l.name, l.day.or(run), n[l.op], past, day, opTexts[l.op]+" %d %ss", of)
	}
}

// finishes reports whether a change only adds references, as one does that finishes what a run began that was killed.
func finishes(c *Change) bool {
	return onlyRefs(c) && len(c.Remove) == 0
}

// population is what shares are taken of: what this plan counted, or the last full one if this one is partial.
func (j *judgement) population(kind Kind) (owned, active, refs int) {
	if j.plan.Partial {
		return j.history.Owned[kind], j.history.Active[kind], j.history.Refs[kind]
	}
	counts := j.plan.count(kind)
	for _, n := range counts.Refs {
		refs += n
	}
	return counts.Owned, counts.Active, refs
}

// most refuses n, with past of the last day, when that is more than a limit.
func (j *judgement) most(rule string, kind Kind, option string, l Limit, n, past, population int, text string, of func(*Change) bool) {
	most, bounded := l.most(population)
	if bounded {
		j.measures = append(j.measures, Measure{Rule: rule, Kind: kind, Option: "Options." + option, Number: n + past, Limit: most})
	}
	if !bounded || n == 0 || n+past <= most {
		return
	}
	said := func(err error) bool {
		r, ok := err.(*Refusal)
		return ok && r.Rule == rule && r.Kind == kind && rule != "attribute" // Of these another one may be meant.
	}
	if past == 0 && strings.HasPrefix(option, "Day") && slices.ContainsFunc(j.errs, said) {
		return // The limit of the run says it already.
	}
	words := fmt.Sprintf("it "+text, n, kind)
	if past > 0 {
		words += fmt.Sprintf(", after %d in the last 24 hours, which makes %d", past, n+past)
	}
	j.errs = append(j.errs, &Refusal{
		Rule: rule, Kind: kind, Number: n + past, Limit: most, Of: population, Option: "Options." + option,
		Text: fmt.Sprintf("%s of %d; at most %d may be", words, population, most), Concerns: of,
	})
}

func (j *judgement) refs(kind Kind) {
	total := 0
	_, _, had := j.population(kind)
	each := j.run.RemoveRefsEach.or(defaultLimits().RemoveRefsEach)
	for _, c := range j.plan.Changes {
		if c.Kind != kind {
			continue
		}
		for name, links := range c.Remove {
			if replaces(c, name) {
				continue
			}
			total += len(links)
			refused := j.each(c, name, each, "Limits.RemoveRefsEach", 0)
			past := j.history.removedEach(Ref{Kind: kind, ID: c.Source}, name)
			if past > 0 || !refused {
				j.each(c, name, j.day.RemoveRefsEach.or(each), "DayLimits.RemoveRefsEach", past)
			}
		}
	}
	past := 0
	for _, p := range j.history.Day {
		past += p.RemovedRefs[kind]
	}
	of := func(c *Change) bool {
		for name := range c.Remove {
			if c.Kind == kind && !replaces(c, name) {
				return true
			}
		}
		return false
	}
	run := j.run.RemoveRefs.or(defaultLimits().RemoveRefs)
	j.most("removeRefs", kind, "Limits.RemoveRefs", run, total, 0, had, "removes %d references of %ss", of)
	j.most("removeRefs", kind, "DayLimits.RemoveRefs", j.day.RemoveRefs.or(run), total, past, j.history.mostRefs(kind, had), "removes %d references of %ss", of)
}

// each refuses what takes too many references away from one record, and reports whether it did. Those that were taken away in the last
// day, as many as past says, were among them when it began.
func (j *judgement) each(c *Change, name string, l Limit, option string, past int) bool {
	n, had := len(c.Remove[name]), c.Had[name]
	most, bounded := l.most(had + past)
	if !bounded || n+past <= most {
		return false
	}
	text := fmt.Sprintf("it removes %d of the %d %s of %s %s; ", n, had, name, c.Kind, c.Target)
	if past > 0 {
		text += fmt.Sprintf("that is after %d in the last 24 hours, which makes %d of %d; ", past, n+past, had+past)
	}
	refusal := &Refusal{
		Rule: "removeRefsEach", Kind: c.Kind, Number: n + past, Limit: most, Of: had + past, Option: "Options." + option,
		Text: text + fmt.Sprintf("at most %d may be", most),
		Concerns: func(other *Change) bool {
			return other.Kind == c.Kind && other.Target == c.Target && len(other.Remove[name]) > 0
		},
	}
	j.errs = append(j.errs, refusal)
	j.alone[refusal] = Ref{Kind: c.Kind, ID: c.Target}
	return true
}

// replaces reports whether one reference is only replaced by another, as a manager is.
func replaces(c *Change, name string) bool { return len(c.Add[name]) == 1 && len(c.Remove[name]) == 1 }

// sourceFloor refuses a source that gave far fewer records than last time.
func (j *judgement) sourceFloor(kind Kind) {
	last := j.history.Source[kind]
	got := j.plan.count(kind).Source
	least, bounded := leastOf(last, j.run.SourceFloor, defaultLimits().SourceFloor)
	least = max(1, least) // Nothing at all is always too few.
	if j.plan.Partial || !bounded || last == 0 || got >= least {
		return
	}
	j.errs = append(j.errs, &Refusal{
		Rule: "sourceFloor", Kind: kind, Number: got, Limit: least, Of: last, Option: "Options.Limits.SourceFloor",
		Text: fmt.Sprintf("the source gave %d %ss, the last good run read %d; at least %d must be%s", got, kind, last, least, j.overtaken()),
	})
}

// sinkFloor refuses to create what a sink that gave far fewer of our records than the last run left there may still have. It is
// against the plan as a whole, so that what was left there is still known when the next one is judged.
func (j *judgement) sinkFloor(kind Kind) {
	last := j.history.ownedAt(kind, j.plan.Made)
	got := j.plan.count(kind).Owned
	least, bounded := leastOf(last, j.run.SinkFloor, defaultLimits().SinkFloor)
	of := func(c *Change) bool { return c.Kind == kind && c.Op == Create }
	if j.plan.Partial || !bounded || got >= least || !slices.ContainsFunc(j.plan.Changes, of) {
		return
	}
	j.errs = append(j.errs, &Refusal{
		Rule: "sinkFloor", Kind: kind, Number: got, Limit: least, Of: last, Option: "Options.Limits.SinkFloor",
		Text: fmt.Sprintf("the sink gave %d %ss of ours, the last run left %d; at least %d must be, or some are created twice%s", got, kind, last, least, j.overtaken()),
	})
}

// leastOf gives the least number that a floor allows of what was there before. As with the other limits, a small
// population counts as 50.
func leastOf(last int, floor, byDefault float64) (int, bool) {
	if floor == 0 {
		floor = byDefault
	}
	return last - int((1-floor)*float64(max(last, 50))+1e-9), floor >= 0
}

// attributes refuses one attribute changing for too many.
func (j *judgement) attributes(kind Kind) {
	owned, _, _ := j.population(kind)
	names := maps.Clone(j.run.Attributes)
	if names == nil {
		names = map[string]Limit{}
	}
	for name := range j.day.Attributes {
		names[name] = j.run.Attributes[name]
	}
	for name, run := range names {
		n := 0
		of := func(c *Change) bool {
			return c.Kind == kind && c.Op != Create && slices.Contains(c.Changed(), name)
		}
		for _, c := range j.plan.Changes {
			if of(c) {
				n++
			}
		}
		before, past := len(j.errs), j.history.changed(kind, name)
		text := "changes " + name + " of %d %ss"
		j.most("attribute", kind, fmt.Sprintf("Limits.Attributes[%q]", name), run, n, 0, owned, text, of)
		if past > 0 || len(j.errs) == before {
			j.most("attribute", kind, fmt.Sprintf("DayLimits.Attributes[%q]", name), j.day.Attributes[name].or(run), n, past, owned, text, of)
		}
	}
}

func (j *judgement) canaries() {
	if j.plan.Partial {
		return
	}
	for _, ref := range j.run.Canaries {
		if !slices.Contains(j.plan.Canaries, ref) {
			j.errs = append(j.errs, &Refusal{
				Rule: "canary", Kind: ref.Kind, Limit: 1, Option: "Options.Limits.Canaries",
				Text: fmt.Sprintf("the source did not give %s, which must always be there", ref),
			})
		}
	}
}
