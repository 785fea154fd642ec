package provisioning_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// mailed is somebody with an address and nothing else that is another's.
func mailed(n int, mail string) *provisioning.Record {
	r := user(n)
	r.Attributes.Set("mail", mail)
	return r
}

// heldOf gives what a plan says of a record that it holds.
func heldOf(t *testing.T, p *provisioning.Plan, source provisioning.ID) provisioning.Held {
	t.Helper()
	for _, h := range p.Held {
		if h.Source == source {
			return h
		}
	}
	t.Fatalf("%s is not held: %+v", source, p.Held)
	return provisioning.Held{}
}

// One record on demand is held for the sake of others that are not in the sink either, or not yet as they shall be, as a full
// run holds it: nothing that may be another's is given by the order in which people ask.
func TestRivalsOnDemand(t *testing.T) {
	account := func(j *job, mail, number string) {
		j.dst.Put(person("by hand", "userName", "by hand", "mail", mail, "number", number))
	}
	for name, c := range map[string]struct {
		policy provisioning.Policy
		change func(*job)
		called provisioning.ID // as the sink is to call them, when that is another than the source's ID
	}{
		"two newcomers with one unique value": {provisioning.Policy{Unique: []string{"mail"}}, func(j *job) {
			j.src.Put(mailed(21, "info@example.com"), mailed(22, "Info@Example.com"))
		}, ""},
		"two who change to one unique value": {provisioning.Policy{Unique: []string{"mail"}}, func(j *job) {
			j.src.Put(mailed(21, "21@example.com"), mailed(22, "22@example.com"))
			_, _ = j.reconciler(t).Run(context.Background())
			j.src.Put(mailed(21, "info@example.com"), mailed(22, "info@example.com"))
		}, ""},
		"a rival that is held for another value": {provisioning.Policy{Unique: []string{"displayName", "mail"}}, func(j *job) {
			other := mailed(21, "info@example.com")
			other.Attributes.Set("displayName", "User 23")
			j.src.Put(other, mailed(22, "info@example.com"), mailed(23, "23@example.com"))
		}, ""},
		"two who match one account": {provisioning.Policy{Adopt: []provisioning.Match{{Attributes: []string{"mail"}}}}, func(j *job) {
			account(j, "info@example.com", "7")
			other := mailed(21, "info@example.com")
			other.Disabled = true // and so there is no account of theirs
			j.src.Put(other, mailed(22, "info@example.com"))
		}, ""},
		"two who match one account by different rules": {
			provisioning.Policy{Adopt: []provisioning.Match{{Attributes: []string{"number"}}, {Attributes: []string{"mail"}}}}, func(j *job) {
				account(j, "info@example.com", "7")
				j.src.Put(mailed(21, "info@example.com"), numbered(22, "7"))
			}, ""},
		"two with one ExternalID": {provisioning.Policy{}, func(j *job) {
			j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
				src.ExternalID = provisioning.ID(src.Attributes.Get("number"))
				return src, nil
			})
			other := numbered(22, "n7")
			other.ID = uid(21)
			j.src.Put(other, numbered(22, "n7"))
		}, "n7"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, ends := range map[string]func(*job){
				"ends that find":          func(j *job) { j.source = j.src },
				"a sink that reads all":   func(j *job) { j.sink = j.dst.Bare() },
				"a source that reads all": func(*job) {},
			} {
				t.Run(name, func(t *testing.T) {
					j := newJob(5)
					j.dst = memory.New(nil)
					j.sink, j.opts.Policy = j.dst, c.policy
					ends(j)
					j.run(t)
					c.change(j)
					before := j.have(t)
					full := j.plan(t)
					require.NotEmpty(t, full.Held)
					explained, err := j.reconciler(t).Explain(t.Context(), uref(22))
					require.NoError(t, err)
					require.Empty(t, explained.Plan.Changes)
					if c.called != "" { // which both are
						require.Subset(t, full.Held, explained.Plan.Held)
					} else {
						require.Equal(t, []provisioning.Held{heldOf(t, full, uid(22))}, explained.Plan.Held)
					}
					_, err = j.reconciler(t).Sync(t.Context(), uref(22))
					require.NoError(t, err)
					require.Equal(t, before, j.have(t))
				})
			}
		})
	}
}

// Where nobody else may be meant, one record on demand is created, changed and adopted, and the source is read whole only for
// what is one record's and is newly given.
func TestWithoutRivals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*job)
		op     provisioning.Op
		reads  int
	}{
		"a newcomer with a unique value": {func(j *job) { j.src.Put(mailed(22, "22@example.com")) }, provisioning.Create, 1},
		"a newcomer without one":         {func(j *job) { j.src.Put(user(22)) }, provisioning.Create, 0},
		"a change of another value": {func(j *job) {
			r := mailed(1, "1@example.com")
			r.Attributes.Set("displayName", "Changed")
			j.src.Put(r)
		}, provisioning.Update, 0},
		"a change of a unique value": {func(j *job) { j.src.Put(mailed(1, "one@example.com")) }, provisioning.Update, 1},
		"an account that matches": {func(j *job) {
			j.dst.Put(person("by hand", "userName", "by hand", "number", "7"))
			// The other that has the number has an account of its own.
			j.src.Put(numbered(22, "7"))
		}, provisioning.Adopt, 1},
	} {
		t.Run(name, func(t *testing.T) {
			reads := 0
			j := newJob(0)
			j.src = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if c.Name == "Records" && !c.After {
					reads++
				}
				return nil
			}})
			j.source = j.src
			j.opts.Policy.Unique = []string{"mail"}
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"number"}}}
			j.src.Put(mailed(1, "1@example.com"), numbered(2, "7"))
			j.clean(t)
			c.change(j)
			reads = 0
			ref := uref(22)
			if _, ok := j.src.Get(ref); !ok {
				ref = uref(1)
			}
			trace, err := j.reconciler(t).Sync(t.Context(), ref)
			require.NoError(t, err)
			require.NoError(t, trace.Report.Err())
			require.Equal(t, map[provisioning.Op]int{c.op: 1}, trace.Plan.Ops())
			require.Equal(t, c.reads, reads)
			j.converged(t)
		})
	}
}

// In a run from what changed, nobody is adopted whom a full run would hold, and whoever is sure to be the one is adopted at once.
func TestAdoptionFromWhatChanged(t *testing.T) {
	for name, disputed := range map[string]bool{"of one": false, "of two": true} {
		t.Run(name, func(t *testing.T) {
			j := newJob(5)
			j.source = j.src
			j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"mail"}}}
			if disputed {
				other := mailed(21, "info@example.com")
				other.Disabled = true
				j.src.Put(other)
			}
			j.clean(t)
			j.dst.Put(person("by hand", "userName", "by hand", "mail", "info@example.com"))
			j.src.Put(mailed(22, "info@example.com"))
			report := j.run(t)
			adopted, _ := j.dst.Get(provisioning.Ref{Kind: provisioning.User, ID: "by hand"})
			if !disputed {
				require.Equal(t, uid(22), adopted.ExternalID)
				j.partial(t)
				return
			}
			require.Empty(t, adopted.ExternalID, "two people of the source match the account, and one was given it")
			require.Len(t, report.Held, 2)
			require.True(t, j.run(t).Plan.Partial, "while both are held, everything is compared every time")
			adopted, _ = j.dst.Get(provisioning.Ref{Kind: provisioning.User, ID: "by hand"})
			require.Empty(t, adopted.ExternalID)
		})
	}
}

// In a run from what changed, what keeps failing and is not tried yet is still to have its value.
func TestRivalThatKeepsFailing(t *testing.T) {
	j := newJob(5)
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.Ref.ID == uid(21) {
			return provisioning.ErrInvalid
		}
		return nil
	}})
	j.source, j.sink = j.src, j.dst
	j.opts.Policy.Unique = []string{"mail"}
	j.clean(t)
	j.src.Put(mailed(21, "info@example.com"))
	for range 3 {
		j.run(t)
	}
	j.src.Put(mailed(22, "info@example.com"))
	report := j.run(t)
	require.True(t, report.Plan.Partial)
	require.Len(t, report.Held, 2)
	require.Nil(t, j.of(t, uref(22)))
}
