package provisioning_test

import (
	"context"
	"hash/crc32"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// Some people of a large company cannot be created, for good, more than it takes to end a run. Those who leave lose access all the
// same: what is known to fail until somebody mends it ends no run.
func TestManyBadRecordsAndALeaver(t *testing.T) {
	const people = 1000
	bad := func(id provisioning.ID) bool { return crc32.ChecksumIEEE([]byte(id))%16 == 0 }
	leaver := 0
	for bad(uid(leaver)) {
		leaver++
	}
	for name, run := range map[string]func(*testing.T, *job, time.Duration){
		"in a loop": func(t *testing.T, j *job, long time.Duration) {
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			_ = j.reconciler(t).Loop(ctx, nil)
		},
		"in a loop, from what changed": func(t *testing.T, j *job, long time.Duration) {
			j.source = j.src
			ctx, cancel := context.WithTimeout(t.Context(), long)
			defer cancel()
			_ = j.reconciler(t).Loop(ctx, nil)
		},
		"once a day": func(t *testing.T, j *job, long time.Duration) {
			for range long / (24 * time.Hour) {
				_, _ = j.reconciler(t).Run(t.Context())
				time.Sleep(24 * time.Hour)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := newJob(people)
				j.dst = memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
					if c.Name == "Create" && bad(c.Ref.ID) {
						return provisioning.ErrInvalid
					}
					return nil
				}})
				j.sink = j.dst
				run(t, j, 48*time.Hour)
				j.src.Remove(uref(leaver))
				run(t, j, 72*time.Hour)
				require.Equal(t, 1, j.disabled(t), "who left three days ago still has access")
			})
		})
	}
}
