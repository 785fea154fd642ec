package provisioning

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"
)

// A Class says what is to be done about an error.
type Class string

const (
	// Retry says that the same write may succeed later.
	Retry Class = "retry"
	// Mend says that somebody must mend the data, or the sink, first.
	Mend Class = "mend"
	// Stop says that nothing will succeed, so the run ends.
	Stop Class = "stop"
	// Stale says that the record was changed since the plan was made; the next plan sees it as it is.
	Stale Class = "stale"
)

// An Outcome is what became of a change.
type Outcome string

const (
	// Done says that the sink took it.
	Done Outcome = "done"
	// Failed says that it did not.
	Failed Outcome = "failed"
	// NotTried says that the run ended before, or that what it depends on failed.
	NotTried Outcome = "not tried"
	// Halfway says, in an audit, that the record is written and that its references are still to be. Another outcome follows.
	Halfway Outcome = "written"
)

// A Result is what became of one change.
type Result struct {
	// Change is the change; after a Create its Target is filled in.
	Change  *Change
	Outcome Outcome
	// Class is the class of Err.
	Class Class
	// Err says why it failed, or was not tried.
	Err error
	// Attempts is how often the sink was asked to write.
	Attempts int
	Took     time.Duration
	// Written says that the record itself is written, whatever became of its references.
	Written bool
	// Waits are those references in Change.Add that were not written, because what they lead to is not in the sink, or not ours, yet.
	Waits map[string][]Link

	// intended says that what the change is about to do was saved before, and claimed are the shared references that became ours by
	// that. Edited are the names of those that were written.
	intended bool
	claimed  map[string][]Link
	edited   []string
	// doubt says that a write may have been done although it failed.
	doubt bool
	// gone says that what a saved plan is to delete is not there any more.
	gone bool
	// taken is the error with which the sink said that another record has one of its values.
	taken error
}

// A Tally counts the outcomes of one operation.
type Tally struct {
	Planned  int `json:"planned"`
	Done     int `json:"done"`
	Failed   int `json:"failed,omitempty"`
	NotTried int `json:"notTried,omitempty"`
	// Written is how many of those that failed or were not tried are written but for their references.
	Written int `json:"written,omitempty"`
}

// A Failure is a change that was not made, without personal data.
type Failure struct {
	Op Op `json:"op"`
	Link
	Outcome Outcome `json:"outcome"`
	Class   Class   `json:"class,omitempty"`
	// Written says that only the references were not written.
	Written bool   `json:"written,omitempty"`
	Error   string `json:"error"`
}

// A Report is what a run did.
type Report struct {
	// Plan is what was to be done, without what is staged; nil when there was none.
	Plan *Plan `json:"-"`
	// Digest names the plan.
	Digest  string    `json:"digest,omitempty"`
	Started time.Time `json:"started"`
	// Planning is how long reading and comparing took, Applying how long writing took.
	Planning time.Duration `json:"planning"`
	Applying time.Duration `json:"applying"`
	// Ops tells by operation what became of the changes.
	Ops map[Op]*Tally `json:"ops,omitempty"`
	// Failures are the changes that were not made, in the plan's order.
	Failures []Failure `json:"failures,omitempty"`
	// Held are the records about which nothing was done.
	Held []Held `json:"held,omitempty"`
	// Staged is the part of the plan that waits for approval under [StageRisky], a plan of its own that Apply takes once it is
	// approved; nil when there is none. Token approves it, and Refusals are what guards have against it, or both are of the whole plan
	// when that was refused.
	Staged *Plan  `json:"-"`
	Token  string `json:"token,omitempty"`
	// Unfit says why an approval that was given does not approve it, or the plan that was refused; empty when none was given.
	Unfit    string     `json:"unfit,omitempty"`
	Refusals []*Refusal `json:"refusals,omitempty"`
	// Measures are the numbers of the plan beside the limits that it was judged by: those of each operation, of removed references in
	// total, and of attributes that have a limit.
	Measures []Measure `json:"measures,omitempty"`
	// Stopped says why the run ended before its end; nil when it did not. Error is its text.
	Stopped error  `json:"-"`
	Error   string `json:"error,omitempty"`

	results []*Result
	next    time.Time // when the next of all that is remembered falls due
}

// Err gives nil only when every change of the plan was made, none was staged and none of its records was held: when
// the sink is as it shall be. Otherwise it says what is left, in numbers; records that were changed in the sink since the plan was
// made are named by a [*StaleError] in it.
func (r *Report) Err() error {
	if r.Stopped != nil {
		return fmt.Errorf("the run stopped: %w", r.Stopped)
	}
	var errs []error
	failed, not, written := 0, 0, 0
	for _, t := range r.Ops {
		failed += t.Failed
		not += t.NotTried
		written += t.Written
	}
	switch {
	case written > 0:
		errs = append(errs, fmt.Errorf("%d changes failed and %d were not tried; of %d of them only the references were not written", failed, not, written))
	case failed+not > 0:
		errs = append(errs, fmt.Errorf("%d changes failed and %d were not tried", failed, not))
	}
	if stale := r.stale(); stale != nil {
		errs = append(errs, stale)
	}
	if n := len(r.Held); n > 0 {
		errs = append(errs, fmt.Errorf("%d records are held", n))
	}
	if r.Staged != nil {
		errs = append(errs, fmt.Errorf("%d changes are staged until %s is approved", len(r.Staged.Changes), r.Token))
		if r.Unfit != "" {
			errs = append(errs, errors.New(r.Unfit))
		}
	}
	return errors.Join(errs...)
}

// stale names the records that were no longer as the plan says; nil when there are none.
func (r *Report) stale() error {
	var records []Link
	seen := map[Link]bool{}
	for _, f := range r.Failures {
		if f.Class == Stale && !seen[f.Link] {
			seen[f.Link] = true
			records = append(records, f.Link)
		}
	}
	if len(records) == 0 || r.Plan == nil {
		return nil
	}
	return &StaleError{Digest: r.Digest, Made: r.Plan.Made, Records: records}
}

// stage takes what waits for approval.
func (r *Report) stage(v *verdict) {
	r.Plan, r.Digest, r.Held = v.plan, v.plan.Digest(), v.plan.Held
	r.Staged, r.Token, r.Refusals, r.Unfit = v.staged, v.staged.Token(), v.staged.Refusals, v.unfit
}

// add counts the results of a run.
func (r *Report) add(results []*Result) {
	r.Ops = map[Op]*Tally{}
	for _, res := range results {
		t := r.Ops[res.Change.Op]
		if t == nil {
			t = &Tally{}
			r.Ops[res.Change.Op] = t
		}
		t.Planned++
		switch res.Outcome {
		case Done:
			t.Done++
			continue
		case Failed:
			t.Failed++
		default:
			t.NotTried++
		}
		if res.Written {
			t.Written++
		}
		r.Failures = append(r.Failures, Failure{
			Op: res.Change.Op, Link: res.Change.Link, Outcome: res.Outcome, Class: res.Class, Written: res.Written, Error: res.Err.Error(),
		})
	}
}

// LogValue shows the numbers of a report.
func (r *Report) LogValue() slog.Value {
	if r == nil {
		return slog.Value{}
	}
	attrs := []slog.Attr{slog.String("digest", r.Digest), slog.Duration("planning", r.Planning), slog.Duration("applying", r.Applying)}
	for _, op := range slices.Sorted(maps.Keys(r.Ops)) {
		t := r.Ops[op]
		attrs = append(attrs, slog.Group(string(op), "planned", t.Planned, "done", t.Done, "failed", t.Failed, "notTried", t.NotTried))
	}
	attrs = append(attrs, slog.Int("held", len(r.Held)))
	if r.Staged != nil {
		attrs = append(attrs, slog.Int("staged", len(r.Staged.Changes)))
	}
	return slog.GroupValue(attrs...)
}

var _ slog.LogValuer = (*Report)(nil)
