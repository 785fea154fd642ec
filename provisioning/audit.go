package provisioning

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// redacted stands for a value that is not written.
const redacted = "[redacted]"

// AuditOptions say what an [Audit] writes. The zero value writes no values of attributes.
type AuditOptions struct {
	// Job and Actor are written with every event: which job, and who had it run.
	Job, Actor string
	// Values has the values of attributes written, which are personal data. Otherwise only their names are.
	Values bool
	// Sensitive are names of attributes whose values are never written.
	Sensitive []string
	// Logger gets every event too, at level Info. Optional.
	Logger *slog.Logger
}

// An AuditEvent is the account of one change.
type AuditEvent struct {
	Time  time.Time `json:"time"`
	Job   string    `json:"job,omitempty"`
	Actor string    `json:"actor,omitempty"`
	Plan  string    `json:"plan,omitempty"`
	Op    Op        `json:"op"`
	Link
	// Before and After are the values of those attributes that change.
	Before Attributes `json:"before,omitempty"`
	After  Attributes `json:"after,omitempty"`
	// Add and Remove are the references that change, and Waits those that do not yet, because what they lead to is not in the sink.
	Add    map[string][]Link `json:"add,omitempty"`
	Remove map[string][]Link `json:"remove,omitempty"`
	Waits  map[string][]Link `json:"waits,omitempty"`
	Reason string            `json:"reason,omitempty"`
	Rule   string            `json:"rule,omitempty"`
	// Result is what became of it, Error why it failed, Attempts how often the sink was asked.
	Result   Outcome       `json:"result"`
	Error    string        `json:"error,omitempty"`
	Attempts int           `json:"attempts,omitempty"`
	Took     time.Duration `json:"took,omitempty"`
}

// An Audit writes an event for every change, as a line of JSON. One of a record with references has an event more, with the
// result [Halfway], when the record is written and these are not yet, so that what a run did stands there wherever it ended.
type Audit struct {
	opts AuditOptions
	mu   sync.Mutex
	w    io.Writer
	plan string
	errs []error
}

// NewAudit makes an audit that writes to w.
func NewAudit(w io.Writer, opts *AuditOptions) *Audit {
	a := &Audit{w: w}
	if opts != nil {
		a.opts = *opts
	}
	return a
}

// Observer gives what has a Reconciler tell the audit. See [Observers].
func (a *Audit) Observer() *Observer {
	return &Observer{
		Applying: func(_ context.Context, p *Plan) {
			digest := p.Digest()
			a.mu.Lock()
			defer a.mu.Unlock()
			a.plan = digest
		},
		Written: a.applied,
		Applied: a.applied,
	}
}

// Err gives what went wrong with writing, since a run does not stop for it.
func (a *Audit) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return errors.Join(a.errs...)
}

func (a *Audit) applied(ctx context.Context, res *Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := a.event(res)
	b, err := json.Marshal(e)
	if err == nil {
		_, err = a.w.Write(append(b, '\n'))
	}
	if err != nil && len(a.errs) < 10 {
		a.errs = append(a.errs, err)
	}
	if a.opts.Logger != nil {
		a.opts.Logger.InfoContext(ctx, "audit", "event", json.RawMessage(b))
	}
}

func (a *Audit) event(res *Result) *AuditEvent {
	c := res.Change
	e := &AuditEvent{
		Time: time.Now().UTC(), Job: a.opts.Job, Actor: a.opts.Actor, Plan: a.plan,
		Op: c.Op, Link: c.Link, Add: res.adds(), Remove: c.Remove, Waits: res.Waits, Reason: c.Reason, Rule: c.Rule,
		Result: cmp.Or(res.Outcome, Halfway), Attempts: res.Attempts, Took: res.Took,
	}
	if res.Err != nil {
		e.Error = res.Err.Error()
	}
	for _, name := range c.Changed() {
		if e.After == nil {
			e.Before, e.After = Attributes{}, Attributes{}
		}
		if c.Before != nil && len(c.Before.Attributes[name]) > 0 {
			e.Before[name] = a.values(name, c.Before.Attributes[name])
		}
		e.After[name] = a.values(name, c.After.Attributes[name])
	}
	return e
}

// adds gives the references that a change adds, without those that wait.
func (res *Result) adds() map[string][]Link {
	if len(res.Waits) == 0 {
		return res.Change.Add
	}
	var adds map[string][]Link
	for name, links := range res.Change.Add {
		waits := map[Link]bool{}
		for _, l := range res.Waits[name] {
			waits[l] = true
		}
		if now := only(links, func(l Link) bool { return !waits[l] }); len(now) > 0 {
			adds = put(adds, name, now)
		}
	}
	return adds
}

// values gives what may be written of the values of an attribute.
func (a *Audit) values(name string, values []string) []string {
	if a.opts.Values && !slices.Contains(a.opts.Sensitive, name) {
		return values
	}
	out := make([]string, len(values))
	for i := range out {
		out[i] = redacted
	}
	return out
}
