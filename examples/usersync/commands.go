package main

import (
	"context"
	"errors"
	"fmt"
	"io"
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
			return fmt.Errorf("planning, nothing was changed: %w", err)
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
		if *out != "" {
			if err := savePlan(*out, plan); err != nil {
				return err
			}
			fmt.Fprintf(p.w, "  Saved to %s; \"usersync apply -config %s -plan %s\" does it.\n", *out, *file, *out)
		}
		return p.verdict(*file, job.reconciler.Judge(cmd.Context(), plan))
	}
	return cmd
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		p := &printer{w: cmd.OutOrStdout(), sample: 3, rest: "; \"usersync plan -all\" shows them"}
		job, err := open(*file, &provisioning.Options{Approve: *approve, Observer: p.observer()})
		if err != nil {
			return err
		}
		defer job.close()
		report, err := runOrApply(cmd.Context(), job.reconciler, *saved)
		err = p.verdict(*file, err)
		if report != nil && report.Plan != nil && !errors.Is(err, provisioning.ErrRefused) && !errors.Is(err, provisioning.ErrStale) {
			p.report(report)
		}
		switch {
		case err != nil:
			return job.audited(err)
		case report.Stopped != nil || len(report.Failures) > 0:
			return job.audited(fmt.Errorf("%w; what was done stays done, and the next run goes on from there", report.Err()))
		}
		return job.audited(p.staged(*file, report))
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

// observer prints a plan when it is about to be applied, and the progress.
func (p *printer) observer() *provisioning.Observer {
	var progress *progress
	return &provisioning.Observer{
		Planned: func(_ context.Context, plan *provisioning.Plan) { p.plan(plan) },
		Applying: func(_ context.Context, plan *provisioning.Plan) {
			progress = newProgress(p.w, len(plan.Changes))
		},
		Applied:  func(_ context.Context, r *provisioning.Result) { progress.step(r.Outcome) },
		Finished: func(context.Context, *provisioning.Report) { progress.end() },
	}
}

// A progress tells how far a run is, a tenth at a time, which suits a log as well as a terminal.
type progress struct {
	w                   io.Writer
	total, done, failed int
	told                int
}

func newProgress(w io.Writer, total int) *progress { return &progress{w: w, total: total} }

func (p *progress) step(outcome provisioning.Outcome) {
	p.done++
	if outcome != provisioning.Done {
		p.failed++
	}
	if p.done == p.total || p.done >= p.told+max(p.total/10, 50) {
		p.told = p.done
		p.tell()
	}
}

func (p *progress) tell() {
	fmt.Fprintf(p.w, "  applying: %d of %d (%d %%)", p.done, p.total, p.done*100/max(p.total, 1))
	if p.failed > 0 {
		fmt.Fprintf(p.w, ", %d not made", p.failed)
	}
	fmt.Fprintln(p.w)
}

// end tells the last number, when it has not been told.
func (p *progress) end() {
	if p != nil && p.told < p.done {
		p.tell()
	}
}
