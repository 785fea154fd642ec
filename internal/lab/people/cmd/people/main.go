// Command people writes the files of the demo, or an export of a company of any size.
//
//	people -demo FOLDER
//	people -people 100000 -groups 400 -seed 7 > export.ldif
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/ilumy/usersync/internal/lab/people"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "people:", err)
		os.Exit(1)
	}
}

func run() error {
	demo := flag.String("demo", "", "the folder to write the demo's files to")
	var o people.Options
	flag.IntVar(&o.People, "people", 1000, "how many employees")
	flag.IntVar(&o.Groups, "groups", 40, "how many groups, 30 or more")
	flag.Uint64Var(&o.Seed, "seed", 1, "what the made-up values are drawn from")
	flag.StringVar(&o.Domain, "domain", "voorbeeld.example", "the domain of the company")
	flag.Parse()
	if *demo == "" {
		return people.New(&o).WriteAD(os.Stdout)
	}
	files, err := people.Demo()
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(*demo, name), data, 0o644); err != nil {
			return fmt.Errorf("writing the demo's files: %w", err)
		}
	}
	return nil
}
