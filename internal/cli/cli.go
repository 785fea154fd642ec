// Package cli is the form that the commands of this module share: flags with one dash or two, an exit status that
// says whose fault it was, an end by signal, and secrets that are never on the command line.
package cli

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

// The statuses that a process exits with.
const (
	StatusOK     = 0
	StatusFailed = 1
	StatusUsage  = 2
	// StatusWaiting says that nothing failed, and something waits for a decision of a person.
	StatusWaiting = 3
)

// Main runs a command with the arguments of the process, and ends the process. SIGINT and SIGTERM end the context
// of the command; a second one ends the process at once.
func Main(root *cobra.Command) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(Run(ctx, root, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs a command and gives the status to exit with. Errors go to stderr, with the name of the command in front. What
// cannot be printed to stdout makes [StatusFailed] of success.
func Run(ctx context.Context, root *cobra.Command, args []string, stdout, stderr io.Writer) int {
	root.SilenceUsage, root.SilenceErrors = true, true
	out := &output{w: stdout}
	root.SetOut(out)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &UsageError{err} })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetArgs(longFlags(args))
	cmd, err := root.ExecuteContextC(ctx)
	cut := out.err()
	switch {
	case err == nil && cut == nil:
		return StatusOK
	case errors.As(err, new(*UsageError)):
		fmt.Fprintf(stderr, "%s: %v\nRun \"%s -h\" for what there is.\n", root.Name(), err, cmd.CommandPath())
		return StatusUsage
	case cut == nil && errors.As(err, new(*waitingError)):
		fmt.Fprintf(stderr, "%s: %v\n", root.Name(), err)
		return StatusWaiting
	default:
		fmt.Fprintf(stderr, "%s: %v\n", root.Name(), errors.Join(err, cut))
		return StatusFailed
	}
}

// A UsageError is wrong usage of the command line; the status is then [StatusUsage].
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }
func (e *UsageError) Unwrap() error { return e.Err }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Errorf(format, args...)} }

// A waitingError makes the status [StatusWaiting].
type waitingError struct{ error }

// Waiting marks an error as something that waits for a decision of a person; the status is then [StatusWaiting].
func Waiting(err error) error { return &waitingError{err} }

// NoArgs refuses arguments that are no flags. It is for [cobra.Command.Args].
func NoArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("unexpected argument %q", args[0])
	}
	return nil
}

// Commands refuses an argument that is no command. It is for the Args of a command that has commands below it.
func Commands(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usagef("unknown command %q", args[0])
	}
	return nil
}

// longFlags lets flags be written with one dash as well as with two, as Go's own tools take them. No command has
// flags of one letter but -h, so nothing becomes ambiguous.
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

var _ error = (*UsageError)(nil)
