package provisioning_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/provisioning"
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
	j.opts.Logger.Info("all", "plan", p, "change", p.Changes[0], "record", p.Changes[0].After, "attributes", p.Changes[0].After.Attributes)
	j.run(t)
	for _, secret := range []string{"example.com", "User 1", "Changed"} {
		require.NotContains(t, logged.String(), secret)
	}
	require.Contains(t, logged.String(), `"msg":"finished"`)
}
