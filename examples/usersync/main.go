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
		Long: "Keep the people and groups of Plek, or of any SCIM service, in step with a directory.\n\n" +
			"The exit status is 0 when all is as it shall be, apart from single records that are held; 1 when something failed,\n" +
			"keeps failing or was refused; 2 for wrong usage; 3 when changes wait for approval and all others were made.",
		Args: cli.Commands,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.AddCommand(demoCommand(), initCommand(), checkCommand(), planCommand(), applyCommand(),
		explainCommand(), syncCommand(), runCommand(), statusCommand(), linksCommand(), relinkCommand(), unlinkCommand())
	return root
}
