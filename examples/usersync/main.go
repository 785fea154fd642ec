// Usersync keeps the people and groups of Plek, or of another SCIM service, in step with a directory.
//
// "usersync demo" shows what it does on a company of its own. For the daily job, "usersync init" writes a
// configuration to start from, "usersync check" tries it, "usersync plan" says what would be done, and "usersync
// apply" does it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The statuses that the process exits with.
const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program: it gives the status to exit with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "usersync",
		Short:         "Keep the people and groups of Plek, or of any SCIM service, in step with a directory",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return cmd.Help()
		},
		Args: cobra.ArbitraryArgs,
	}
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(demoCommand(), initCommand(), checkCommand(), planCommand(), applyCommand())
	root.SetArgs(longFlags(args))
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return statusOK
	case errors.As(err, new(*usageError)):
		fmt.Fprintf(stderr, "usersync: %v\nRun \"usersync help\" for what there is.\n", err)
		return statusUsage
	default:
		fmt.Fprintln(stderr, "usersync:", err)
		return statusFailed
	}
}

// A usageError is wrong usage of the command line.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// noArgs refuses arguments that are no flags.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

// longFlags lets flags be written with one dash as well as with two, as Go's own tools take them. No command has
// flags of one letter, so nothing becomes ambiguous.
func longFlags(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--" {
			copy(out[i:], args[i:])
			break
		}
		if len(arg) > 2 && arg[0] == '-' && arg[1] != '-' && !strings.ContainsAny(arg[1:2], "0123456789") {
			arg = "-" + arg
		}
		out[i] = arg
	}
	return out
}
