package provisioning_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestAudit(t *testing.T) {
	for _, c := range []struct {
		name          string
		opts          provisioning.AuditOptions
		before, after provisioning.Attributes
	}{
		{"values are redacted by default", provisioning.AuditOptions{Job: "hr", Actor: "nightly"},
			provisioning.Attributes{"displayName": {"[redacted]"}, "phone": {"[redacted]"}},
			provisioning.Attributes{"displayName": {"[redacted]"}, "phone": {}}},
		{"but can be written, without sensitive ones", provisioning.AuditOptions{Job: "hr", Actor: "nightly", Values: true, Sensitive: []string{"phone"}},
			provisioning.Attributes{"displayName": {"User 1"}, "phone": {"[redacted]"}},
			provisioning.Attributes{"displayName": {"Changed"}, "phone": {}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := newJob(2)
			first := user(1)
			first.Attributes.Set("phone", "secret-phone")
			j.src.Put(first)
			j.clean(t)
			second := user(1)
			second.Attributes.Set("displayName", "Changed")
			second.Attributes.Set("phone")
			j.src.Put(second)

			var lines, logged bytes.Buffer
			c.opts.Logger = slog.New(slog.NewJSONHandler(&logged, nil))
			audit := provisioning.NewAudit(&lines, &c.opts)
			j.opts.Observer = provisioning.Observers(audit.Observer(), nil)
			report := j.clean(t)
			require.NoError(t, audit.Err())

			var got provisioning.AuditEvent
			require.Equal(t, 1, strings.Count(lines.String(), "\n"))
			require.NoError(t, json.Unmarshal(lines.Bytes(), &got))
			require.Contains(t, logged.String(), strings.TrimSpace(lines.String()))
			require.NotContains(t, logged.String(), "secret-phone")
			require.False(t, got.Time.IsZero())
			want := provisioning.AuditEvent{
				Job: "hr", Actor: "nightly", Plan: report.Digest, Op: provisioning.Update,
				Link:   provisioning.Link{Kind: provisioning.User, Source: uid(1), Target: j.of(t, uref(1)).ID},
				Before: c.before, After: c.after,
				Reason: "the source has other values: displayName, phone", Rule: "mapping", Result: provisioning.Done, Attempts: 1,
				Time: got.Time, Took: got.Took,
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

// An audit tells what was taken away, why something failed, and how long it took.
func TestAuditOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := false
		j := faultyJob(3, func(c memory.Call) error {
			if c.After || !broken {
				return nil
			}
			time.Sleep(time.Second)
			return fmt.Errorf("the group is frozen: %w", provisioning.ErrInvalid)
		})
		j.src.Put(group("g", 0, 1, 2))
		j.clean(t)
		j.src.Put(group("g", 0, 1))
		broken = true
		var lines bytes.Buffer
		j.opts.Observer = provisioning.NewAudit(&lines, nil).Observer()
		report := j.run(t)
		got := events(t, lines.Bytes())[gref("g")]
		want := provisioning.AuditEvent{
			Plan: report.Digest, Op: provisioning.Update, Link: report.Plan.Changes[0].Link, Remove: report.Plan.Changes[0].Remove,
			Reason: report.Plan.Changes[0].Reason, Rule: "mapping",
			Result: provisioning.Failed, Error: report.Failures[0].Error, Attempts: 1, Took: time.Second, Time: got.Time,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
		require.Contains(t, got.Error, "the group is frozen")
		require.Equal(t, uid(2), got.Remove["members"][0].Source)
		require.Equal(t, time.Second, report.Applying)
	})
}

// Whoever is told of a change is told how long it took, whatever it was.
func TestTook(t *testing.T) {
	for _, batch := range []bool{false, true} {
		t.Run(fmt.Sprint("batch ", batch), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := faultyJob(4, func(c memory.Call) error {
					if !c.After {
						time.Sleep(time.Second)
					}
					return nil
				})
				if batch {
					j.sink = memory.Batching{Store: j.dst}
				}
				j.opts.Policy.Gone = map[provisioning.Kind]provisioning.Gone{provisioning.Group: provisioning.GoneDelete}
				took := map[provisioning.Op]time.Duration{}
				j.opts.Observer = &provisioning.Observer{Applied: func(_ context.Context, r *provisioning.Result) {
					if least, ok := took[r.Change.Op]; !ok || r.Took < least {
						took[r.Change.Op] = r.Took
					}
				}}
				j.opts.Limits.SourceFloor = -1
				j.src.Put(group("g", 1), group("h", 1))
				j.clean(t)
				j.src.Remove(uref(2), uref(3), gref("g"), gref("h"))
				for n := range 2 {
					changed := user(n)
					changed.Attributes.Set("displayName", "Changed")
					j.src.Put(changed)
				}
				j.clean(t)
				for _, op := range []provisioning.Op{provisioning.Create, provisioning.Update, provisioning.Deactivate, provisioning.Delete} {
					require.GreaterOrEqual(t, took[op], time.Second, "%s", op)
				}
			})
		})
	}
}

// What a run logs names nobody.
func TestLogsHoldNoPersonalData(t *testing.T) {
	j := newJob(20)
	var logged bytes.Buffer
	j.opts.Logger = slog.New(slog.NewJSONHandler(&logged, nil))
	j.clean(t)
	changed := user(1)
	changed.Attributes.Set("displayName", "Changed")
	j.src.Put(changed)
	p := j.plan(t)
	j.opts.Logger.Info("all", "plan", p, "change", p.Changes[0], "record", p.Changes[0].After, "attributes", p.Changes[0].After.Attributes,
		"held", provisioning.Held{Link: p.Changes[0].Link, Name: "User 1", Reason: "unreadable", Where: "cn=User 1"})
	j.source = failing{j.source, uref(2)}
	j.run(t)
	require.Contains(t, logged.String(), `"reason":"unreadable"`)
	require.Contains(t, logged.String(), `"held":1,"pending":0`)
	require.Contains(t, logged.String(), `"notTried":0},"held":1}`)
	for _, secret := range []string{"example.com", "User 1", "Changed"} {
		require.NotContains(t, logged.String(), secret)
	}
	require.Contains(t, logged.String(), `"msg":"finished"`)
}
