package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what is remembered of earlier runs: what was done, what waits, what keeps failing",
		Long: "Say what is remembered of earlier runs: what was done, what waits, what keeps failing.\n" +
			"Only the state is read: neither end, no secret and no other file need be there.",
		Args: cli.NoArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := loadState(*file)
		if err != nil {
			return err
		}
		memory, history, err := cfg.remembered(cmd.Context())
		if err != nil {
			return err
		}
		p := &printer{w: cmd.OutOrStdout()}
		if history == nil {
			fmt.Fprintf(p.w, "There was no complete run yet: the state folder %s is not there.\n", cfg.path(cfg.State))
			return nil
		}
		p.history(history)
		p.memory(memory)
		return nil
	}
	return cmd
}

func (p *printer) history(h *provisioning.History) {
	if h.Good.IsZero() {
		fmt.Fprintln(p.w, "There was no complete run yet.")
	} else {
		fmt.Fprintf(p.w, "The last complete run was planned at %s.\n", h.Good.Local().Format(time.DateTime))
	}
	for _, kind := range slices.Sorted(maps.Keys(h.Source)) {
		fmt.Fprintf(p.w, "  %-6s source %d, ours in the target %d (%d active)\n", kind, h.Source[kind], h.Owned[kind], h.Active[kind])
	}
	for _, past := range h.Day {
		fmt.Fprintf(p.w, "  %s:%s\n", past.At.Local().Format(time.DateTime), did(past))
	}
}

// did says what a run did.
func did(past provisioning.Past) string {
	var b strings.Builder
	kinds := map[provisioning.Kind]bool{}
	for _, ops := range []map[provisioning.Kind]map[provisioning.Op]int{past.Done, past.Filled} {
		for kind := range ops {
			kinds[kind] = true
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		for _, s := range signs {
			if n := past.Done[kind][s.op] + past.Filled[kind][s.op]; n > 0 {
				fmt.Fprintf(&b, " %s %d %s;", s.op, n, plural(string(kind), n))
			}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(past.RemovedRefs)) {
		if n := past.RemovedRefs[kind]; n > 0 {
			fmt.Fprintf(&b, " take %d %s from %ss;", n, plural("reference", n), kind)
		}
	}
	if b.Len() == 0 {
		return " only references were added"
	}
	return strings.TrimSuffix(b.String(), ";")
}

func (p *printer) memory(m *provisioning.Memory) {
	for _, n := range []struct {
		n    int
		what string
	}{
		{m.Staged.Len(), "have changes that are staged for approval; \"usersync plan\" shows them"},
		{m.Held.Len(), "are held until somebody mends them"},
		{m.Waiting.Len(), "are not in the target, and others refer to them"},
		{m.Gone.Len(), "are gone, and deleted when their grace period ends"},
		{m.Failing.Len(), "have changes that failed or were not tried"},
	} {
		if n.n > 0 {
			fmt.Fprintf(p.w, "%d records %s\n", n.n, n.what)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(m.Held)) {
		for _, id := range slices.Sorted(maps.Keys(m.Held[kind])) {
			fmt.Fprintf(p.w, "  ! %s %s: %s\n", kind, id, cmp.Or(settings(string(m.Held[kind][id])), "held by an earlier version, which did not keep the reason"))
		}
	}
	p.failing(m)
}

// failing prints what failed, and in numbers what a run did not come to, which may be nearly all of a large one.
func (p *printer) failing(m *provisioning.Memory) {
	for _, kind := range slices.Sorted(maps.Keys(m.Failing)) {
		untried := map[string]int{}
		for _, id := range slices.SortedFunc(maps.Keys(m.Failing[kind]), cmp.Compare[provisioning.ID]) {
			f := m.Failing[kind][id]
			if f.Failures == 0 {
				untried[fmt.Sprintf("whose %s was not tried, and is by the next run: %s", f.Op, settings(f.Error))]++
				continue
			}
			fmt.Fprintf(p.w, "  ! %s %s: %s failed %d times since %s, is tried again after %s: %s\n", kind, id, f.Op, f.Failures,
				f.First.Local().Format(time.DateTime), f.Next.Local().Format(time.DateTime), settings(f.Error))
		}
		for _, what := range slices.Sorted(maps.Keys(untried)) {
			fmt.Fprintf(p.w, "  %d %s %s\n", untried[what], plural(string(kind), untried[what]), what)
		}
	}
}
