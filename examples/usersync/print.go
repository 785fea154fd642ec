package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ilumy/usersync/provisioning"
)

// A printer tells a person what a run is going to do and what it did. Plans hold personal data, so it is meant for
// the terminal of an operator, not for a log.
type printer struct {
	w io.Writer
	// sample is how many changes of each operation are shown; negative is all.
	sample int
	// rest is what to do to see the others.
	rest string
	// failed is what to do to see the other failures.
	failed string
	// brief has changes printed without what changes.
	brief bool
	// making says that the plan is about to be applied, so that nothing shows its changes later.
	making bool
}

// The operations in the order in which they are printed, each with the sign in front of its changes.
var signs = []struct {
	op   provisioning.Op
	sign string
}{
	{provisioning.Create, "+"},
	{provisioning.Adopt, "&"},
	{provisioning.Update, "~"},
	{provisioning.Reactivate, "^"},
	{provisioning.Deactivate, "-"},
	{provisioning.Delete, "x"},
}

// plan prints a plan in numbers, a sample of its changes, and what is held.
func (p *printer) plan(plan *provisioning.Plan) {
	for _, kind := range slices.Sorted(maps.Keys(plan.Counts)) {
		c := plan.Counts[kind]
		fmt.Fprintf(p.w, "  %-6s source %d (%d out of scope), target %d (%d ours), unchanged %d", kind, c.Source, c.Skipped, c.Sink, c.Owned, c.Unchanged)
		if c.Gone > 0 {
			fmt.Fprintf(p.w, ", gone from the source %d", c.Gone)
		}
		if !c.Complete {
			fmt.Fprint(p.w, " - THE READ IS NOT COMPLETE, so nothing counts as gone")
		}
		fmt.Fprintln(p.w)
	}
	switch {
	case !plan.Empty():
		p.numbers(plan)
		p.changes(plan)
	case len(plan.Held) > 0:
		fmt.Fprintln(p.w, "  Nothing to do: but for what is held or put off, the target is as it shall be.")
	default:
		fmt.Fprintln(p.w, "  Nothing to do: the target is as it shall be.")
	}
	p.held(plan)
	for _, kind := range slices.Sorted(maps.Keys(plan.Counts)) {
		if c := plan.Counts[kind]; !plan.Partial && c.Complete {
			if why := nobodyInScope(kind, c.Source, c.Skipped); why != "" {
				fmt.Fprintln(p.w, "  note:", why)
			}
		}
	}
	if n := len(plan.Pending); n > 0 {
		fmt.Fprintf(p.w, "  %d references wait for a record that the target does not have yet\n", n)
	}
	for _, note := range plan.Notes {
		fmt.Fprintln(p.w, "  note:", settings(note))
	}
}

// nobodyInScope says that the source gives no records of a kind, or that the rules leave out all of them; "" when neither is so.
func nobodyInScope(kind provisioning.Kind, read, skipped int) string {
	switch {
	case read == 0:
		return fmt.Sprintf("the source gives no %ss; see bases, filters and dialect in the configuration", kind)
	case skipped < read:
		return ""
	}
	return fmt.Sprintf("all %d %s of the source are out of scope; see scope in the rules", read, plural(string(kind), read))
}

func (p *printer) numbers(plan *provisioning.Plan) {
	ops := map[provisioning.Op]map[provisioning.Kind]int{}
	refs := map[string][2]int{}
	for _, c := range plan.Changes {
		if ops[c.Op] == nil {
			ops[c.Op] = map[provisioning.Kind]int{}
		}
		ops[c.Op][c.Kind]++
		for _, name := range c.RefNames() {
			n := refs[name]
			refs[name] = [2]int{n[0] + len(c.Add[name]), n[1] + len(c.Remove[name])}
		}
	}
	var parts []string
	for _, s := range signs {
		for _, kind := range slices.Sorted(maps.Keys(ops[s.op])) {
			parts = append(parts, fmt.Sprintf("%s %d %s", s.op, ops[s.op][kind], plural(string(kind), ops[s.op][kind])))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		parts = append(parts, fmt.Sprintf("%s +%d -%d", name, refs[name][0], refs[name][1]))
	}
	fmt.Fprintf(p.w, "  Plan: %s\n", strings.Join(parts, ", "))
}

func (p *printer) changes(plan *provisioning.Plan) {
	for _, s := range signs {
		shown, hidden := 0, 0
		for _, c := range plan.Changes {
			switch {
			case c.Op != s.op:
			case p.sample >= 0 && shown >= p.sample:
				hidden++
			default:
				shown++
				p.change(s.sign, c)
			}
		}
		if rest := p.rest; hidden > 0 {
			if p.making {
				rest = ""
			}
			fmt.Fprintf(p.w, "    ... and %d more to %s%s\n", hidden, s.op, rest)
		}
	}
}

func (p *printer) change(sign string, c *provisioning.Change) {
	fmt.Fprintf(p.w, "  %s %s %s %s%s\n", sign, c.Op, c.Kind, cmp.Or(c.Name, string(c.Source), string(c.Target)), because(c.Reason))
	if p.brief {
		return
	}
	for _, name := range c.Changed() {
		after := values(c.After.Attributes[name])
		if c.Before == nil {
			fmt.Fprintf(p.w, "      %s: %s\n", name, after)
			continue
		}
		fmt.Fprintf(p.w, "      %s: %s -> %s\n", name, values(c.Before.Attributes[name]), after)
	}
	if c.Before != nil && c.After != nil && c.Before.Disabled != c.After.Disabled {
		fmt.Fprintf(p.w, "      active: %t -> %t\n", !c.Before.Disabled, !c.After.Disabled)
	}
	for _, name := range c.RefNames() {
		fmt.Fprintf(p.w, "      %s: %s\n", name, strings.TrimSpace(links("+", c.Add[name])+" "+links("-", c.Remove[name])))
	}
}

// report prints what became of a plan.
func (p *printer) report(r *provisioning.Report) {
	fmt.Fprintf(p.w, "  Report: read and compared in %v, written in %v\n", r.Planning.Round(time.Millisecond), r.Applying.Round(time.Millisecond))
	for _, s := range signs {
		t := r.Ops[s.op]
		if t == nil {
			continue
		}
		fmt.Fprintf(p.w, "    %-10s %d of %d done", s.op, t.Done, t.Planned)
		if t.Failed > 0 {
			fmt.Fprintf(p.w, ", %d failed", t.Failed)
		}
		if t.NotTried > 0 {
			fmt.Fprintf(p.w, ", %d not tried", t.NotTried)
		}
		if t.Written > 0 {
			fmt.Fprintf(p.w, "; %d of these are there, and only their references are not", t.Written)
		}
		fmt.Fprintln(p.w)
	}
	if r.Plan != nil && len(r.Plan.Pending) > 0 {
		fmt.Fprintf(p.w, "    %d references wait for a record that the target does not have yet\n", len(r.Plan.Pending))
	}
	for i, f := range r.Failures {
		if p.sample >= 0 && i >= 3*max(p.sample, 1) {
			fmt.Fprintf(p.w, "    ... and %d more%s\n", len(r.Failures)-i, p.failed)
			break
		}
		outcome := string(f.Outcome)
		if f.Written {
			outcome = "references " + outcome + ":"
		}
		fmt.Fprintf(p.w, "    %s %s %s %s: %s\n", outcome, f.Op, f.Kind, cmp.Or(string(f.Source), string(f.Target)), settings(f.Error))
	}
	if r.Stopped != nil {
		fmt.Fprintln(p.w, "    the run stopped before its end:", settings(r.Stopped.Error()))
	}
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + settings(reason) + ")"
}

func values(v []string) string {
	switch len(v) {
	case 0:
		return "(empty)"
	case 1:
		return fmt.Sprintf("%q", v[0])
	}
	return fmt.Sprintf("%q", v)
}

// links names the first few of many references.
func links(sign string, all []provisioning.Link) string {
	const most = 4
	var b strings.Builder
	for i, l := range all {
		if i == most {
			fmt.Fprintf(&b, " %s%d more", sign, len(all)-most)
			break
		}
		fmt.Fprintf(&b, " %s%s/%s", sign, l.Kind, cmp.Or(string(l.Source), string(l.Target)))
	}
	return b.String()
}

func plural(word string, n int) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
