package provisioning_test

import (
	"context"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func withMail(n int, mail string) *provisioning.Record {
	r := user(n)
	r.Attributes.Set("mail", mail)
	r.Refs = provisioning.Refs{"manager": {uref(0)}}
	return r
}

// deltasOnly is a source that tells what changed, and cannot give single records.
type deltasOnly struct{ provisioning.DeltaSource }

// A record that did not change is still the one that has its value, in a run from what changed as in a full one.
func TestUniqueInIncrementalRuns(t *testing.T) {
	for name, change := range map[string]func(*job){
		"ends that find":             func(*job) {},
		"a sink that reads all":      func(j *job) { j.sink = j.dst.Bare() },
		"a source that reads all":    func(j *job) { j.source = deltasOnly{j.src} },
		"a sink with another filter": func(j *job) { j.sink = byIDOnly{j.dst} },
		"a link table": func(j *job) {
			j.opts.Links = true
			j.sink = nameless{j.dst.Bare()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.dst = memory.New(nil)
			j.source, j.sink = j.src, j.dst
			j.opts.Policy.Unique = []string{"mail"}
			j.src.Put(withMail(1, "one@example.com"), withMail(2, "two@example.com"), withMail(3, "three@example.com"))
			change(j)
			j.clean(t)
			j.src.Remove(uref(3))
			require.True(t, j.run(t).Plan.Partial)
			require.Equal(t, 1, j.disabled(t))

			// One takes the address of somebody who did not change, another that of a leaver.
			j.src.Put(withMail(30, "One@Example.com"), withMail(31, "three@example.com"))
			report := j.run(t)
			require.True(t, report.Plan.Partial)
			require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1}, report.Plan.Ops())
			require.Len(t, report.Held, 1)
			require.Equal(t, uid(30), report.Held[0].Source)
			require.Equal(t, []provisioning.Link{{Kind: provisioning.User, Source: uid(1)}}, report.Held[0].With)
			require.Equal(t, 21, j.dst.Len(provisioning.User))

			explained, err := j.reconciler(t).Explain(t.Context(), uref(30))
			require.NoError(t, err)
			require.Empty(t, explained.Plan.Changes)
			require.Equal(t, report.Held, explained.Plan.Held)

			// Who has it gives it up, and the other is created in the same run.
			j.src.Put(withMail(1, "uno@example.com"))
			report = j.run(t)
			require.NoError(t, report.Err())
			require.Equal(t, map[provisioning.Op]int{provisioning.Create: 1, provisioning.Update: 1}, report.Plan.Ops())
			j.converged(t)
		})
	}
}

// byIDOnly finds records by their IDs only.
type byIDOnly struct{ *memory.Store }

func (s byIDOnly) Find(ctx context.Context, l provisioning.Lookup) iter.Seq2[*provisioning.Record, error] {
	if l.By != provisioning.ByID && l.By != provisioning.ByExternalID {
		return func(yield func(*provisioning.Record, error) bool) {
			yield(nil, provisioning.ErrInvalid)
		}
	}
	return s.Store.Find(ctx, l)
}

// Nobody is asked for a value that the one who shall have it has, and one record on demand is one record.
func TestUniqueAsksForWhatIsTaken(t *testing.T) {
	finds := 0
	j := newJob(20)
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Find" && !c.After {
			finds++
		}
		return nil
	}})
	j.source, j.sink = j.src, j.dst
	j.opts.Policy.Unique = []string{"mail"}
	j.src.Put(withMail(1, "one@example.com"), withMail(2, "two@example.com"))
	j.clean(t)
	changed := withMail(2, "two@example.com")
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed)
	before := finds
	require.Equal(t, 1, j.run(t).Ops[provisioning.Update].Done)
	require.Equal(t, 1, finds-before, "the sink was asked for more than the person")

	// Whom another's value is found at is compared, and not written, when the other is asked for alone.
	drifted := j.of(t, uref(1))
	drifted.Attributes.Set("displayName", "By hand")
	j.dst.Put(drifted)
	j.src.Put(withMail(30, "one@example.com"))
	trace, err := j.reconciler(t).Sync(t.Context(), uref(30))
	require.NoError(t, err)
	require.Len(t, trace.Plan.Held, 1)
	require.Empty(t, trace.Plan.Changes)
	require.Equal(t, "By hand", j.of(t, uref(1)).Attributes.Get("displayName"))
}

// However many attributes are one record's each, a sink that must be read for who has their values is read once for all of them, and
// once to be compared.
func TestUniqueReadsTheSinkOnce(t *testing.T) {
	for _, c := range []struct {
		name string
		sink func(*memory.Store) provisioning.Sink
		want int
	}{
		{"a sink that finds", func(s *memory.Store) provisioning.Sink { return s }, 0},
		{"a sink that reads all", func(s *memory.Store) provisioning.Sink { return s.Bare() }, 2},
		{"a sink that finds by ID", func(s *memory.Store) provisioning.Sink { return byIDOnly{s} }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			j, reads := newJob(20), 0
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, call memory.Call) error {
				if call.Name == "Records" && call.Ref.Kind == provisioning.User {
					reads++
				}
				return nil
			}})
			j.source, j.sink = j.src, c.sink(j.dst)
			j.opts.Policy.Unique = []string{"mail", "alias", "badge", "login"}
			person := func(n int, value string) *provisioning.Record {
				r := user(n)
				for _, name := range j.opts.Policy.Unique {
					r.Attributes.Set(name, name+value)
				}
				return r
			}
			j.src.Put(person(1, "one"), person(2, "two"))
			j.clean(t)
			newcomer := person(30, "three")
			newcomer.Attributes.Set("login", "LoginTwo")
			j.src.Put(newcomer)
			reads = 0
			report := j.run(t)
			require.True(t, report.Plan.Partial)
			require.Len(t, report.Held, 1)
			require.Equal(t, []provisioning.Link{{Kind: provisioning.User, Source: uid(2)}}, report.Held[0].With)
			require.Equal(t, c.want, reads, "how often the sink was read")
		})
	}
}
