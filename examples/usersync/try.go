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
	alike                  *duplicates
}

// try reads and maps all records of a kind. The error says that they could not be read to their end.
func (j *job) try(ctx context.Context, kind provisioning.Kind) (*trial, error) {
	t := &trial{kind: kind, alike: j.duplicates(kind)}
	for r, err := range j.source.Records(ctx, kind) {
		var one *provisioning.RecordError
		if err != nil && !errors.As(err, &one) {
			return nil, err
		}
		t.read++
		if err == nil {
			t.alike.read(r.ID)
			var m *provisioning.Record
			if m, err = j.take(r); err != nil {
				err = &provisioning.RecordError{Ref: r.Ref(), Err: err}
			} else {
				t.alike.wanted(r.ID, m)
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

// take gives what the target shall have of a record, or why the rules, or the target, do not take it.
func (j *job) take(r *provisioning.Record) (*provisioning.Record, error) {
	m, err := j.rules.Map(r)
	if err != nil {
		return nil, err
	}
	sink, ok := j.sink.(provisioning.Canonicalizer)
	if !ok {
		return m, nil
	}
	if m, err = sink.Canonical(m); err != nil {
		return nil, fmt.Errorf("the target will not take it: %w", err)
	}
	return m, nil
}

func (t *trial) String() string {
	return fmt.Sprintf("%d %s read to the end, %d out of scope, %d held", t.read, plural(string(t.kind), t.read), t.outOfScope, t.held)
}

var _ fmt.Stringer = (*trial)(nil)
