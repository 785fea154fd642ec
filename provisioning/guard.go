package provisioning

import (
	"errors"
	"fmt"
	"strings"
)

// ErrRefused says that guards do not let a plan be applied. The error is a [*RefusedError].
var ErrRefused = errors.New("plan refused")

// A Guard judges a whole plan before anything is written. It answers with a [*Refusal], or several
// joined by [errors.Join], to stop the run; it must not change the plan. History is what earlier runs did.
type Guard func(p *Plan, h *History) error

// A Refusal says why one guard does not let a plan be applied.
type Refusal struct {
	// Rule names what was judged, such as "deactivate" or "sourceFloor".
	Rule string `json:"rule"`
	Kind Kind   `json:"kind,omitempty"`
	// Number is what the plan has, Limit the most (or, of a floor, the least) that may be, Of the population.
	Number int `json:"number"`
	Limit  int `json:"limit"`
	Of     int `json:"of,omitempty"`
	// Option is what to change to let it through for good.
	Option string `json:"option"`
	// Text says it in words.
	Text string `json:"text"`
	// Concerns tells whether a change is one of those that the refusal is against, so that under [StageRisky] the others
	// are made. Nil says that it is against the plan as a whole.
	Concerns func(*Change) bool `json:"-"`
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s (%s)", r.Text, r.Option)
}

// A RefusedError is all that guards have against a plan.
type RefusedError struct {
	// Digest names the plan.
	Digest   string
	Refusals []*Refusal
	// Staged is, where [Reconciler.Judge] finds that the rest of the plan can go on, what the refusals concern; nil when
	// they are against all of it.
	Staged *Plan
	// Unfit says why an approval that was given does not let the plan pass; empty when none was given.
	Unfit string
}

// Token is what approves the plan: its digest, or that of the part that is staged, and the names of the guards that are overridden.
func (e *RefusedError) Token() string {
	if e.Staged != nil {
		return e.Staged.Token()
	}
	return tokenOf(e.Digest, e.Refusals)
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	if e.Staged == nil {
		b.WriteString("plan refused, nothing was changed:")
	} else {
		fmt.Fprintf(&b, "%d changes are staged until they are approved, the rest of the plan goes on:", len(e.Staged.Changes))
	}
	for _, r := range e.Refusals {
		b.WriteString("\n  ")
		b.WriteString(r.Error())
	}
	if e.Unfit != "" {
		fmt.Fprintf(&b, "\n%s", e.Unfit)
	}
	fmt.Fprintf(&b, "\nread the plan; if all of it is meant, approve it with %s", e.Token())
	return b.String()
}

// Is makes errors.Is(err, ErrRefused) true.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

var (
	_ error = (*Refusal)(nil)
	_ error = (*RefusedError)(nil)
)
