package cli_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
)

func command() *cobra.Command {
	root := &cobra.Command{Use: "tool", Args: cli.Commands, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	greet := &cobra.Command{Use: "greet", Args: cli.NoArgs}
	name := greet.Flags().String("name", "you", "whom")
	greet.RunE = func(cmd *cobra.Command, _ []string) error {
		if *name == "nobody" {
			return errors.New("there is nobody")
		}
		fmt.Fprintln(cmd.OutOrStdout(), "hello", *name)
		if *name == "later" {
			return cli.Waiting(errors.New("somebody waits"))
		}
		return nil
	}
	root.AddCommand(greet)
	return root
}

func TestRun(t *testing.T) {
	tests := []struct {
		name   string
		args   []string
		status int
		want   string // in either output
	}{
		{"one dash", []string{"greet", "-name", "Ann"}, cli.StatusOK, "hello Ann"},
		{"two dashes", []string{"greet", "--name=Ann"}, cli.StatusOK, "hello Ann"},
		{"help", []string{"help"}, cli.StatusOK, "greet"},
		{"short help", []string{"greet", "-h"}, cli.StatusOK, "whom"},
		{"failure", []string{"greet", "-name", "nobody"}, cli.StatusFailed, "tool: there is nobody"},
		{"unknown flag", []string{"greet", "-nme", "x"}, cli.StatusUsage, "unknown flag"},
		{"flag without value", []string{"greet", "-name"}, cli.StatusUsage, "needs an argument"},
		{"unknown command", []string{"gret"}, cli.StatusUsage, `unknown command "gret"`},
		{"argument", []string{"greet", "now"}, cli.StatusUsage, `unexpected argument "now"`},
		{"argument like a flag", []string{"greet", "--", "-name"}, cli.StatusUsage, `unexpected argument "-name"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			status := cli.Run(t.Context(), command(), tt.args, &stdout, &stderr)
			if out := stdout.String() + stderr.String(); status != tt.status || !strings.Contains(out, tt.want) {
				t.Errorf("status %d, %q; want %d, %q", status, out, tt.status, tt.want)
			}
		})
	}
}

// What was not printed as a whole was not said, even if all that was asked for was done.
func TestRunOutputFails(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"all was done", []string{"greet", "-name", "Ann"}, cli.StatusFailed, "tool: printing: no space left"},
		{"something waits", []string{"greet", "-name", "later"}, cli.StatusFailed, "tool: somebody waits\nprinting: no space left"},
		{"wrong usage", []string{"gret"}, cli.StatusUsage, "unknown command"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var stderr bytes.Buffer
			status := cli.Run(t.Context(), command(), tt.args, full{}, &stderr)
			if status != tt.status || !strings.Contains(stderr.String(), tt.want) {
				t.Errorf("status %d, %q; want %d, %q", status, &stderr, tt.status, tt.want)
			}
		})
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestSecretFrom(t *testing.T) {
	dir := t.TempDir()
	file, empty := filepath.Join(dir, "token"), filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(file, []byte("from file\r\n"), 0o600))
	require.NoError(t, os.WriteFile(empty, []byte("\n"), 0o600))
	t.Setenv("CLI_TEST_SECRET", "from environment")
	tests := []struct {
		name, file, env string
		want            string
		fails           bool
	}{
		{name: "file", file: file, env: "CLI_TEST_SECRET", want: "from file"},
		{name: "environment", env: "CLI_TEST_SECRET", want: "from environment"},
		{name: "neither", env: "CLI_TEST_NOTHING"},
		{name: "empty file", file: empty, fails: true},
		{name: "no file", file: filepath.Join(dir, "missing"), fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := cli.SecretFrom(tt.file, tt.env)
			if got.Reveal() != tt.want || (err != nil) != tt.fails {
				t.Errorf("%q, error %v", got.Reveal(), err)
			}
			if s := fmt.Sprintf("%v %+v %#v %s", got, got, got, got); tt.want != "" && strings.Contains(s, tt.want) {
				t.Errorf("it prints as %q", s)
			}
		})
	}
}

func Example() {
	cli.Run(context.Background(), command(), []string{"greet", "-name", "Ann"}, os.Stdout, os.Stderr)
	// Output: hello Ann
}
