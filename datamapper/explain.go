package datamapper

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"text/tabwriter"

	"github.com/ilumy/usersync/datamapper/expression"
	"github.com/ilumy/usersync/provisioning"
)

// An Explanation tells how a record is mapped, for a person who wants to know why. It holds personal data, and does not show
// it in logs.
type Explanation struct {
	Kind provisioning.Kind
	ID   provisioning.ID
	// Record is what Map gives; nil when it gives Err.
	Record *provisioning.Record
	// Err is what Map gives: [provisioning.SkipRecord], or what holds the record.
	Err   error
	Steps []Step
}

// A Step is what one condition or rule did.
type Step struct {
	// Target is the attribute or reference; or scope, disabled, key, validFrom or validUntil; or "let" and a name.
	Target string
	// Place is where the rule stands: "mapping.yaml:12:5".
	Place string
	// Read is what it read, in its order.
	Read []Input
	// Values are what it gave: for conditions "true" or "false".
	Values []string
	// Kept says that the target's value is left alone.
	Kept bool
	Err  error
}

// An Input is the value of a source attribute, or of a name under let.
type Input struct {
	Name   string
	Values []string
}

// redacted stands for values that a rule hides by Redact.
var redacted = []string{"[Redact]"}

// Explain maps a record as Map does, and tells what each rule read and gave. Rules behind a scope that the record is not in
// are told too.
func (m *Mapping) Explain(src *provisioning.Record) *Explanation {
	e := &Explanation{Kind: src.Kind, ID: src.ID}
	e.Record, e.Err = m.Map(src)
	k := m.kinds[src.Kind]
	if k == nil {
		return e
	}
	env := k.scope.Env()
	defer env.Release()
	k.fill(env, src)
	for _, c := range []*condition{k.inScope, k.disabled} {
		if c == nil {
			continue
		}
		ok, err := c.test(env)
		step := m.step(env, c.name, c.place, c.reads)
		if step.Err = err; err == nil {
			step.Values = []string{fmt.Sprint(ok)}
		}
		e.Steps = append(e.Steps, step)
	}
	i := 0
	for name, prog := range k.scope.Lets() {
		v, err := env.Value(name)
		step := m.step(env, "let "+name, k.letPlaces[i], prog.Reads())
		if step.Values, step.Err = v.Values(), err; prog.Redacted() {
			step.redact()
		}
		e.Steps = append(e.Steps, step)
		i++
	}
	var rules []*rule
	for _, r := range []*rule{k.key, k.validFrom, k.validUntil} {
		if r != nil {
			rules = append(rules, r)
		}
	}
	for _, r := range append(rules, k.rules...) {
		v, o, err := r.eval(env)
		step := m.step(env, r.target, r.place, r.prog.Reads())
		step.Err, step.Kept = err, o == keep
		if o == give {
			step.Values = v.Values()
		}
		if r.prog.Redacted() {
			step.redact()
		}
		e.Steps = append(e.Steps, step)
	}
	for i := range k.refs {
		r := &k.refs[i]
		refs, o, err := r.eval(src)
		step := Step{Target: r.target, Place: m.place(r.place), Err: err, Kept: o == keep, Read: []Input{{Name: r.from}}}
		for _, ref := range refs {
			step.Values = append(step.Values, string(ref.ID))
		}
		step.Read[0].Values = step.Values
		e.Steps = append(e.Steps, step)
	}
	return e
}

func (m *Mapping) place(p place) string { return fmt.Sprintf("%s:%d:%d", m.name, p.line, p.column) }

// step begins a step with what it read.
func (m *Mapping) step(env *expression.Env, target string, p place, reads []string) Step {
	s := Step{Target: target, Place: m.place(p)}
	for _, name := range reads {
		v, err := env.Value(name)
		in := Input{Name: name}
		if err == nil {
			in.Values = v.Values()
		}
		s.Read = append(s.Read, in)
	}
	return s
}

// redact hides all values.
func (s *Step) redact() {
	for i := range s.Read {
		if s.Read[i].Values != nil {
			s.Read[i].Values = redacted
		}
	}
	if s.Values != nil {
		s.Values = redacted
	}
}

// String gives a table for a terminal.
func (e *Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s is %s\n", e.Kind, e.ID, e.outcome())
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, s := range e.Steps {
		inputs := make([]string, len(s.Read))
		for i, in := range s.Read {
			inputs[i] = in.Name + "=" + shown(in.Values, "nothing")
		}
		gave := shown(s.Values, "cleared")
		if strings.HasPrefix(s.Target, "let ") {
			gave = shown(s.Values, "nothing")
		}
		switch {
		case s.Err != nil:
			gave = "held: " + s.Err.Error()
		case s.Kept:
			gave = "left alone"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", s.Target, gave, strings.Join(inputs, " "), s.Place)
	}
	_ = w.Flush() // a Builder does not fail
	return b.String()
}

func (e *Explanation) outcome() string {
	switch {
	case errors.Is(e.Err, provisioning.SkipRecord):
		return "out of scope"
	case e.Err != nil:
		return "held"
	}
	return "mapped"
}

func shown(values []string, empty string) string {
	if len(values) == 0 {
		return empty
	}
	return spell(values)
}

// LogValue keeps personal data out of logs.
func (e *Explanation) LogValue() slog.Value {
	if e == nil {
		return slog.Value{}
	}
	return slog.GroupValue(slog.String("kind", string(e.Kind)), slog.String("id", string(e.ID)), slog.String("outcome", e.outcome()))
}

var _ slog.LogValuer = (*Explanation)(nil)
