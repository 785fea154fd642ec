package provisioning_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// References to somebody who cannot be created wait. Nothing is said to be done that was not, in no run.
func TestReferencesToWhoFails(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprintf("batch %v", batch), func(t *testing.T) {
			j := newJob(10)
			j.src.Put(group("g", 1, 2))
			var writes atomic.Int64 // of several at once
			fails := true
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				switch {
				case c.After, c.Name == "Records", c.Name == "Find":
				case c.Name == "Create" && c.Ref.ID == uid(30) && fails:
					return provisioning.ErrInvalid
				default:
					writes.Add(1)
				}
				return nil
			}})
			j.sink = j.dst
			if batch {
				j.sink = memory.Batching{Store: j.dst}
			}
			j.clean(t)
			// The newcomer is a manager and a member.
			under := user(3)
			under.Refs = provisioning.Refs{"manager": {uref(30)}}
			j.src.Put(user(30), under, group("g", 1, 2, 30), group("only", 30))
			for n := range 4 {
				if n > 0 {
					writes.Store(0)
				}
				report := j.run(t)
				require.Error(t, report.Err(), "run %d", n)
				if n == 0 {
					require.Equal(t, 1, report.Ops[provisioning.Create].Done, "the group")
				} else {
					require.Zero(t, writes.Load(), "run %d", n)
					for op, tally := range report.Ops {
						require.Zero(t, tally.Done, "run %d: %s is said to be done", n, op)
					}
				}
				if len(report.Failures) == 0 { // It is put off, and with it what refers to it.
					require.Empty(t, report.Plan.Changes)
					require.Len(t, report.Plan.Pending, 3)
				}
			}
			_, history, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			for _, kind := range []provisioning.Kind{provisioning.User, provisioning.Group} {
				require.Zero(t, history.Done(kind, provisioning.Update, history.Good.Add(-time.Hour)))
			}

			fails = false
			mended := user(30)
			mended.Attributes.Set("displayName", "Mended")
			j.src.Put(mended)
			j.clean(t)
			require.Len(t, j.of(t, gref("g")).Refs["members"], 3)
			require.Len(t, j.of(t, gref("only")).Refs["members"], 1)
			require.Equal(t, []provisioning.Ref{j.of(t, uref(30)).Ref()}, j.of(t, uref(3)).Refs["manager"])
		})
	}
}

// A record that is there when the run ends before its references are written is told of as that, in the audit from the moment
// at which it is.
func TestWrittenBeforeItsReferences(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprintf("batch %v", batch), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			j := newJob(10)
			for n := 1; n < 10; n++ {
				r := user(n)
				r.Refs = provisioning.Refs{"manager": {uref(0)}}
				j.src.Put(r)
			}
			edits := 0
			j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
				if (c.Name == "EditRefs" || c.Name == "Update") && !c.After {
					if edits++; edits > 3 {
						cancel()
						return provisioning.ErrUnavailable
					}
				}
				return nil
			}})
			j.sink = j.dst
			if batch {
				j.sink = memory.Batching{Store: j.dst}
			}
			var lines bytes.Buffer
			audit := provisioning.NewAudit(&lines, nil)
			j.opts.Concurrency = 1
			j.opts.Observer = audit.Observer()
			j.opts.Attempts = 1
			report, err := j.reconciler(t).Run(ctx)
			require.ErrorIs(t, err, context.Canceled)
			tally := report.Ops[provisioning.Create]
			require.Equal(t, 10, tally.Planned)
			require.Equal(t, 4, tally.Done, "who has no manager, and three who have theirs")
			require.Equal(t, 6, tally.Written, "%+v", report.Failures)
			require.Equal(t, 6, tally.Failed+tally.NotTried)
			for _, f := range report.Failures {
				require.True(t, f.Written)
				require.NotEmpty(t, f.Target)
			}
			require.Equal(t, 9, strings.Count(lines.String(), `"result":"written"`))
			require.Equal(t, 10, j.dst.Len(provisioning.User))
			_, history, err := j.reconciler(t).Memory(t.Context())
			require.NoError(t, err)
			require.Equal(t, 10, history.Day[0].Filled[provisioning.User][provisioning.Create])

			j.opts.Observer = nil
			edits = -1000
			j.clean(t)
		})
	}
}

// A run that ends before it comes to references does not say that they failed, and has none of them wait in the next ones.
func TestReferencesThatAreNotTried(t *testing.T) {
	j := newJob(6)
	fail := false
	asked := 0
	j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		if c.After || c.Name == "Records" || c.Name == "Find" || !fail {
			return nil
		}
		asked++
		return provisioning.ErrUnauthorized
	}})
	j.sink = j.dst
	j.opts.Concurrency = 1
	for n := range 5 {
		j.src.Put(group(fmt.Sprint("g", n), 0))
	}
	j.clean(t)
	for n := range 5 {
		j.src.Put(group(fmt.Sprint("g", n), 0, n+1))
	}
	fail = true
	for range 3 {
		asked = 0
		report, err := j.reconciler(t).Run(t.Context())
		require.ErrorIs(t, err, provisioning.ErrUnauthorized)
		require.Equal(t, 1, asked)
		require.Equal(t, 1, report.Ops[provisioning.Update].Failed)
		require.Equal(t, 4, report.Ops[provisioning.Update].NotTried)
	}
	fail = false
	require.Empty(t, j.run(t).Held)
}
