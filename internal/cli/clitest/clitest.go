// Package clitest runs the commands of this module in their tests: in the process of the test, or as a process of its own
// that can be killed.
package clitest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
)

// asProgram makes a test binary be the program that it tests.
const asProgram = "USERSYNC_TEST_AS_PROGRAM"

// Main is the TestMain of a program, which it runs in place of the tests in a process that [Command] started.
func Main(m *testing.M, program func()) {
	if os.Getenv(asProgram) != "" {
		program()
	}
	os.Exit(m.Run())
}

// Command is the program as a process of its own, to be started. It is killed when the context ends.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// Call runs a command in this process, and gives its status and what it printed.
func Call(t testing.TB, root *cobra.Command, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = cli.Run(t.Context(), root, args, &out, &errs)
	return status, out.String(), errs.String()
}
