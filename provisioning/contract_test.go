package provisioning_test

import (
	"context"
	"errors"
	"iter"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// What a connector or a mapper must not do is an error that says so, and changes nothing.

func TestMapperThatPanics(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	for _, c := range []struct {
		name  string
		panic func(*provisioning.Record)
		want  string
	}{
		{"the runtime", func(r *provisioning.Record) { _ = r.Attributes["phone"][2] }, "runtime error: index out of range [2] with length 0"},
		{"a value that may be personal", func(r *provisioning.Record) { panic(errors.New(r.Attributes.Get("userName"))) }, "*errors.errorString"},
	} {
		j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
			if src.ID == uid(3) {
				c.panic(src)
			}
			return src, nil
		})
		j.src.Put(user(30))
		j.src.Remove(uref(3))
		gone := user(3)
		gone.Attributes.Set("displayName", c.name)
		j.src.Put(gone)
		report := j.run(t)
		require.Len(t, report.Held, 1, c.name)
		require.Equal(t, uid(3), report.Held[0].Source)
		require.Regexp(t, `^map it: panic at contract_test.go:\d+ in .*TestMapperThatPanics.*: `+regexp.QuoteMeta(c.want)+`$`, report.Held[0].Reason)
		require.NotNil(t, j.of(t, uref(30)), "the others did not go on")
		require.Zero(t, j.disabled(t))
	}
}

// Calls that look at one side alone, and saved plans, say so too.
func TestSequenceOfNothingElsewhere(t *testing.T) {
	j := newJob(5)
	j.clean(t)
	changed := user(1)
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed)
	p := j.plan(t)
	j.sink = struct{ provisioning.Sink }{emptyPairSink{j.dst}}
	r := j.reconciler(t)
	const want = "the sequence has a pair of neither a record nor an error"
	var last error
	for _, err := range r.Links(t.Context(), provisioning.User) {
		last = err
	}
	require.ErrorContains(t, last, want)
	for _, err := range r.Unmanaged(t.Context(), provisioning.User) {
		last = err
	}
	require.ErrorContains(t, last, want)
	_, err := r.Apply(t.Context(), p)
	require.ErrorContains(t, err, want)
}

func TestSequenceOfNothing(t *testing.T) {
	j := newJob(20)
	j.clean(t)
	before := j.have(t)
	const want = "the sequence has a pair of neither a record nor an error"
	for name, change := range map[string]func(*job){
		"source":           func(j *job) { j.source = emptyPair{j.src.Source()} },
		"flattened source": func(j *job) { j.source, j.opts.Policy.FlattenRefs = emptyPair{j.src.Source()}, []string{"members"} },
		"sink":             func(j *job) { j.sink = struct{ provisioning.Sink }{emptyPairSink{j.dst}} },
		"part": func(j *job) {
			m, err := provisioning.Merge([]provisioning.Part{{Name: "a", Source: j.src}, {Name: "b", Source: emptyPair{j.src}}}, nil)
			require.NoError(t, err)
			j.source = m
		},
	} {
		broken := *j
		change(&broken)
		_, err := broken.reconciler(t).Run(t.Context())
		require.ErrorContains(t, err, want, name)
		require.Equal(t, before, j.have(t), name)
	}
	j.source = emptyPair{j.src.Source()}
	_, err := j.reconciler(t).Explain(t.Context(), uref(1))
	require.ErrorContains(t, err, want)
}

// A kind that ends with the word that there is no such kind was not read to its end.
func TestKindThatEndsInTheMiddle(t *testing.T) {
	for name, change := range map[string]func(*job){
		"source": func(j *job) { j.source = cutSource{j.src, 7, errors.ErrUnsupported} },
		"sink": func(j *job) {
			j.sink = struct{ provisioning.Sink }{cutSink{j.dst, cutSource{j.dst, 7, errors.ErrUnsupported}}}
		},
	} {
		j := newJob(20)
		j.clean(t)
		before := j.have(t)
		j.src.Remove(uref(5))
		change(j)
		report, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, errors.ErrUnsupported, name)
		require.Nil(t, report.Plan)
		require.Equal(t, before, j.have(t), name)
	}
}

func TestOneRecordOfAnotherKind(t *testing.T) {
	j := newJob(3)
	j.src.Put(group("g", 1))
	j.opts.Kinds = []provisioning.Kind{provisioning.User}
	for _, do := range []func(context.Context, provisioning.Ref) (*provisioning.Trace, error){j.reconciler(t).Explain, j.reconciler(t).Sync} {
		_, err := do(t.Context(), gref("g"))
		require.EqualError(t, err, `Group/g is of a kind that is not managed; Options.Kinds are ["User"]`)
		_, err = do(t.Context(), provisioning.Ref{Kind: provisioning.User})
		require.ErrorContains(t, err, "a User without an ID is asked for")
	}
	require.Empty(t, j.have(t))
}

// emptyPair ends with a pair of neither a record nor an error.
type emptyPair struct{ provisioning.Source }

func (s emptyPair) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Source.Records(ctx, kind) {
			if !yield(r, err) {
				return
			}
		}
		yield(nil, nil)
	}
}

type emptyPairSink struct{ provisioning.Sink }

func (s emptyPairSink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return emptyPair{s.Sink}.Records(ctx, kind)
}

// cutSink reads from another.
type cutSink struct {
	provisioning.Sink
	from provisioning.Source
}

func (s cutSink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return s.from.Records(ctx, kind)
}
