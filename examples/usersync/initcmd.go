package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
)

var (
	//go:embed template/usersync.yaml
	configTemplate []byte
	//go:embed template/mapping.yaml
	mappingTemplate []byte
)

func initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a configuration and rules to start from, with comments",
		Args:  cli.NoArgs,
	}
	dir := cmd.Flags().String("dir", ".", "the `folder` to write to")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		files := []struct {
			name string
			data []byte
		}{{defaultConfig, configTemplate}, {"mapping.yaml", mappingTemplate}}
		for _, f := range files { // all or none
			if _, err := os.Lstat(filepath.Join(*dir, f.name)); !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("init: %s is there already, and is left as it is", filepath.Join(*dir, f.name))
			}
		}
		for _, f := range files {
			if err := writeNew(filepath.Join(*dir, f.name), f.data); err != nil {
				return fmt.Errorf("init: %w", err)
			}
		}
		fmt.Fprintf(cmd.OutOrStdout(), "Wrote %s and %s. Fill in your own servers, then run \"usersync check\".\n",
			filepath.Join(*dir, files[0].name), filepath.Join(*dir, files[1].name))
		return nil
	}
	return cmd
}

// writeNew writes a file that must not be there yet.
func writeNew(name string, data []byte) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.Write(data)
	return err
}
