package provisioning_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// altering is a sink that makes something of its own of what is written to it.
type altering struct {
	provisioning.Sink
	alter func(id provisioning.ID, r *provisioning.Record)
}

func (s altering) Create(ctx context.Context, r *provisioning.Record) (provisioning.ID, error) {
	c := r.Clone()
	s.alter("", c)
	return s.Sink.Create(ctx, c)
}

func (s altering) Update(ctx context.Context, c *provisioning.Change) error {
	d := *c
	d.After = c.After.Clone()
	s.alter(c.Target, d.After)
	return s.Sink.Update(ctx, &d)
}

// Whatever the sink does not keep is written twice, and then left alone and reported: done and said to be done in every run it
// would tell nobody that a leaver still has access.
func TestWhatDoesNotStick(t *testing.T) {
	leaves := func(_ *testing.T, j *job) { j.src.Remove(uref(3)) }
	changes := func(_ *testing.T, j *job) {
		r := user(3)
		r.Attributes.Set("displayName", "Changed")
		j.src.Put(r)
	}
	keeps := func(store *memory.Store) func(provisioning.ID, *provisioning.Record) {
		return func(id provisioning.ID, r *provisioning.Record) {
			if now, ok := store.Get(provisioning.Ref{Kind: r.Kind, ID: id}); ok {
				r.Disabled = now.Disabled
			}
		}
	}
	upper := func(*memory.Store) func(provisioning.ID, *provisioning.Record) {
		return func(_ provisioning.ID, r *provisioning.Record) {
			r.ExternalID = provisioning.ID(strings.ToUpper(string(r.ExternalID)))
		}
	}
	lower := func(*memory.Store) func(provisioning.ID, *provisioning.Record) {
		return func(_ provisioning.ID, r *provisioning.Record) {
			for i, v := range r.Attributes["displayName"] {
				r.Attributes["displayName"][i] = strings.ToLower(v)
			}
		}
	}
	for _, c := range []struct {
		name     string
		links    bool
		nameless bool
		before   func(*testing.T, *job)
		alter    func(*memory.Store) func(provisioning.ID, *provisioning.Record)
		do       func(*testing.T, *job)
		reason   string
	}{
		{"whether a leaver is disabled", false, false, nil, keeps, leaves,
			"the sink does not keep what is written to whether it is disabled; disable it in the sink by hand"},
		{"whether somebody who is disabled in the source is, beside a name", false, false, nil, func(store *memory.Store) func(provisioning.ID, *provisioning.Record) {
			return func(id provisioning.ID, r *provisioning.Record) { keeps(store)(id, r); lower(store)(id, r) }
		}, func(_ *testing.T, j *job) {
			r := user(3)
			r.Disabled = true
			r.Attributes.Set("displayName", "Changed")
			j.src.Put(r)
		}, "the sink does not keep what is written to whether it is disabled; disable it in the sink by hand"},
		{"whether somebody who comes back is enabled", false, false, leaves, keeps, func(_ *testing.T, j *job) { j.src.Put(user(3)) },
			"the sink does not keep what is written to whether it is disabled; leave it out of the mapping, or map it to what the sink keeps"},
		{"its ExternalID", true, false, nil, upper, func(t *testing.T, j *job) {
			r := j.of(t, uref(3))
			r.ExternalID = "GUID-3"
			j.dst.Put(r)
		}, "the sink does not keep what is written to its ExternalID; leave it out of the mapping, or map it to what the sink keeps"},
		{"an attribute", false, false, nil, lower, changes, "the sink does not keep what is written to displayName; leave it out of the mapping, or map it to what the sink keeps"},
		{"an attribute, in a sink without ExternalIDs", true, true, nil, lower, changes,
			"the sink does not keep what is written to displayName; leave it out of the mapping, or map it to what the sink keeps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Links = c.links
			sink := provisioning.Sink(j.dst.Bare())
			if c.nameless {
				sink = nameless{sink}
			}
			j.sink = sink
			j.clean(t)
			if c.before != nil {
				c.before(t, j)
				j.clean(t)
			}
			j.sink = altering{sink, c.alter(j.dst)}
			c.do(t, j)
			for range 2 {
				require.NotEmpty(t, j.run(t).Plan.Changes)
			}
			for range 3 {
				report := j.run(t)
				require.Empty(t, report.Plan.Changes, "it is written for ever")
				require.Error(t, report.Err())
				reasons := []string{}
				for _, h := range report.Held {
					require.Equal(t, uid(3), h.Source)
					reasons = append(reasons, h.Reason)
				}
				require.Contains(t, reasons, c.reason)
			}
		})
	}
}

// What somebody in the sink changes again and again is what the sink keeps, so it is set right each time.
func TestChangedByHandEachDay(t *testing.T) {
	j := newJob(5)
	j.clean(t)
	for day := range 6 {
		account := j.of(t, uref(3))
		account.Attributes.Set("displayName", fmt.Sprint("By hand ", day))
		j.dst.Put(account)
		report := j.run(t)
		require.NoError(t, report.Err(), "day %d: %+v", day, report.Held)
		require.Equal(t, "User 3", j.of(t, uref(3)).Attributes.Get("displayName"))
	}
}

// What is left alone stays so when something else of the same record is written, and is written again when the source has another value.
func TestLeftAloneBesideOthers(t *testing.T) {
	j := newJob(1)
	j.sink = forgetful{j.dst.Bare(), "displayName"}
	for range 4 {
		j.run(t)
	}
	for n := range 4 {
		r := user(0)
		r.Attributes.Set("title", fmt.Sprint("Engineer ", n))
		j.src.Put(r)
		report := j.run(t)
		require.Len(t, report.Plan.Changes, 1)
		require.Equal(t, []string{"title"}, report.Plan.Changes[0].Changed())
		require.Len(t, report.Held, 1)
	}
	r := user(0)
	r.Attributes.Set("displayName", "Another")
	r.Attributes.Set("title", "Engineer 3")
	j.src.Put(r)
	require.Equal(t, []string{"displayName"}, j.run(t).Plan.Changes[0].Changed())
}

// An adoption that the sink forgets is not made for ever.
func TestAdoptionThatDoesNotStick(t *testing.T) {
	j := newJob(0)
	j.opts.Policy.Adopt = []provisioning.Match{{Attributes: []string{"userName"}}}
	j.byHand(1, 3)
	j.sink = altering{j.dst.Bare(), func(_ provisioning.ID, r *provisioning.Record) { r.ExternalID = "" }}
	for range 2 {
		require.Equal(t, map[provisioning.Op]int{provisioning.Adopt: 2}, j.run(t).Plan.Ops())
	}
	report := j.run(t)
	require.Empty(t, report.Plan.Changes)
	require.Len(t, report.Held, 2)
	require.Contains(t, report.Held[0].Reason, "its ExternalID")
}

// A sink that makes something else of a value each time is written to ten times, and then left alone and reported.
func TestWhatIsOtherEachTime(t *testing.T) {
	j := newJob(1)
	j.clean(t)
	n := 0
	j.sink = altering{j.dst.Bare(), func(_ provisioning.ID, r *provisioning.Record) {
		n++
		r.Attributes.Set("displayName", fmt.Sprint("as of write ", n))
	}}
	changed := user(0)
	changed.Attributes.Set("displayName", "Other")
	j.src.Put(changed)
	for range 12 {
		j.run(t)
	}
	require.Equal(t, 10, n)
	report := j.run(t)
	require.Empty(t, report.Plan.Changes)
	require.Len(t, report.Held, 1)
}
