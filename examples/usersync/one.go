package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

func explainCommand() *cobra.Command {
	cmd, _ := oneCommand("explain", "Tell what a run would do with one person or group, step by step, and change nothing",
		(*provisioning.Reconciler).Explain)
	return cmd
}

func syncCommand() *cobra.Command {
	cmd, opts := oneCommand("sync", "Bring one person or group to the target at once, in the same way as a run does",
		(*provisioning.Reconciler).Sync)
	cmd.Flags().StringVar(&opts.Approve, "approve", "", approveUsage)
	return cmd
}

// oneCommand is a command for one record of the source.
func oneCommand(name, short string, do func(*provisioning.Reconciler, context.Context, provisioning.Ref) (*provisioning.Trace, error)) (*cobra.Command, *provisioning.Options) {
	cmd, opts := &cobra.Command{Use: name, Short: short, Args: cli.NoArgs}, &provisioning.Options{}
	file := configFlag(cmd)
	user := cmd.Flags().String("user", "", "the `ID` of the person in the source, an objectGUID for instance")
	group := cmd.Flags().String("group", "", "the `ID` of the group in the source")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		ref := provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(*user)}
		if *group != "" {
			ref = provisioning.Ref{Kind: provisioning.Group, ID: provisioning.ID(*group)}
		}
		if (*user == "") == (*group == "") {
			return cli.Usagef("%s wants either -user or -group", name)
		}
		job, err := open(*file, opts)
		if err != nil {
			return err
		}
		defer job.close()
		t, err := do(job.reconciler, cmd.Context(), ref)
		p := &printer{w: cmd.OutOrStdout(), sample: -1}
		if t != nil {
			p.trace(t)
		}
		if err == nil && t.Read == nil && t.Have == nil && heldOf(t) == nil {
			err = fmt.Errorf("neither the source nor the target has %s: see that the ID is as the source spells it, and that it lies in what is read", ref)
			return job.audited(err)
		}
		if name == "explain" {
			return said(*file, err)
		}
		var report *provisioning.Report
		if t != nil {
			report = t.Report
		}
		err = p.outcome(*file, commandLine{name, "-config", *file, "-" + strings.ToLower(string(ref.Kind)), string(ref.ID)}, report, err)
		if h := heldOf(t); h != nil && err == nil {
			err = fmt.Errorf("%s is held, nothing was done about it: %s; \"usersync check\" tells whether it is the rules that are wrong", ref, settings(h.Reason))
		}
		return job.audited(err)
	}
	return cmd, opts
}

// heldOf gives what holds the record that was asked for; nil when nothing does.
func heldOf(t *provisioning.Trace) *provisioning.Held {
	if t == nil || t.Plan == nil {
		return nil
	}
	i := slices.IndexFunc(t.Plan.Held, func(h provisioning.Held) bool { return h.Kind == t.Ref.Kind && h.Source == t.Ref.ID })
	if i < 0 {
		return nil
	}
	return &t.Plan.Held[i]
}

// trace prints what became of one record at each step.
func (p *printer) trace(t *provisioning.Trace) {
	if t.Read == nil {
		fmt.Fprintf(p.w, "The source does not have %s.\n", t.Ref)
	} else {
		p.record("The source has", t.Read)
	}
	switch {
	case t.OutOfScope:
		fmt.Fprintln(p.w, "The rules say that it is out of scope.")
	case t.Mapped != nil:
		p.record("The target shall have", t.Mapped)
	}
	if t.Have == nil {
		fmt.Fprintln(p.w, "The target does not have it.")
	} else {
		p.record("The target has", t.Have)
	}
	if t.Plan != nil {
		if t.Plan.Empty() {
			fmt.Fprintln(p.w, "Nothing is to be changed.")
		}
		p.changes(t.Plan)
		p.held(t.Plan)
	}
}

func (p *printer) record(title string, r *provisioning.Record) {
	state := "active"
	if r.Disabled {
		state = "disabled"
	}
	fmt.Fprintf(p.w, "%s (%s):\n", title, state)
	for _, name := range slices.Sorted(maps.Keys(r.Attributes)) {
		fmt.Fprintf(p.w, "    %s: %s\n", name, values(r.Attributes[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(r.Refs)) {
		fmt.Fprintf(p.w, "    %s: %d %s\n", name, len(r.Refs[name]), plural("reference", len(r.Refs[name])))
	}
}
