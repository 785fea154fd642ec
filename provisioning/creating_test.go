package provisioning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// lostCreation is a job with a link table, in whose last run the answer to the creation of user 1 was lost.
func lostCreation(t *testing.T) *job {
	t.Helper()
	j := newJob(0)
	lose := false
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.Name == "Create" && c.After && lose {
			return provisioning.ErrUnavailable
		}
		return nil
	}})
	j.opts.Links = true
	j.sink = nameless{j.dst.Bare()}
	j.src.Put(user(2))
	j.clean(t)
	j.src.Put(user(1))
	lose = true
	require.Error(t, j.run(t).Err())
	require.Equal(t, 2, j.dst.Len(provisioning.User))
	lose = false
	return j
}

// lostAccount gives the account that was created for user 1.
func (j *job) lostAccount(t *testing.T, name string) *provisioning.Record {
	t.Helper()
	for _, h := range j.have(t) {
		if h.Attributes.Get("userName") == name {
			return h
		}
	}
	t.Fatalf("the account of %s is no longer there", name)
	return nil
}

// A record that was created and whose answer was lost is known by what was written to it, whatever becomes of its own in the
// source before the next run.
func TestLostCreationWhateverComesNext(t *testing.T) {
	changed := user(1)
	changed.Attributes.Set("displayName", "Changed")
	renamed := user(1)
	renamed.Attributes = provisioning.Attributes{"userName": {"renamed@example.com"}, "phone": {"1"}}
	off := user(1)
	off.Disabled = true
	leave := func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == uid(1) {
			return nil, provisioning.SkipRecord
		}
		return src, nil
	}
	for _, c := range []struct {
		name     string
		do       func(j *job)
		called   string
		disabled bool
	}{
		{"nothing", func(*job) {}, "user1@example.com", false},
		{"an attribute is changed", func(j *job) { j.src.Put(changed) }, "user1@example.com", false},
		{"all are, and others come", func(j *job) { j.src.Put(renamed) }, "renamed@example.com", false},
		{"it is disabled", func(j *job) { j.src.Put(off) }, "user1@example.com", true},
		{"it is gone", func(j *job) { j.src.Remove(uref(1)) }, "user1@example.com", true},
		{"it is out of scope", func(j *job) { j.mapper = mapFunc(leave) }, "user1@example.com", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := lostCreation(t)
			c.do(j)
			report := j.clean(t)
			require.Len(t, report.Plan.Relinked, 1)
			require.Equal(t, 2, j.dst.Len(provisioning.User), "somebody is there twice")
			require.Equal(t, c.disabled, j.lostAccount(t, c.called).Disabled)
			m, _, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			require.Zero(t, m.Creating.Len())
		})
	}
}

// Where nothing is known of the record in the source, nothing becomes of the one in the sink, and it is found once more is known.
func TestLostCreationOfWhoIsHeld(t *testing.T) {
	j := lostCreation(t)
	j.mapper = mapFunc(func(src *provisioning.Record) (*provisioning.Record, error) {
		if src.ID == uid(1) {
			return nil, errors.New("department is unknown")
		}
		return src, nil
	})
	for range 2 {
		report := j.run(t)
		require.Len(t, report.Held, 1)
		require.Empty(t, report.Plan.Relinked)
	}
	j.mapper = asIs
	j.clean(t)
	require.Equal(t, 2, j.dst.Len(provisioning.User), "somebody is there twice")
	require.Zero(t, j.disabled(t))
}

// A read that ended early, or of other records, says nothing of who may have been created.
func TestLostCreationIsNotGoneUnseen(t *testing.T) {
	j := lostCreation(t)
	j.source = anonymous{j.src.Source()}
	j.src.Remove(uref(1))
	_, err := j.reconciler(t).Sync(t.Context(), uref(2))
	require.NoError(t, err)
	j.run(t)
	require.Zero(t, j.disabled(t))
}

// What was saved before it was saved how a record is created is read too: it is found if it is as it shall be.
func TestLostCreationOfAnOlderState(t *testing.T) {
	j := lostCreation(t)
	state := j.opts.State.(*mortalState)
	var m map[string]any
	require.NoError(t, json.Unmarshal(state.values["default/memory"], &m))
	require.NotEmpty(t, m["creating"])
	m["creating"] = map[string]any{"User": map[string]any{string(uid(1)): true}}
	var b bytes.Buffer
	require.NoError(t, json.NewEncoder(&b).Encode(m))
	state.values["default/memory"] = b.Bytes()
	require.Len(t, j.clean(t).Plan.Relinked, 1)
	require.Equal(t, 2, j.dst.Len(provisioning.User), "somebody is there twice")
}

// What is linked is no longer looked for: of a run that was killed after it had saved its links nothing is left behind.
func TestCreationsThatAreLinkedAreForgotten(t *testing.T) {
	j := lostCreation(t)
	state := j.opts.State.(*mortalState)
	before := bytes.Clone(state.values["default/memory"])
	j.clean(t)
	state.values["default/memory"] = before
	j.run(t)
	m, _, err := j.reconciler(t).Memory(t.Context())
	require.NoError(t, err)
	require.Zero(t, m.Creating.Len())
	require.Equal(t, 2, j.dst.Len(provisioning.User))
}

// A lost creation that the sink gives twice, as one does whose pages shift, is one record.
func TestLostCreationThatIsGivenTwice(t *testing.T) {
	j := lostCreation(t)
	j.sink = twiceSink{j.sink}
	j.clean(t)
	require.Equal(t, 2, j.dst.Len(provisioning.User), "somebody is there twice")
}

// twiceSink gives every record twice.
type twiceSink struct{ provisioning.Sink }

func (s twiceSink) Records(ctx context.Context, kind provisioning.Kind) iter.Seq2[*provisioning.Record, error] {
	return func(yield func(*provisioning.Record, error) bool) {
		for r, err := range s.Sink.Records(ctx, kind) {
			if !yield(r, err) || err == nil && !yield(r.Clone(), nil) {
				return
			}
		}
	}
}
