package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/provisioning"
)

// checkTimeout bounds the check of one end.
const checkTimeout = 30 * time.Second

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Connect to both ends and say what works, without changing anybody",
		Args:  cli.NoArgs,
	}
	file := configFlag(cmd)
	read := cmd.Flags().Bool("read", false, "read the directory too, to say what is in scope and what is likely wrong")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		w := cmd.OutOrStdout()
		job, err := open(*file, nil)
		if err != nil {
			return err
		}
		defer job.close()
		fmt.Fprintln(w, "ok    configuration", *file)
		fmt.Fprintln(w, "ok    rules", job.config.path(job.config.Mapping))
		for _, warning := range job.rules.Warnings() {
			fmt.Fprintln(w, "note ", warning)
		}
		var failed []error
		for _, end := range []struct {
			name string
			end  provisioning.Source
		}{{"source", job.source}, {"target", job.sink}} {
			ctx, cancel := context.WithTimeout(cmd.Context(), checkTimeout)
			err := provisioning.Ping(ctx, end.end)
			cancel()
			if err != nil {
				fmt.Fprintf(w, "FAIL  %s: %v\n", end.name, err)
				failed = append(failed, errors.New(end.name))
				continue
			}
			fmt.Fprintf(w, "ok    %s: reached, and let in\n", end.name)
		}
		if directory, ok := job.source.(*ldapsource.Source); ok && *read && len(failed) == 0 {
			findings, err := directory.Check(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprint(w, findings)
		}
		if len(failed) > 0 {
			return fmt.Errorf("check: what is marked FAIL does not work yet; nothing was changed")
		}
		return nil
	}
	return cmd
}
