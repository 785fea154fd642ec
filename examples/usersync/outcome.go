package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ilumy/usersync/provisioning"
)

// outcome prints what became of a run, and gives what its command fails with.
func (p *printer) outcome(file string, again commandLine, r *provisioning.Report, err error) error {
	if r != nil && r.Ops != nil {
		p.report(r)
	}
	if err = p.became(file, again, r, err); r == nil {
		return err
	}
	return blamed(file, r.Plan, err)
}

func (p *printer) became(file string, again commandLine, r *provisioning.Report, err error) error {
	const goesOn = "; what was done stays done, and the next run goes on from there"
	switch {
	case errors.Is(err, provisioning.ErrRefused):
		return p.verdict(again, r.Plan, err)
	case err != nil && tried(r) == 0:
		return fmt.Errorf("nothing was changed: %s", inWords(file, err))
	case err != nil:
		return errors.New(inWords(file, err) + goesOn)
	case len(r.Failures) > 0:
		return errors.New(settings(r.Err().Error()) + goesOn)
	}
	return p.staged(again, r)
}

// putOff is a failure where changes keep failing, and were left out of a run for that: it would pass for one after which all is as it
// shall be, until they are tried again.
func (j *job) putOff(ctx context.Context, r *provisioning.Report, err error) error {
	if r == nil || r.Stopped != nil || len(r.Failures) > 0 {
		return err // It has failed already.
	}
	m, _, bad := j.reconciler.Memory(ctx)
	if bad != nil {
		return worse("what keeps failing is not known: "+inWords(j.config.file, bad), err)
	}
	n := 0
	for _, some := range m.Failing {
		for _, f := range some {
			if f.Failures > 0 {
				n++
			}
		}
	}
	if n == 0 {
		return err
	}
	return worse(fmt.Sprintf("changes that keep failing are put off: %d; \"usersync status\" says why, and \"usersync apply -again\" tries them at once", n), err)
}

// tried counts the changes that the target was asked for.
func tried(r *provisioning.Report) int {
	n := 0
	if r != nil {
		for _, t := range r.Ops {
			n += t.Done + t.Failed
		}
	}
	return n
}

// observer prints a plan when it is about to be applied, and the progress.
func (p *printer) observer() *provisioning.Observer {
	var progress *progress
	return &provisioning.Observer{
		Planned: func(_ context.Context, plan *provisioning.Plan) { p.plan(plan) },
		Applying: func(_ context.Context, plan *provisioning.Plan) {
			progress = newProgress(p.w, len(plan.Changes))
		},
		Applied:  func(_ context.Context, r *provisioning.Result) { progress.step(r.Outcome) },
		Finished: func(context.Context, *provisioning.Report) { progress.end() },
	}
}

// A progress tells how far a run is, a tenth at a time, which suits a log as well as a terminal.
type progress struct {
	w                   io.Writer
	total, done, failed int
	told                int
}

func newProgress(w io.Writer, total int) *progress { return &progress{w: w, total: total} }

func (p *progress) step(outcome provisioning.Outcome) {
	p.done++
	if outcome != provisioning.Done {
		p.failed++
	}
	if p.done == p.total || p.done >= p.told+max(p.total/10, 50) {
		p.told = p.done
		p.tell()
	}
}

func (p *progress) tell() {
	fmt.Fprintf(p.w, "  applying: %d of %d (%d %%)", p.done, p.total, p.done*100/max(p.total, 1))
	if p.failed > 0 {
		fmt.Fprintf(p.w, ", %d not made", p.failed)
	}
	fmt.Fprintln(p.w)
}

// end tells the last number, when it has not been told.
func (p *progress) end() {
	if p != nil && p.told < p.done {
		p.tell()
	}
}
