package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

const approveUsage = "let pass what guards refuse: the `token` that was printed with it"

func approveFlag(cmd *cobra.Command) *string { return cmd.Flags().String("approve", "", approveUsage) }

// errStaged says that a part of the plan waits for somebody.
var errStaged = errors.New("changes are staged for approval, all others are made")

// verdict turns what guards have against a plan into what an operator can do about it.
func (p *printer) verdict(file string, err error) error {
	var refused *provisioning.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Staged != nil {
		fmt.Fprintf(p.w, "  Of these, \"usersync apply\" would stage %d for approval, and make the others:\n", len(refused.Staged.Changes))
		p.waiting(file, refused.Staged)
		return cli.Waiting(errors.New("a part of the plan would be staged for approval"))
	}
	return fmt.Errorf("%w, nothing was changed:\n%sread the plan; if all of it is meant: %s", provisioning.ErrRefused,
		refusals(refused.Refusals), approval(file, refused.Token()))
}

// staged prints what a run left for approval, if it left any.
func (p *printer) staged(file string, r *provisioning.Report) error {
	if r.Staged == nil {
		return nil
	}
	done := 0
	for _, t := range r.Ops {
		done += t.Done
	}
	fmt.Fprintf(p.w, "  %d changes were made; %d are staged for approval:\n", done, len(r.Staged.Changes))
	p.waiting(file, r.Staged)
	return cli.Waiting(errStaged)
}

// waiting prints a staged plan: why it waits, what it does, and how it is approved.
func (p *printer) waiting(file string, staged *provisioning.Plan) {
	fmt.Fprint(p.w, refusals(staged.Refusals))
	brief := *p
	brief.brief = true // They are in the plan that was printed.
	brief.numbers(staged)
	brief.changes(staged)
	fmt.Fprintf(p.w, "  If all of this is meant, approve it with: %s\n", approval(file, staged.Token()))
}

func refusals(all []*provisioning.Refusal) string {
	var b strings.Builder
	for _, r := range all {
		fmt.Fprintf(&b, "    %s (%s)\n", r.Text, setting(r.Option))
	}
	return b.String()
}

func approval(file, token string) string {
	return fmt.Sprintf("usersync apply -config %s -approve %s", file, token)
}

// stagedLogger tells the log of a loop what waits for approval.
func stagedLogger(log *slog.Logger, file string) *provisioning.Observer {
	return &provisioning.Observer{Finished: func(ctx context.Context, r *provisioning.Report) {
		switch {
		case r.Staged != nil:
			log.WarnContext(ctx, "changes are staged for approval, all others were made", "staged", len(r.Staged.Changes),
				"reason", strings.TrimSpace(refusals(r.Refusals)), "approve", approval(file, r.Token))
		case errors.Is(r.Stopped, provisioning.ErrRefused):
			log.WarnContext(ctx, "nothing was changed", "reason", strings.TrimSpace(refusals(r.Refusals)))
		}
	}}
}
