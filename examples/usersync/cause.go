package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/ilumy/usersync/provisioning"
)

// A cause is one reason that holds all records of a kind, or nearly all. Then it is the rules or the configuration that is wrong,
// and no single record.
type cause struct {
	kind     provisioning.Kind
	held, of int
	reason   string
}

// nearlyAll is the share of the records of a kind from which a reason that they are held for is a cause: rules that write a name
// that the target does not know hold all but those who have no value for it.
const nearlyAll = 0.9

// The least number of records that have a reason in common, of all that there are and of those that changed since the last run.
const (
	leastOfAll     = 2
	leastOfChanged = 10
)

// causes finds what holds nearly everybody that a plan is about. Conflicts of records, and changes that keep failing, are no mistake
// of the rules.
func causes(plan *provisioning.Plan) []cause {
	if plan == nil {
		return nil
	}
	by := map[provisioning.Kind]map[string]int{}
	for _, h := range plan.Held {
		if len(h.With) > 0 || !h.Until.IsZero() {
			continue
		}
		if by[h.Kind] == nil {
			by[h.Kind] = map[string]int{}
		}
		by[h.Kind][h.Reason]++
	}
	var all []cause
	for _, kind := range slices.Sorted(maps.Keys(by)) {
		of, least := inScope(plan, kind), leastOfAll
		if plan.Partial {
			least = leastOfChanged
		}
		for _, reason := range slices.Sorted(maps.Keys(by[kind])) {
			if n := by[kind][reason]; n >= least && float64(n) >= nearlyAll*float64(of) {
				all = append(all, cause{kind, n, max(n, of), settings(reason)})
			}
		}
	}
	return all
}

// inScope counts the records of a kind that a plan is about.
func inScope(plan *provisioning.Plan, kind provisioning.Kind) int {
	n := 0
	if plan.Partial {
		for _, ref := range plan.Concerned {
			if ref.Kind == kind {
				n++
			}
		}
	} else if c := plan.Counts[kind]; c != nil {
		n = c.Source - c.Skipped
	}
	return n
}

func (c *cause) text(file string) string {
	return fmt.Sprintf("%d of %d %s are held for the same reason, so it is the rules or the configuration that is to be mended; run: %s; the reason: %s",
		c.held, c.of, plural(string(c.kind), c.of), commandLine{"check", "-config", file}, c.reason)
}

// blamed is what a command fails with, and before it what holds nearly everybody in its plan, if anything does. That is a failure
// even where all else was done, or waits.
func blamed(file string, plan *provisioning.Plan, err error) error {
	all := causes(plan)
	for i := range slices.Backward(all) {
		err = worse(all[i].text(file), err)
	}
	return err
}

// worse is a failure before what a command fails with otherwise, which may be nothing, or only that something waits.
func worse(why string, err error) error {
	if err == nil {
		return errors.New(why)
	}
	return fmt.Errorf("%s\n%v", why, err)
}

// causeLogger tells the log of a loop what holds nearly everybody.
func causeLogger(log *slog.Logger, file string) *provisioning.Observer {
	return &provisioning.Observer{Finished: func(ctx context.Context, r *provisioning.Report) {
		for _, c := range causes(r.Plan) {
			log.ErrorContext(ctx, "nearly all are held for the same reason, so it is the rules or the configuration that is to be mended",
				"job", jobName(file), "kind", string(c.kind), "held", c.held, "of", c.of, "reason", c.reason, "run", commandLine{"check", "-config", file}.String())
		}
	}}
}
