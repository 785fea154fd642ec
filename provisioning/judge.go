package provisioning

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// judge asks all guards, and gives all that they have against the plan.
func (r *Reconciler) judge(p *Plan, h *History) error {
	h.forget(time.Now())
	errs := []error{r.limits(p, h)}
	for _, g := range r.opts.Guards {
		errs = append(errs, g(p, h))
	}
	err := errors.Join(errs...)
	if err == nil {
		return nil
	}
	digest := p.Digest()
	if p.Approval == digest || r.opts.Approve == digest {
		r.log.Warn("a plan that guards refuse was approved", "job", r.opts.Job, "digest", digest)
		return nil
	}
	return &RefusedError{Digest: digest, Refusals: refusals(err)}
}

// refusals takes joined errors apart.
func refusals(err error) []*Refusal {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Refusal
		for _, e := range joined.Unwrap() {
			all = append(all, refusals(e)...)
		}
		return all
	}
	var r *Refusal
	if errors.As(err, &r) {
		return []*Refusal{r}
	}
	return []*Refusal{{Rule: "guard", Option: "Options.Guards", Text: err.Error()}}
}

// limits judges a plan by Limits and DayLimits.
func (r *Reconciler) limits(p *Plan, h *History) error {
	j := &judgement{plan: p, history: h, run: &r.opts.Limits, day: &r.opts.DayLimits}
	for _, kind := range r.kinds() {
		j.ops(kind)
		j.refs(kind)
		j.floor(kind)
		j.attributes(kind)
	}
	j.canaries()
	return errors.Join(j.errs...)
}

// A judgement collects what limits have against one plan.
type judgement struct {
	plan     *Plan
	history  *History
	run, day *Limits
	errs     []error
}

var opTexts = map[Op]string{
	Create: "creates", Update: "changes", Deactivate: "deactivates", Reactivate: "reactivates", Delete: "deletes",
}

func (j *judgement) ops(kind Kind) {
	owned, active, _ := j.population(kind)
	n := map[Op]int{}
	for _, c := range j.plan.Changes {
		if c.Kind == kind && (c.Op != Update || len(c.Remove) > 0 || len(c.Changed()) > 0) {
			n[c.Op]++ // references that are only added finish what a run began that was killed
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
		{Update, "Update", j.run.Update, j.day.Update, def.Update, owned},
		{Deactivate, "Deactivate", j.run.Deactivate, j.day.Deactivate, def.Deactivate, active},
		{Reactivate, "Reactivate", j.run.Reactivate, j.day.Reactivate, def.Reactivate, owned},
		{Delete, "Delete", j.run.Delete, j.day.Delete, def.Delete, owned},
	} {
		if l.op == Create && j.history.Good.IsZero() && l.run == (Limit{}) {
			continue
		}
		run := l.run.or(l.def)
		past := j.history.Done(kind, l.op, j.plan.Made.Add(-historyFor))
		j.most(string(l.op), kind, "Limits."+l.name, run, n[l.op], 0, l.population, opTexts[l.op]+" %d %ss")
		day := l.population
		if l.op == Deactivate || l.op == Delete {
			day += past // They were among them when the day began.
		}
		j.most(string(l.op), kind, "DayLimits."+l.name, l.day.or(run), n[l.op], past, day, opTexts[l.op]+" %d %ss")
	}
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
func (j *judgement) most(rule string, kind Kind, option string, l Limit, n, past, population int, text string) {
	most, bounded := l.most(population)
	if !bounded || n == 0 || n+past <= most {
		return
	}
	if past == 0 && len(option) > 3 && option[:3] == "Day" {
		return // The limit of the run says it already, or is wider.
	}
	words := fmt.Sprintf("it "+text, n, kind)
	if past > 0 {
		words += fmt.Sprintf(", after %d in the last 24 hours", past)
	}
	j.errs = append(j.errs, &Refusal{
		Rule: rule, Kind: kind, Number: n + past, Limit: most, Of: population, Option: "Options." + option,
		Text: fmt.Sprintf("%s of %d; at most %d may be", words, population, most),
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
			if len(c.Add[name]) == 1 && len(links) == 1 {
				continue // One replaced by another, as a manager is.
			}
			total += len(links)
			most, bounded := each.most(c.Had[name])
			if bounded && len(links) > most {
				j.errs = append(j.errs, &Refusal{
					Rule: "removeRefsEach", Kind: kind, Number: len(links), Limit: most, Of: c.Had[name], Option: "Options.Limits.RemoveRefsEach",
					Text: fmt.Sprintf("it removes %d of the %d %s of %s %s; at most %d may be", len(links), c.Had[name], name, kind, c.Target, most),
				})
			}
		}
	}
	past := 0
	for _, p := range j.history.Day {
		past += p.RemovedRefs[kind]
	}
	run := j.run.RemoveRefs.or(defaultLimits().RemoveRefs)
	j.most("removeRefs", kind, "Limits.RemoveRefs", run, total, 0, had, "removes %d references of %ss")
	j.most("removeRefs", kind, "DayLimits.RemoveRefs", j.day.RemoveRefs.or(run), total, past, had+past, "removes %d references of %ss")
}

// floor refuses a source that gave far fewer records than last time.
func (j *judgement) floor(kind Kind) {
	floor := j.run.SourceFloor
	if floor == 0 {
		floor = defaultLimits().SourceFloor
	}
	last := j.history.Source[kind]
	got := j.plan.count(kind).Source
	// As with the other limits, a small population counts as 50; but nothing at all is always too few.
	least := max(1, last-int((1-floor)*float64(max(last, 50))+1e-9))
	if j.plan.Partial || floor < 0 || last == 0 || got >= least {
		return
	}
	j.errs = append(j.errs, &Refusal{
		Rule: "sourceFloor", Kind: kind, Number: got, Limit: least, Of: last, Option: "Options.Limits.SourceFloor",
		Text: fmt.Sprintf("the source gave %d %ss, the last good run read %d; at least %d must be", got, kind, last, least),
	})
}

// attributes refuses one attribute changing for too many.
func (j *judgement) attributes(kind Kind) {
	for name, l := range j.run.Attributes {
		n := 0
		for _, c := range j.plan.Changes {
			if c.Kind == kind && c.Op != Create && slices.Contains(c.Changed(), name) {
				n++
			}
		}
		owned, _, _ := j.population(kind)
		j.most("attribute", kind, fmt.Sprintf("Limits.Attributes[%q]", name), l, n, 0, owned, "changes "+name+" of %d %ss")
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
