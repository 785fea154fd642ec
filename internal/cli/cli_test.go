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
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "hello", *name)
		return err
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
