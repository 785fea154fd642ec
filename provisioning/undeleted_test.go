package provisioning_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

// keeper is a sink that keeps whom it is told to delete, disabled, as Slack does, or as they were.
type keeper struct {
	*memory.Store
	disables bool
	deletes  int
}

func (k *keeper) Delete(ctx context.Context, ref provisioning.Ref) error {
	k.deletes++
	if !k.disables {
		return nil
	}
	return k.Update(ctx, &provisioning.Change{Op: provisioning.Deactivate, Link: provisioning.Link{Kind: ref.Kind, Target: ref.ID},
		Before: &provisioning.Record{Kind: ref.Kind, ID: ref.ID}, After: &provisioning.Record{Kind: ref.Kind, Disabled: true}})
}

// A sink that keeps whom it deletes is not told so for ever: that would fill the limits of each day, and no plan would be empty.
func TestDeletionsThatDoNotStick(t *testing.T) {
	for name, test := range map[string]struct {
		disables bool
		grace    time.Duration
		want     int
	}{
		"disabled instead": {true, 0, 1}, "disabled instead, after a grace": {true, time.Nanosecond, 1}, "not at all": {false, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob(20)
			j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.User: provisioning.GoneDelete}
			j.opts.Policy.Grace = test.grace
			sink := &keeper{Store: j.dst, disables: test.disables}
			j.sink = sink
			j.clean(t)
			j.src.Remove(uref(7))
			var report *provisioning.Report
			for range 5 {
				report = j.run(t)
			}
			if sink.deletes != test.want {
				t.Errorf("deleted %d times in 5 runs, want %d", sink.deletes, test.want)
			}
			if held := report.Plan.Held; len(report.Plan.Changes) > 0 || len(held) != 1 || !strings.Contains(held[0].Reason, "deleted") {
				t.Errorf("the last plan changes %v and holds %v; want the one record held that stays", report.Plan.Changes, held)
			}
			j.src.Put(user(7)) // who comes back and leaves again is deleted again
			j.run(t)
			j.src.Remove(uref(7))
			for range 2 {
				j.run(t)
			}
			if test.disables && sink.deletes != 2*test.want {
				t.Errorf("deleted %d times after a second leave, want %d", sink.deletes, 2*test.want)
			}
		})
	}
}
