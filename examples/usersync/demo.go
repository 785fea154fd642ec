package main

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/ilumy/usersync/datamapper"
	"github.com/ilumy/usersync/internal/cli"
	"github.com/ilumy/usersync/ldapsource"
	"github.com/ilumy/usersync/plekclient"
	"github.com/ilumy/usersync/plekclient/plektest"
	"github.com/ilumy/usersync/provisioning"
)

//go:generate go run ../../internal/lab/people/cmd/people -demo demo

//go:embed demo
var demoFiles embed.FS

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Show three days of a company of 1,000 people, the third of which goes wrong",
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := newDemo(cmd.OutOrStdout())
			if err != nil {
				return fmt.Errorf("demo: %w", err)
			}
			defer d.close()
			if err := d.run(cmd.Context()); err != nil {
				return fmt.Errorf("demo: %w", err)
			}
			return nil
		},
	}
}

// A demo provisions exports of an Active Directory into a stand-in for Plek, over HTTP on this machine.
type demo struct {
	printer
	plek  *plektest.Server
	sink  provisioning.Sink
	rules *datamapper.Mapping
	state string
}

func newDemo(w io.Writer) (*demo, error) {
	rules, err := demoFiles.ReadFile("demo/mapping.yaml")
	if err != nil {
		return nil, err
	}
	d := &demo{printer: printer{w: w, sample: 2}}
	if d.rules, err = datamapper.Load("demo/mapping.yaml", rules, nil); err != nil {
		return nil, err
	}
	if d.state, err = os.MkdirTemp("", "usersync-demo-"); err != nil {
		return nil, err
	}
	const token = "demo-token"
	d.plek = plektest.New(&plektest.Options{Tokens: []string{token}})
	address, err := d.plek.Start()
	if err != nil {
		d.close()
		return nil, err
	}
	plek, err := plekclient.New(address, &plekclient.Options{Token: token, Rate: -1})
	if err != nil {
		d.close()
		return nil, err
	}
	d.sink = plek.Sink()
	return d, nil
}

func (d *demo) close() {
	d.plek.Close()
	os.RemoveAll(d.state)
}

func (d *demo) run(ctx context.Context) error {
	d.say("Plek, for the demo, is %s. It enforces the rules that Plek documents.", d.plek.URL())

	if err := d.past(ctx); err != nil {
		return err
	}
	d.say("\nDay 1. The Active Directory export demo/day1.ldif is read.")
	if err := d.day(ctx, "day1.ldif"); err != nil {
		return err
	}
	d.say("\nThe same export again. Nothing may be left to do.")
	if err := d.again(ctx, "day1.ldif"); err != nil {
		return err
	}

	d.say("\nDay 2: joiners, leavers, a wedding, a move, a rehire, another manager, other groups.")
	if err := d.day(ctx, "day2.ldif"); err != nil {
		return err
	}
	if err := d.again(ctx, "day2.ldif"); err != nil {
		return err
	}

	d.say("\nDay 3. The export was cut off in the middle: almost half of the company is missing from it.")
	if err := d.broken(ctx, "day3-cut.ldif"); err != nil {
		return err
	}
	d.say("\nAll of it held.")
	return nil
}

// former is somebody who left last year and comes back on the second day.
const former provisioning.ID = "ff3becf1-c960-42c1-8448-56e83023daea"

// past makes what is in Plek before the first day: an account that was deactivated, and one that is none of ours.
func (d *demo) past(ctx context.Context) error {
	record := &provisioning.Record{Kind: provisioning.User, ExternalID: former, Disabled: true, Attributes: provisioning.Attributes{
		"userName": {"vertrokken@voorbeeld.example"}, "emails": {"vertrokken@voorbeeld.example"},
		"name.givenName": {"Oud"}, "name.familyName": {"Collega"},
	}}
	if _, err := d.sink.Create(ctx, record); err != nil {
		return err
	}
	if _, err := d.plek.AddByHand("beheer@voorbeeld.example", "Plek", "Beheer"); err != nil {
		return err
	}
	d.say("It has an account of a former colleague, deactivated, and an administrator's, made by hand.")
	return nil
}

// day plans and applies what an export asks for.
func (d *demo) day(ctx context.Context, export string) error {
	r, err := d.reconciler(export, d.observer())
	if err != nil {
		return err
	}
	report, err := r.Run(ctx)
	if err != nil {
		return err
	}
	d.report(report)
	if n := len(report.Failures); n > 0 {
		return fmt.Errorf("%s: %d changes failed: %w", export, n, report.Err())
	}
	d.say("  Plek now has %s.", d.census())
	return nil
}

// again checks that nothing is left to do.
func (d *demo) again(ctx context.Context, export string) error {
	r, err := d.reconciler(export, nil)
	if err != nil {
		return err
	}
	plan, err := r.Plan(ctx)
	if err != nil {
		return err
	}
	if !plan.Empty() {
		d.plan(plan)
		return fmt.Errorf("%s: the second plan has %d changes, want none", export, len(plan.Changes))
	}
	d.say("  Planned again: nothing to do. %d people and groups are held, as before.", len(plan.Held))
	return nil
}

// broken checks that an export which ends in the middle changes nothing.
func (d *demo) broken(ctx context.Context, export string) error {
	before, writes := d.census(), d.plek.Writes()
	r, err := d.reconciler(export, nil)
	if err != nil {
		return err
	}
	_, err = r.Run(ctx)
	if err == nil {
		return errors.New("the run on the broken export was not refused")
	}
	d.say("  The run was refused:\n    %v", err)
	if after := d.census(); after != before || d.plek.Writes() != writes {
		return fmt.Errorf("the broken export changed Plek: it had %s, and now has %s", before, after)
	}
	d.say("  Nobody was removed, and nothing was written: Plek still has %s.", before)
	return nil
}

func (d *demo) reconciler(export string, o *provisioning.Observer) (*provisioning.Reconciler, error) {
	data, err := fs.ReadFile(demoFiles, "demo/"+export)
	if err != nil {
		return nil, err
	}
	source, err := ldapsource.NewLDIF(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}, nil)
	if err != nil {
		return nil, err
	}
	state, err := provisioning.NewFileState(d.state)
	if err != nil {
		return nil, err
	}
	return provisioning.New(source, d.rules, d.sink, &provisioning.Options{
		State:       state,
		Observer:    o,
		Fingerprint: d.rules.Fingerprint(),
		Policy:      provisioning.Policy{Unique: []string{"userName", "emails"}},
		Concurrency: 8,
	})
}

// census says who is in Plek.
func (d *demo) census() string {
	users := d.plek.Users()
	blocked := 0
	for _, u := range users {
		if u.Get("active") == false {
			blocked++
		}
	}
	return fmt.Sprintf("%d people who may log in, %d who are deactivated, and %d groups", len(users)-blocked, blocked, len(d.plek.Groups()))
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.w, format+"\n", args...) }
