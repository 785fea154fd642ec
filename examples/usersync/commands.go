package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

// defaultConfig is the configuration that is read when none is named.
const defaultConfig = "usersync.yaml"

func configFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("config", defaultConfig, "the configuration `file`")
}

func planCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say what a run would do, and change nothing",
		Args:  cli.NoArgs,
	}
	file := configFlag(cmd)
	out := cmd.Flags().String("out", "", "also write the plan to this `file`, for \"usersync apply -plan\"; it holds personal data")
	all := cmd.Flags().Bool("all", false, "show every change, not only a sample")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		job, err := open(*file, nil)
		if err != nil {
			return err
		}
		defer job.close()
		plan, err := job.reconciler.Plan(cmd.Context())
		if err != nil {
			return fmt.Errorf("planning, nothing was changed: %s", inWords(*file, err))
		}
		p := &printer{w: cmd.OutOrStdout(), sample: 3, rest: "; -all shows them"}
		if *all {
			p.sample = -1
		}
		p.plan(plan)
		for _, kind := range job.rules.Kinds() {
			if unseen := job.rules.Unseen(kind); len(unseen) > 0 && plan.Counts[kind] != nil && plan.Counts[kind].Source > 0 {
				fmt.Fprintf(p.w, "  note: no %s of the source has %s; is it spelled as the source spells it?\n", kind, strings.Join(unseen, ", "))
			}
		}
		if c, named := plan.Counts[provisioning.User], len(job.config.Policy.Protect); c != nil && c.Protected < named {
			fmt.Fprintf(p.w, "  note: policy.protect names %d %s, and the target has %d of them; is each spelled as the target spells it?\n",
				named, plural("account", named), c.Protected)
		}
		again := retry(*file)
		verdict := job.reconciler.Judge(cmd.Context(), plan)
		if *out != "" {
			if err := savePlan(*out, plan); err != nil {
				return err
			}
			again = p.saved(*file, *out, verdict)
		}
		return blamed(*file, plan, p.verdict(again, plan, verdict))
	}
	return cmd
}

// saved says what a plan in a file is good for, which depends on what guards have against it, and gives the command that lets it
// pass. What is staged is approved without the file: its other changes are made by then.
func (p *printer) saved(file, out string, verdict error) commandLine {
	again := append(retry(file), "-plan", out)
	var refused *provisioning.RefusedError
	switch {
	case verdict == nil:
		fmt.Fprintf(p.w, "  Saved to %s; \"%s\" does it.\n", out, again)
	case errors.As(verdict, &refused) && refused.Staged != nil:
		fmt.Fprintf(p.w, "  Saved to %s; \"%s\" does what is not staged.\n", out, again)
		return retry(file)
	default:
		fmt.Fprintf(p.w, "  Saved to %s.\n", out)
	}
	return again
}

func applyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Bring the target in step with the source",
		Args:  cli.NoArgs,
	}
	file := configFlag(cmd)
	saved := cmd.Flags().String("plan", "", "apply the plan in this `file` rather than a new one")
	approve := approveFlag(cmd)
	all := cmd.Flags().Bool("again", false, "try now what is put off since it keeps failing")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p := &printer{w: cmd.OutOrStdout(), sample: 3, rest: "; \"usersync plan -all\" shows them", failed: "; \"usersync status\" lists them", making: true}
		job, err := open(*file, &provisioning.Options{Approve: *approve, Again: *all, Observer: p.observer()})
		if err != nil {
			return err
		}
		defer job.close()
		report, err := runOrApply(cmd.Context(), job.reconciler, *saved)
		again := retry(*file)
		if *saved != "" && err != nil {
			again = append(again, "-plan", *saved)
		}
		return job.audited(job.putOff(cmd.Context(), report, p.outcome(*file, again, report, err)))
	}
	return cmd
}

func runOrApply(ctx context.Context, r *provisioning.Reconciler, saved string) (*provisioning.Report, error) {
	if saved == "" {
		return r.Run(ctx)
	}
	f, err := os.Open(saved)
	if err != nil {
		return nil, fmt.Errorf("opening the saved plan: %w", err)
	}
	defer f.Close()
	plan, err := provisioning.DecodePlan(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", saved, err)
	}
	return r.Apply(ctx, plan)
}

// savePlan writes a plan as a whole or not at all, readable by its owner only.
func savePlan(name string, plan *provisioning.Plan) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".plan-*")
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	defer os.Remove(f.Name())
	err = errors.Join(plan.Encode(f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("saving the plan: %w", err)
	}
	return nil
}
