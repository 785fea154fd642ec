package provisioning

import (
	"errors"
	"slices"
	"time"
)

// A verdict is what guards leave of a plan.
type verdict struct {
	// plan is what may be applied, staged what waits for approval. refused says that nothing may be.
	plan, staged *Plan
	refused      *RefusedError
	unfit        string // why an approval that was given approves neither
	measures     []Measure
}

// err gives what guards have against the plan, or against a part of it.
func (v *verdict) err() error {
	if v.refused != nil {
		return v.refused
	}
	return nil
}

// judge asks all guards, and says what may be done of the plan in view of all that they have against it.
func (r *Reconciler) judge(p *Plan, h *History) *verdict {
	h.forget(time.Now())
	j := r.limits(p, h)
	v := &verdict{plan: p, measures: j.measures}
	all := slices.Clone(p.Refusals)
	for _, g := range r.opts.Guards {
		j.errs = append(j.errs, g(p, h))
	}
	for _, refusal := range refusals(errors.Join(j.errs...)) {
		// What it was staged for stands as it was read, whatever the numbers are now.
		if !slices.ContainsFunc(p.Refusals, func(old *Refusal) bool { return old.Rule == refusal.Rule && old.Kind == refusal.Kind }) {
			all = append(all, refusal)
		}
	}
	if len(all) == 0 || r.approved(p, all) {
		return v
	}
	if r.opts.OnRefused == StageRisky && len(p.Refusals) == 0 {
		safe, staged := p.stage(all, j.alone)
		switch {
		case staged == nil: // The refusals are against all of it.
		case r.approved(staged, all):
			return v
		default:
			v.plan, v.staged, v.unfit = safe, staged, r.unfit(p, staged, all)
			return v
		}
	}
	v.refused = &RefusedError{Digest: p.Digest(), Refusals: all, Unfit: r.unfit(p, nil, all)}
	return v
}

// approved reports whether somebody approved a plan against its refusals.
func (r *Reconciler) approved(p *Plan, refusals []*Refusal) bool {
	if p.Approval == "" && r.opts.Approve == "" {
		return false
	}
	digest := p.Digest()
	if !approves(p.Approval, digest, refusals) && !approves(r.opts.Approve, digest, refusals) {
		return false
	}
	r.log.Warn("a plan that guards refuse was approved", "job", r.opts.Job, "digest", digest)
	return true
}

// overtaken says of a plan that was saved that the last good run was made after it.
func (j *judgement) overtaken() string {
	if !j.plan.Made.Before(j.history.Good) {
		return ""
	}
	return "; that run was made after the plan, so make the plan again"
}

// refusals takes joined errors apart.
func refusals(err error) []*Refusal {
	if err == nil {
		return nil
	}
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
