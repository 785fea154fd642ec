package provisioning_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
)

// While a record of the sink cannot be read, which may be somebody's own account, nobody is given another that only looks like it.
func TestNobodyIsAdoptedBesideAnUnreadableRecord(t *testing.T) {
	for _, known := range []bool{false, true} {
		j := newJob(20)
		j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"displayName"}}}
		j.clean(t)
		own := j.of(t, uref(3))
		lookalike := user(3)
		lookalike.ID = "lookalike"
		lookalike.Attributes.Set("userName", "mallory")
		j.dst.Put(lookalike)
		j.sink = readFails{j.dst, own.Ref(), known}
		report := j.run(t)
		require.Error(t, report.Err())
		require.Empty(t, report.Plan.Changes, "whose account cannot be read was given another")
		j.sink = j.dst
		j.clean(t)
		require.Equal(t, own, j.of(t, uref(3)))
	}
}

// idless is a sink that gives one of its records without an ID.
type idless struct {
	provisioning.Sink
	ref provisioning.Ref
}

func (s idless) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if r != nil && r.Ref() == s.ref {
				r.ID = ""
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// A record that the sink gives without an ID cannot be written to. Nobody is created in its place either.
func TestSinkRecordWithoutID(t *testing.T) {
	for name, do := range map[string]func(*job){
		"changed": func(j *job) { j.src.Put(group("led"), renamedUser(3)) },
		"gone":    func(j *job) { j.src.Remove(uref(3)) },
	} {
		for _, links := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, links %v", name, links), func(t *testing.T) {
				j := newJob(20)
				j.opts.Links = links
				if j.sink = j.dst.Bare(); links {
					j.sink = nameless{j.dst.Bare()}
				}
				j.clean(t)
				before := j.have(t)
				var ref provisioning.Ref
				for _, r := range before {
					if r.Attributes.Get("userName") == "user3@example.com" {
						ref = r.Ref()
					}
				}
				do(j)
				j.sink = idless{j.sink, ref}
				report := j.run(t)
				require.Error(t, report.Err(), "nothing says that one record was left out")
				for _, c := range report.Plan.Changes {
					require.NotEqual(t, uid(3), c.Source, "%s of a record without an ID: %v", c.Op, report.Failures)
				}
			})
		}
	}
}

func renamedUser(n int) *provisioning.Record {
	r := user(n)
	r.Attributes.Set("displayName", "Renamed")
	return r
}

// A saved plan neither deletes a record that cannot be read by now, for its person may be back, nor creates one that may be there.
func TestSavedPlanOfAnUnreadableRecord(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known ", known), func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.clean(t)
			j.src.Remove(uref(3))
			j.src.Put(user(30))
			p := saved(t, j.plan(t))
			require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1, provisioning.Delete: 1}, p.Ops())
			own := j.of(t, uref(3)).Ref()
			j.src.Put(user(3))
			j.sink = readFails{j.dst, own, known}
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			require.ErrorIs(t, report.Err(), provisioning.ErrStale)
			require.NotNil(t, j.of(t, uref(3)), "it was deleted unseen")
			require.Equal(t, known, j.of(t, uref(30)) != nil)
			j.sink = j.dst
			j.clean(t)
		})
	}
}

// Nor does it say of a deletion that it is done, and forget the person, when another record of theirs may be there by now.
func TestSavedPlanOfWhoMayBeBack(t *testing.T) {
	for _, known := range []bool{false, true} {
		t.Run(fmt.Sprint("known ", known), func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.clean(t)
			j.src.Remove(uref(3))
			p := saved(t, j.plan(t))
			require.Equal(t, map[provisioning.Op]int{provisioning.Delete: 1}, p.Ops())
			j.clean(t)
			j.src.Put(user(3))
			j.clean(t)
			j.sink = readFails{j.dst, j.of(t, uref(3)).Ref(), known}
			report, err := j.reconciler(t).Apply(t.Context(), p)
			require.NoError(t, err)
			require.ErrorIs(t, report.Err(), provisioning.ErrStale)
			j.sink = j.dst
			require.NotNil(t, j.of(t, uref(3)))
			j.clean(t)
		})
	}
}
