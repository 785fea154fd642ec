// Usersync keeps the people and groups of Plek, or of another SCIM service, in step with a directory.
//
// "usersync demo" shows what it does on a company of its own. For the daily job, "usersync init" writes a
// configuration to start from, "usersync check" tries it, "usersync plan" says what would be done, and "usersync
// apply" does it.
package main

import (
	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/internal/cli"
)

func main() { cli.Main(rootCommand()) }

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "usersync",
		Short: "Keep the people and groups of Plek, or of any SCIM service, in step with a directory",
		Args:  cli.Commands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(demoCommand(), initCommand(), checkCommand(), planCommand(), applyCommand(),
		explainCommand(), syncCommand(), runCommand(), statusCommand(), linksCommand(), relinkCommand(), unlinkCommand())
	return root
}
