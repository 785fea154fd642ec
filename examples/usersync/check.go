package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
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
	read := cmd.Flags().Bool("read", false, "read the source too, whole, to say what is in scope and what is likely wrong")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		job, err := open(*file, nil)
		if err != nil {
			return err
		}
		defer job.close()
		c := &checker{job: job, w: cmd.OutOrStdout()}
		c.ok("configuration", *file)
		c.rules()
		c.state(cmd.Context())
		c.monitor()
		if source := c.ends(cmd.Context()); source && *read {
			c.read(cmd.Context())
		}
		if c.failed {
			return errors.New("check: what is marked FAIL does not work yet; nothing was changed")
		}
		return nil
	}
	return cmd
}

// A checker says of each part of a job whether it works.
type checker struct {
	job    *job
	w      io.Writer
	failed bool
}

func (c *checker) ok(what, how string) { fmt.Fprintf(c.w, "ok    %s %s\n", what, how) }

func (c *checker) note(format string, args ...any) { fmt.Fprintf(c.w, "note  "+format+"\n", args...) }

func (c *checker) fail(what string, why any) {
	c.failed = true
	fmt.Fprintf(c.w, "FAIL  %s: %s\n", what, settings(fmt.Sprint(why)))
}

// state sees whether what is remembered can be read, and written.
func (c *checker) state(ctx context.Context) {
	dir := c.job.config.path(c.job.config.State)
	if _, _, err := c.job.reconciler.Memory(ctx); err != nil {
		c.fail("state", err)
		return
	}
	f, err := os.CreateTemp(dir, ".check-*")
	if err != nil {
		c.fail("state", err)
		return
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		c.fail("state", err)
		return
	}
	c.ok("state", dir)
}

// monitor sees whether this machine has the address. That it is taken may be by a "usersync run" that is under way.
func (c *checker) monitor() {
	address := c.job.config.Monitor.Address
	if !address.set() {
		return
	}
	l, err := net.Listen("tcp", address.value)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		c.note("monitor: %s is in use; that is well if it is by \"usersync run\"", address.value)
	case err != nil:
		c.fail("monitor", c.job.config.placed("monitor.address", err))
	default:
		l.Close()
		c.ok("monitor", address.value)
	}
}

// ends sees whether both ends can be reached, and reports whether the source can.
func (c *checker) ends(ctx context.Context) (source bool) {
	for _, end := range []struct {
		name string
		end  provisioning.Source
	}{{"source", c.job.source}, {"target", c.job.sink}} {
		if err := ping(ctx, end.end); err != nil {
			c.fail(end.name, err)
			continue
		}
		if err := c.look(ctx, end.end); err != nil {
			c.fail(end.name, err)
			continue
		}
		c.ok(end.name+":", "reached, and let in")
		source = source || end.name == "source"
	}
	return source
}

func ping(ctx context.Context, end provisioning.Source) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	return provisioning.Ping(ctx, end)
}

// nobody is an ID that no record has.
const nobody = "00000000-0000-0000-0000-000000000000"

// look asks a directory for nobody, everywhere a run reads: a base that is not there is told of then.
func (c *checker) look(ctx context.Context, end provisioning.Source) error {
	directory, ok := end.(*ldapsource.Source)
	if !ok {
		return nil
	}
	for _, kind := range c.job.rules.Kinds() {
		l := provisioning.Lookup{Kind: kind, By: provisioning.ByID, Values: []string{nobody}}
		for _, err := range directory.Find(ctx, l) {
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// read reads the source whole.
func (c *checker) read(ctx context.Context) {
	if directory, ok := c.job.source.(*ldapsource.Source); ok {
		findings, err := directory.Check(ctx)
		if err != nil {
			c.fail("source", err)
			return
		}
		fmt.Fprint(c.w, settings(findings.String()))
	}
	for _, kind := range c.job.rules.Kinds() {
		t, err := c.job.try(ctx, kind)
		if err != nil {
			c.fail("source", err)
			continue
		}
		c.ok("source:", t.String())
		if why := nobodyInScope(kind, t.read, t.outOfScope); why != "" {
			c.note("%s", why)
		}
		for _, why := range t.sample {
			c.note("%s", why)
		}
		if more := t.held - len(t.sample); more > 0 {
			c.note("... and %d more %s that are held; \"usersync plan -all\" shows them", more, plural(string(kind), more))
		}
		for _, why := range t.alike.notes() {
			c.note("%s", why)
		}
		if unseen := c.job.rules.Unseen(kind); len(unseen) > 0 && t.read > 0 {
			c.note("no %s of the source has %s; is it spelled as the source spells it?", kind, strings.Join(unseen, ", "))
		}
	}
}
