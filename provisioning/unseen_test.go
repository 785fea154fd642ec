package provisioning_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// A membership is not removed because the member was not seen.
func TestMembershipsOfWhoIsNotSeen(t *testing.T) {
	const people, member, mapped = 10, 3, 4
	unmappable := provisioning.ID("")
	for _, c := range []struct {
		name   string
		before func(*job) // before the first run
		then   func(*testing.T, *job)
	}{
		{"the sink's record cannot be read", nil, func(t *testing.T, j *job) {
			j.sink = readFails{j.dst, j.of(t, uref(member)).Ref(), false}
		}},
		{"it cannot be read but for its ExternalID", nil, func(t *testing.T, j *job) {
			j.sink = readFails{j.dst, j.of(t, uref(member)).Ref(), true}
		}},
		{"the sink says that it has no users", nil, func(_ *testing.T, j *job) { j.sink = withoutUsers{j.dst.Bare()} }},
		{"users are not managed", nil, func(_ *testing.T, j *job) {
			j.opts.Job, j.opts.Kinds = "groups", []provisioning.Kind{provisioning.Group}
		}},
		{"the source has no users any more", nil, func(_ *testing.T, j *job) {
			groups := memory.New(&memory.Options{Kinds: []provisioning.Kind{provisioning.Group}})
			groups.Put(group("g", member, mapped))
			j.opts.Job, j.source = "groups", groups.Source()
		}},
		{"it cannot be mapped", nil, func(*testing.T, *job) { unmappable = uid(member) }},
		{"it cannot be mapped, and the mapper gives the ExternalIDs", func(j *job) {
			inner := j.mapper
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				src.ExternalID = "external-" + src.ID
				return inner.Map(src)
			})
		}, func(*testing.T, *job) { unmappable = uid(member) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			unmappable = ""
			j := newJob(people)
			j.src.Put(group("g", member, mapped))
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				if src.ID == unmappable {
					return nil, errors.New("department is unknown")
				}
				return src, nil
			})
			if c.before != nil {
				c.before(j)
			}
			j.clean(t)
			c.then(t, j)
			report := j.run(t)
			for _, r := range j.have(t) {
				if r.Kind == provisioning.Group {
					require.Len(t, r.Refs["members"], 2, "%v", report.Plan.Notes)
				}
			}
			require.Empty(t, report.Plan.Changes)
			for _, w := range report.Plan.Pending {
				require.Equal(t, uref(member), w.To, "what is left alone does not wait")
			}
			require.Zero(t, j.disabled(t))
		})
	}
}

// A record of the sink that cannot be read may be the one that is about to be created. Where its ExternalID can be, it holds only
// the one it belongs to.
func TestSinkRecordCannotBeRead(t *testing.T) {
	for _, known := range []bool{false, true} {
		j := newJob(20)
		j.clean(t)
		byHand := &provisioning.Record{Kind: provisioning.User, ID: "by hand", Attributes: provisioning.Attributes{"userName": {"admin"}}}
		j.dst.Put(byHand)
		j.src.Put(user(30))
		broken := j.of(t, uref(3)).Ref()
		for _, ref := range []provisioning.Ref{broken, byHand.Ref()} {
			j.sink = readFails{j.dst, ref, known}
			report := j.run(t)
			require.Error(t, report.Err())
			require.Equal(t, known, j.of(t, uref(30)) != nil)
			require.Zero(t, j.disabled(t))
			reasons := map[provisioning.ID]string{}
			for _, h := range report.Held {
				reasons[h.Target] = h.Reason
			}
			require.Contains(t, reasons[ref.ID], "cannot be read")
			notes := strings.Join(report.Plan.Notes, "\n")
			require.Equal(t, !known, strings.Contains(notes, "no User is created or adopted, because the sink has 1 that cannot be read and may be the same"), notes)
		}
		// Who has left is not disabled blindly, nor is anybody made in their place.
		j.sink = readFails{j.dst, broken, known}
		j.src.Remove(uref(3))
		j.run(t)
		require.Zero(t, j.disabled(t))
		j.sink = j.dst
		j.clean(t)
		require.Equal(t, 1, j.disabled(t))
		require.Equal(t, 22, j.dst.Len(provisioning.User))
	}
}

// readFails is a sink that cannot give one of its records, or nothing of it but its ExternalID.
type readFails struct {
	provisioning.Sink
	ref   provisioning.Ref
	known bool
}

func (s readFails) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if r != nil && r.Ref() == s.ref {
				one := &provisioning.RecordError{Ref: s.ref, Where: "line 7", Err: errors.New("value is no UTF-8")}
				if s.known {
					one.Record = &provisioning.Record{Kind: r.Kind, ID: r.ID, ExternalID: r.ExternalID}
				}
				r, err = nil, one
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// withoutUsers is a sink that has no users.
type withoutUsers struct{ provisioning.Sink }

func (s withoutUsers) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	if kind == provisioning.User {
		return cutSource{memory.New(nil), 0, errors.ErrUnsupported}.Records(ctx, kind)
	}
	return s.Sink.Records(ctx, kind)
}

// Pages that shift while they are read give a record twice. It is one all the same.
func TestSinkGivesARecordTwice(t *testing.T) {
	j := newJob(5)
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
	byHand := user(30)
	byHand.ID = "by hand"
	j.dst.Put(byHand)
	j.clean(t)
	j.sink = givesTwice{j.dst.Bare()}
	j.src.Remove(uref(1))
	j.src.Put(user(30))
	p := j.plan(t)
	require.Empty(t, p.Held)
	require.Equal(t, map[provisioning.Op]int{provisioning.Deactivate: 1, provisioning.Adopt: 1}, p.Ops())
	require.Equal(t, 5, p.Counts[provisioning.User].Owned)
}

type givesTwice struct{ provisioning.Sink }

func (s givesTwice) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if !yield(r.Clone(), err) || !yield(r, err) {
				return
			}
		}
	}
}

// A source that gives everybody twice has no more people for it, so the next read is not taken for one that lacks half.
func TestSourceThatGivesEverybodyTwice(t *testing.T) {
	const people = 100
	for name, twice := range map[string]func(provisioning.Source) provisioning.Source{
		"two records":               func(s provisioning.Source) provisioning.Source { return everybodyTwice{s, nil} },
		"a second that is an error": func(s provisioning.Source) provisioning.Source { return everybodyTwice{s, errReset} },
	} {
		j := newJob(people)
		j.clean(t)
		j.source = twice(j.src.Source())
		report := j.run(t)
		require.Len(t, report.Held, people, name)
		require.Equal(t, people, report.Plan.Counts[provisioning.User].Source, name)
		j.source = j.src
		j.clean(t)
	}
}

// everybodyTwice gives each record once more, or an error of it.
type everybodyTwice struct {
	provisioning.Source
	err error
}

func (s everybodyTwice) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Source.Records(ctx, kind) {
			if !yield(r.Clone(), err) {
				return
			}
			if s.err != nil {
				r, err = nil, &provisioning.RecordError{Ref: r.Ref(), Err: s.err}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
