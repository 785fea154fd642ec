package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// mapFunc is a Mapper that is a function.
type mapFunc func(*provisioning.Record) (*provisioning.Record, error)

func (f mapFunc) Map(src *provisioning.Record) (*provisioning.Record, error) { return f(src) }

// asIs maps a record onto itself.
var asIs = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) { return src, nil })

// A job is a source and a sink in memory, and what is between.
type job struct {
	src, dst *memory.Store
	source   provisioning.Source
	mapper   provisioning.Mapper
	sink     provisioning.Sink
	opts     provisioning.Options
}

func newJob(people int) *job {
	j := &job{
		src: memory.New(nil), dst: memory.New(&memory.Options{Unique: []string{"userName"}}),
		mapper: asIs,
		opts:   provisioning.Options{Wait: time.Millisecond},
	}
	j.source, j.sink = j.src.Source(), j.dst
	for n := range people {
		j.src.Put(user(n))
	}
	return j
}

func user(n int) *provisioning.Record {
	return &provisioning.Record{Kind: provisioning.User, ID: uid(n), Attributes: provisioning.Attributes{
		"userName": {fmt.Sprintf("user%d@example.com", n)}, "displayName": {fmt.Sprintf("User %d", n)},
	}}
}

func uid(n int) provisioning.ID { return provisioning.ID(fmt.Sprintf("guid-%d", n)) }

func uref(n int) provisioning.Ref { return provisioning.Ref{Kind: provisioning.User, ID: uid(n)} }

func group(id string, members ...int) *provisioning.Record {
	refs := []provisioning.Ref{}
	for _, n := range members {
		refs = append(refs, uref(n))
	}
	return &provisioning.Record{Kind: provisioning.Group, ID: provisioning.ID(id),
		Attributes: provisioning.Attributes{"displayName": {id}}, Refs: provisioning.Refs{"members": refs}}
}

func gref(id string) provisioning.Ref {
	return provisioning.Ref{Kind: provisioning.Group, ID: provisioning.ID(id)}
}

// reconciler makes one; it keeps its state in j.opts.State, which is there from the first call.
func (j *job) reconciler(t testing.TB) *provisioning.Reconciler {
	t.Helper()
	if j.opts.State == nil {
		j.opts.State = newState()
	}
	r, err := provisioning.New(j.source, j.mapper, j.sink, &j.opts)
	require.NoError(t, err)
	return r
}

func (j *job) plan(t testing.TB) *provisioning.Plan {
	t.Helper()
	p, err := j.reconciler(t).Plan(t.Context())
	require.NoError(t, err)
	return p
}

// run runs once and wants it to come to its end.
func (j *job) run(t testing.TB) *provisioning.Report {
	t.Helper()
	report, err := j.reconciler(t).Run(t.Context())
	require.NoError(t, err)
	return report
}

// clean runs once, wants every change to be made, and nothing to be left to do.
func (j *job) clean(t testing.TB) *provisioning.Report {
	t.Helper()
	report := j.run(t)
	require.NoError(t, report.Err(), "%+v %+v", report.Failures, report.Held)
	j.converged(t)
	return report
}

func (j *job) converged(t testing.TB) {
	t.Helper()
	for _, c := range j.plan(t).Changes {
		t.Errorf("left to do: %s %s/%s: attributes %v, references %v (%s)", c.Op, c.Kind, c.Source, c.Changed(), c.RefNames(), c.Reason)
	}
}

// refused runs once and wants guards to refuse, with nothing changed in the sink.
func (j *job) refused(t testing.TB) *provisioning.RefusedError {
	t.Helper()
	before := j.have(t)
	_, err := j.reconciler(t).Run(t.Context())
	var refused *provisioning.RefusedError
	require.ErrorAs(t, err, &refused)
	require.ErrorIs(t, err, provisioning.ErrRefused)
	require.Equal(t, before, j.have(t), "a refused plan changed the sink")
	return refused
}

// have gives all records of the sink by what it calls them.
func (j *job) have(t testing.TB) map[provisioning.Ref]*provisioning.Record {
	t.Helper()
	all := map[provisioning.Ref]*provisioning.Record{}
	for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
		for r, err := range j.dst.Records(t.Context(), kind) {
			require.NoError(t, err)
			all[r.Ref()] = r
		}
	}
	return all
}

// of gives the record of the sink with the ExternalID of one of the source; nil when there is none.
func (j *job) of(t testing.TB, source provisioning.Ref) *provisioning.Record {
	t.Helper()
	var found *provisioning.Record
	for _, r := range j.have(t) {
		if r.Kind == source.Kind && r.ExternalID == source.ID {
			require.Nil(t, found, "%s is there twice", source)
			found = r
		}
	}
	return found
}

// disabled counts the disabled users of the sink.
func (j *job) disabled(t testing.TB) int {
	t.Helper()
	n := 0
	for _, r := range j.have(t) {
		if r.Disabled {
			n++
		}
	}
	return n
}

// cutSource ends a sequence after n records, with an error or silently.
type cutSource struct {
	provisioning.Source
	after int
	err   error
}

func (s cutSource) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		n := 0
		for r, err := range s.Source.Records(ctx, kind) {
			if n == s.after {
				if s.err != nil {
					yield(nil, s.err)
				}
				return
			}
			n++
			if !yield(r, err) {
				return
			}
		}
		if s.err != nil {
			yield(nil, s.err)
		}
	}
}

var errReset = errors.New("connection reset by peer")

// concat gives some records more than its source.
type concat struct {
	provisioning.Source
	more *provisioning.Record
}

func (s concat) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Source.Records(ctx, kind) {
			if !yield(r, err) {
				return
			}
		}
		if kind == s.more.Kind {
			yield(s.more.Clone(), nil)
		}
	}
}

// failing cannot read one of its source's records.
type failing struct {
	provisioning.Source
	ref provisioning.Ref
}

func (s failing) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Source.Records(ctx, kind) {
			if r != nil && r.Ref() == s.ref {
				r, err = nil, &provisioning.RecordError{Ref: s.ref, Where: "line 7", Err: errors.New("value is no UTF-8")}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
