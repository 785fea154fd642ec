package provisioning_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// choosy takes users together, and every group by itself, as services do with groups of many members.
type choosy struct {
	memory.Batching
	together atomic.Int64
}

func (c *choosy) Batch(ctx context.Context, changes []*provisioning.Change) []error {
	errs := make([]error, len(changes))
	for i, change := range changes {
		if change.Kind == provisioning.Group {
			errs[i] = errors.ErrUnsupported
			continue
		}
		c.together.Add(1)
		errs[i] = c.Batching.Batch(ctx, changes[i:i+1])[0]
	}
	return errs
}

// A few changes at the end that are to be written alone say nothing of the others: whatever comes first, all people are written
// together.
func TestAFewChangesAloneKeepNobodyFromABatch(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // the goroutine that was started last runs first then
	for range 5 {
		j := newJob(0)
		sink := &choosy{Batching: memory.Batching{Store: j.dst}}
		j.sink = sink
		for n := range 300 {
			r := user(n)
			r.Refs = provisioning.Refs{"manager": {uref(0)}}
			j.src.Put(r)
		}
		j.src.Put(group("all", 1, 2, 3))
		j.src.Put(group("some", 1, 2))
		j.clean(t)
		if n := sink.together.Load(); n != 600 { // each person, and then the manager
			t.Fatalf("%d writes went with others, want 600", n)
		}
	}
}

// batched hands each change of a batch to do, which writes it or not.
type batched struct {
	provisioning.Sink
	do func(c *provisioning.Change, write func() error) error
}

func (b batched) Batch(ctx context.Context, changes []*provisioning.Change) []error {
	errs := make([]error, len(changes))
	for i, c := range changes {
		errs[i] = b.do(c, func() (err error) {
			switch c.Op {
			case provisioning.Create:
				c.Target, err = b.Create(ctx, c.After)
			case provisioning.Delete:
				err = b.Delete(ctx, provisioning.Ref{Kind: c.Kind, ID: c.Target})
			default:
				err = b.Update(ctx, c)
			}
			return err
		})
	}
	return errs
}

// batchedLinks is a job with a link table, whose sink takes several changes at once and finds nobody by an ExternalID.
func batchedLinks(do func(c *provisioning.Change, write func() error) error) *job {
	j := newJob(0)
	j.opts.Links = true
	j.sink = batched{nameless{j.dst.Bare()}, do}
	return j
}

// Creations of a batch whose answers are lost are looked for by the next run, whatever ends this one: the reason for its end is
// not what became of them.
func TestLostAnswersOfABatch(t *testing.T) {
	for _, c := range []struct {
		name      string
		other     error // the answer to a change beside them
		maxErrors int
	}{
		{"nothing ends the run", nil, 0},
		{"we are let in no more", provisioning.ErrUnauthorized, 0},
		{"too much fails", provisioning.ErrInvalid, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			lose := false
			j := batchedLinks(func(change *provisioning.Change, write func() error) error {
				err := write()
				switch {
				case !lose:
					return err
				case change.Op == provisioning.Create:
					change.Target = ""
					return provisioning.ErrUnavailable
				}
				return c.other
			})
			j.src.Put(user(1), user(2))
			j.clean(t)
			changed := user(1)
			changed.Attributes.Set("displayName", "Changed")
			j.src.Put(changed, user(30), user(31))
			j.opts.MaxErrors = c.maxErrors
			lose = true
			report, err := j.reconciler(t).Run(t.Context())
			if c.other != nil {
				require.ErrorIs(t, err, c.other)
			}
			for _, f := range report.Failures {
				if f.Op == provisioning.Create {
					require.Equal(t, provisioning.Retry, f.Class, f.Error)
				}
			}
			lose = false
			require.Len(t, j.run(t).Plan.Relinked, 2)
			require.Equal(t, 4, j.dst.Len(provisioning.User), "somebody is there twice")
		})
	}
}

// What a sink says of one change of a batch is told as it is, where nobody can look whether it was written none the less.
func TestABatchTellsWhyItRefuses(t *testing.T) {
	j := batchedLinks(func(c *provisioning.Change, write func() error) error {
		if c.After.Attributes.Get("userName") == "user1@example.com" {
			return fmt.Errorf("%w: department is unknown", provisioning.ErrInvalid)
		}
		return write()
	})
	j.src.Put(user(1), user(2), user(3))
	report := j.run(t)
	require.Len(t, report.Failures, 1)
	require.Contains(t, report.Failures[0].Error, "department is unknown")
	require.Equal(t, provisioning.Mend, report.Failures[0].Class)
}

// What a batch did not take, because the sink asked to wait, is not said to be written when the run ends before it is tried again.
func TestABatchThatIsCutShort(t *testing.T) {
	j := batchedLinks(func(c *provisioning.Change, write func() error) error {
		switch c.After.Attributes.Get("userName") {
		case "user1@example.com":
			return &provisioning.RetryError{After: time.Millisecond, Err: errors.New("429 Too Many Requests")}
		case "user2@example.com":
			return provisioning.ErrUnauthorized
		}
		return write()
	})
	j.src.Put(user(1), user(2), user(3))
	report, err := j.reconciler(t).Run(t.Context())
	require.ErrorIs(t, err, provisioning.ErrUnauthorized)
	require.Len(t, report.Failures, 2)
	require.Equal(t, uid(1), report.Failures[0].Source)
	require.Contains(t, report.Failures[0].Error, "the run stopped before it was tried again")
}

// A value that is given up in the same batch is there for the newcomer after it.
func TestAValueThatMovesInABatch(t *testing.T) {
	j := batchedLinks(func(_ *provisioning.Change, write func() error) error { return write() })
	j.src.Put(user(1), user(2))
	j.clean(t)
	renamed, newcomer := user(1), user(1)
	renamed.Attributes.Set("userName", "renamed@example.com")
	newcomer.ID = uid(40)
	j.src.Put(renamed, newcomer, user(41))
	j.clean(t)
}

// A sink that asks a batch to wait has written nothing of it: all wait, and then it is sent again, whole.
func TestABatchWaitsAsTheSinkAsks(t *testing.T) {
	for _, links := range []bool{false, true} {
		t.Run(fmt.Sprintf("links %v", links), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked time.Time
				early, alone := 0, 0
				j := faultyJob(0, func(c memory.Call) error {
					if c.Name == "Create" && !c.After {
						alone++
					}
					return nil
				})
				busy := func(c *provisioning.Change, write func() error) error {
					if asked.IsZero() {
						asked = time.Now()
					}
					if wait := time.Until(asked.Add(time.Minute)); wait > 0 {
						if time.Now().After(asked) { // and not of the batch that is under way
							early++
						}
						return &provisioning.RetryError{After: wait, Err: errors.New("429 Too Many Requests")}
					}
					alone--
					return write()
				}
				j.sink = batched{j.dst, busy}
				if links {
					j.opts.Links = true
					j.sink = batched{nameless{j.dst.Bare()}, busy}
				}
				for n := range 500 {
					j.src.Put(user(n))
				}
				j.opts.Concurrency = 1
				j.clean(t)
				require.Zero(t, early, "requests before the time that the sink asked for")
				require.Zero(t, alone, "changes were sent one by one")
			})
		})
	}
}
