package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/provisioning"
)

const approveUsage = "let pass what guards refuse: the `token` that was printed with it"

func approveFlag(cmd *cobra.Command) *string { return cmd.Flags().String("approve", "", approveUsage) }

// errStaged says that a part of the plan waits for somebody.
var errStaged = errors.New("changes are staged for approval, all others are made")

// verdict turns what guards have against a plan into what an operator can do about it: retry is the command that lets it pass once it
// has the token.
func (p *printer) verdict(retry commandLine, plan *provisioning.Plan, err error) error {
	var refused *provisioning.RefusedError
	if !errors.As(err, &refused) {
		return err
	}
	if refused.Staged != nil {
		fmt.Fprintf(p.w, "  Of these, \"usersync apply\" would stage %d for approval, and make the others:\n", len(refused.Staged.Changes))
		fmt.Fprint(p.w, unfit(refused.Unfit))
		p.waiting(retry, refused.Staged)
		return cli.Waiting(errors.New("a part of the plan would be staged for approval"))
	}
	return fmt.Errorf("%w, nothing was changed:\n%s%sread the plan; if all of it is meant: %s", provisioning.ErrRefused,
		listed(refusals(refused.Refusals, plan)), unfit(refused.Unfit), retry.approving(refused.Token()))
}

// unfit says why the approval that was given lets nothing pass, if one was.
func unfit(why string) string {
	if why == "" {
		return ""
	}
	return listed(strings.Split(why, "\n"))
}

// staged prints what a run left for approval, if it left any.
func (p *printer) staged(retry commandLine, r *provisioning.Report) error {
	if r.Staged == nil {
		return nil
	}
	done := 0
	for _, t := range r.Ops {
		done += t.Done
	}
	fmt.Fprintf(p.w, "  %d changes were made; %d are staged for approval:\n%s", done, len(r.Staged.Changes), unfit(r.Unfit))
	p.waiting(retry, r.Staged)
	return cli.Waiting(errStaged)
}

// waiting prints a staged plan: why it waits, what it does, and how it is approved.
func (p *printer) waiting(retry commandLine, staged *provisioning.Plan) {
	fmt.Fprint(p.w, listed(refusals(staged.Refusals, staged)))
	brief := *p
	brief.brief, brief.making = true, false // They are in the plan that was printed, and in the next one.
	brief.numbers(staged)
	brief.changes(staged)
	fmt.Fprintf(p.w, "  If all of this is meant, approve it with: %s\n", retry.approving(staged.Token()))
}

// refusals says what guards have against a plan, in the words of the configuration. With the plan, records are called by name; a
// log gets none.
func refusals(all []*provisioning.Refusal, plan *provisioning.Plan) []string {
	var texts []string
	for _, r := range all {
		text := settings(r.Text)
		if c := concerned(r, plan); c != nil {
			id := string(c.Kind) + " " + string(c.Target)
			text = strings.Replace(text, id, string(c.Kind)+" "+c.Name+", "+string(c.Target), 1)
		}
		texts = append(texts, fmt.Sprintf("%s (%s)", text, setting(r.Option)))
	}
	return texts
}

// concerned is the change of the one record that a refusal is about; nil when it is about many, or nobody knows its name.
func concerned(r *provisioning.Refusal, plan *provisioning.Plan) *provisioning.Change {
	if plan == nil || r.Rule != "removeRefsEach" {
		return nil
	}
	for _, c := range plan.Changes {
		if c.Kind == r.Kind && c.Name != "" && strings.Contains(r.Text, " "+string(c.Target)+";") {
			return c
		}
	}
	return nil
}

// listed puts each text on a line of its own.
func listed(texts []string) string {
	var b strings.Builder
	for _, text := range texts {
		fmt.Fprintf(&b, "    %s\n", text)
	}
	return b.String()
}
