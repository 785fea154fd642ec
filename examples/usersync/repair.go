package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

func linksCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "links",
		Short: "List which account belongs to which person or group of the source",
		Args:  cli.NoArgs,
	}
	file := configFlag(cmd)
	unmanaged := cmd.Flags().Bool("unmanaged", false, "list the accounts that belong to nobody instead, which are never touched")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		job, err := open(*file, nil)
		if err != nil {
			return err
		}
		defer job.close()
		for _, kind := range job.rules.Kinds() {
			list := job.links
			if *unmanaged {
				list = job.unmanaged
			}
			if err := list(cmd.Context(), &printer{w: cmd.OutOrStdout()}, kind); err != nil && !errors.Is(err, errors.ErrUnsupported) {
				return fmt.Errorf("reading the target: %w", err)
			}
		}
		return nil
	}
	return cmd
}

func (j *job) links(ctx context.Context, p *printer, kind provisioning.Kind) error {
	for l, err := range j.reconciler.Links(ctx, kind) {
		if err := p.unreadable(err); err != nil {
			return err
		}
		if err == nil {
			fmt.Fprintf(p.w, "%s %s = %s\n", l.Kind, l.Source, l.Target)
		}
	}
	return nil
}

func (j *job) unmanaged(ctx context.Context, p *printer, kind provisioning.Kind) error {
	for r, err := range j.reconciler.Unmanaged(ctx, kind) {
		if err := p.unreadable(err); err != nil {
			return err
		}
		if err == nil {
			fmt.Fprintf(p.w, "%s %s %q\n", r.Kind, r.ID, nameOf(r))
		}
	}
	return nil
}

// unreadable passes over an error that is about one record, which it prints.
func (p *printer) unreadable(err error) error {
	var one *provisioning.RecordError
	if !errors.As(err, &one) {
		return err
	}
	fmt.Fprintln(p.w, "!", one)
	return nil
}

// nameOf is what a person calls an account.
func nameOf(r *provisioning.Record) string {
	for _, name := range []string{"userName", "displayName"} {
		if v := r.Attributes.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func relinkCommand() *cobra.Command {
	return linkCommand("relink", "Say by hand which account belongs to a person or group of the source", (*provisioning.Reconciler).Relink)
}

func unlinkCommand() *cobra.Command {
	return linkCommand("unlink", "Make an account nobody's, where the link is kept in the state and not by the target", (*provisioning.Reconciler).Unlink)
}

// byHand has the audit tell what somebody did without a run, which no observer sees.
func (j *job) byHand(ctx context.Context, op provisioning.Op, l provisioning.Link, err error) {
	if j.tell == nil {
		return
	}
	res := &provisioning.Result{Change: &provisioning.Change{Op: op, Link: l, Reason: "by hand"}, Outcome: provisioning.Done, Err: err}
	if err != nil {
		res.Outcome = provisioning.Failed
	}
	j.tell.Applied(ctx, res)
	j.tell.Finished(ctx, &provisioning.Report{})
}

func linkCommand(name, short string, do func(*provisioning.Reconciler, context.Context, provisioning.Link) error) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cli.NoArgs}
	file := configFlag(cmd)
	user := cmd.Flags().String("user", "", "the `ID` of the person in the source")
	group := cmd.Flags().String("group", "", "the `ID` of the group in the source")
	to := cmd.Flags().String("to", "", "the `ID` of the account in the target, as \"usersync links\" lists it")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		l := provisioning.Link{Kind: provisioning.User, Source: provisioning.ID(*user), Target: provisioning.ID(*to)}
		if *group != "" {
			l.Kind, l.Source = provisioning.Group, provisioning.ID(*group)
		}
		if (*user == "") == (*group == "") || *to == "" {
			return cli.Usagef("%s wants either -user or -group, and -to", name)
		}
		job, err := openWith(*file, nil, wiring{keys: true})
		if err != nil {
			return err
		}
		defer job.close()
		err = do(job.reconciler, cmd.Context(), l)
		job.byHand(cmd.Context(), provisioning.Op(name), l, err)
		if err != nil {
			return job.audited(said(*file, err))
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s %s, %s; \"usersync plan\" says what follows\n", name, l.Kind, l.Source, l.Target)
		return job.audited(nil)
	}
	return cmd
}
