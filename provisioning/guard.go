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
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s (%s)", r.Text, r.Option)
}

// A RefusedError is all that guards have against a plan.
type RefusedError struct {
	// Digest names the plan, and is what approves it.
	Digest   string
	Refusals []*Refusal
}

func (e *RefusedError) Error() string {
	var b strings.Builder
	b.WriteString("plan refused, nothing was changed:")
	for _, r := range e.Refusals {
		b.WriteString("\n  ")
		b.WriteString(r.Error())
	}
	fmt.Fprintf(&b, "\nread the plan; if all of it is meant, approve it with %s", e.Digest)
	return b.String()
}

// Is makes errors.Is(err, ErrRefused) true.
func (e *RefusedError) Is(target error) bool { return target == ErrRefused }

var (
	_ error = (*Refusal)(nil)
	_ error = (*RefusedError)(nil)
)
