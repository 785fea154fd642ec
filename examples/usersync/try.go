package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ilumy/usersync/provisioning"
)

// mostTried is how many records that are held are named by a trial.
const mostTried = 5

// A trial is what becomes of the records of one kind on their way to the target, without the target.
type trial struct {
	kind                   provisioning.Kind
	read, outOfScope, held int
	sample                 []string // of those that are held, with the reason
}

// try reads and maps all records of a kind. The error says that they could not be read to their end.
func (j *job) try(ctx context.Context, kind provisioning.Kind) (*trial, error) {
	t := &trial{kind: kind}
	for r, err := range j.source.Records(ctx, kind) {
		var one *provisioning.RecordError
		if err != nil && !errors.As(err, &one) {
			return nil, err
		}
		t.read++
		if err == nil {
			if err = j.take(r); err != nil {
				err = &provisioning.RecordError{Ref: r.Ref(), Err: err}
			}
		}
		switch {
		case errors.Is(err, provisioning.SkipRecord):
			t.outOfScope++
		case err != nil:
			t.held++
			if len(t.sample) < mostTried {
				t.sample = append(t.sample, err.Error())
			}
		}
	}
	return t, nil
}

// take says why the rules, or the target, do not take a record.
func (j *job) take(r *provisioning.Record) error {
	m, err := j.rules.Map(r)
	if err != nil {
		return err
	}
	sink, ok := j.sink.(provisioning.Canonicalizer)
	if !ok {
		return nil
	}
	if _, err = sink.Canonical(m); err != nil {
		return fmt.Errorf("the target will not take it: %w", err)
	}
	return nil
}

func (t *trial) String() string {
	return fmt.Sprintf("%d %s read to the end, %d out of scope, %d held", t.read, plural(string(t.kind), t.read), t.outOfScope, t.held)
}

var _ fmt.Stringer = (*trial)(nil)
