package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/ilumy/usersync/provisioning"
)

// newLoopLog makes the log of a loop. It calls the job as the metrics and the audit do, and gives errors in the words of the
// configuration.
func newLoopLog(w io.Writer, file string) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) > 0 {
			return a
		}
		if a.Key == "job" {
			return slog.String(a.Key, jobName(file))
		}
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, inWords(file, err))
		}
		return a
	}}))
}

// inWords says an error in the words of the configuration, and what to do about it. It has no data of people.
func inWords(file string, err error) string {
	var refused *provisioning.RefusedError
	if errors.As(err, &refused) {
		why := refusals(refused.Refusals, nil)
		if refused.Unfit != "" {
			why = append(why, strings.Split(refused.Unfit, "\n")...)
		}
		return "nothing was changed: " + strings.Join(why, "; ") +
			"; read the plan (usersync plan); if all of it is meant: " + retry(file).approving(refused.Token()).String()
	}
	text := settings(err.Error())
	var busy *provisioning.BusyError
	if errors.As(err, &busy) {
		renamed := *busy
		renamed.Job = jobName(file)
		text = strings.Replace(text, busy.Error(), renamed.Error(), 1)
	}
	return text
}

// said is an error in the words of the configuration; nil for none.
func said(file string, err error) error {
	if err == nil {
		return nil
	}
	return errors.New(inWords(file, err))
}

// retry is the command for a run by hand.
func retry(file string) commandLine { return commandLine{"apply", "-config", file} }

// failureLogger tells the log of a loop that changes were not made, and where it is said why.
func failureLogger(log *slog.Logger, file string) *provisioning.Observer {
	return &provisioning.Observer{Finished: func(ctx context.Context, r *provisioning.Report) {
		failed, not := 0, 0
		for _, t := range r.Ops {
			failed, not = failed+t.Failed, not+t.NotTried
		}
		if failed+not > 0 {
			log.WarnContext(ctx, "changes failed or were not tried", "job", jobName(file), "failed", failed, "notTried", not,
				"see", commandLine{"status", "-config", file}.String())
		}
	}}
}

// stagedLogger tells the log of a loop what waits for approval.
func stagedLogger(log *slog.Logger, file string) *provisioning.Observer {
	return &provisioning.Observer{Finished: func(ctx context.Context, r *provisioning.Report) {
		if r.Staged != nil {
			log.WarnContext(ctx, "changes are staged for approval, all others were made", "staged", len(r.Staged.Changes),
				"reason", strings.Join(refusals(r.Refusals, nil), "; "), "approve", retry(file).approving(r.Token).String())
		}
	}}
}
