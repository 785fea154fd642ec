package telemetry_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/memory"
)

func TestMetrics(t *testing.T) {
	l := newLab(t)
	src, failing, late := people(10), true, true
	src.Put(&provisioning.Record{Kind: provisioning.User, ID: "guest", Attributes: provisioning.Attributes{"displayName": {"Secret Guest"}}})
	led, _ := src.Get(provisioning.Ref{Kind: provisioning.User, ID: "guid-0"})
	led.Refs = provisioning.Refs{"manager": {{Kind: provisioning.User, ID: "elsewhere"}}}
	src.Put(led)
	sink := memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		switch {
		case c.Name == "Create" && c.Ref.ID == "guid-1" && failing && !c.After:
			return fmt.Errorf("%w: Secret Person 1 has a bad phone number", provisioning.ErrInvalid)
		case c.Name == "Create" && c.Ref.ID == "guid-2" && late && !c.After:
			late = false
			return fmt.Errorf("busy with Secret Person 2: %w", provisioning.ErrUnavailable)
		}
		return nil
	}})
	sink.Put(
		&provisioning.Record{Kind: provisioning.User, ID: "admin", Attributes: provisioning.Attributes{"userName": {"admin"}}},
		&provisioning.Record{Kind: provisioning.User, ID: "root", Attributes: provisioning.Attributes{"userName": {"root"}}},
	)
	r := reconciler(t, src, sink, provisioning.Options{Observer: l.observer, OnRefused: provisioning.StageRisky, Concurrency: 1,
		Policy: provisioning.Policy{Protect: []provisioning.Lookup{{Kind: provisioning.User, By: "userName", Values: []string{"root"}}}},
		Limits: provisioning.Limits{Deactivate: provisioning.Limit{Count: 2}, SourceFloor: -1}})
	began := time.Now().Unix()
	_, err := r.Run(t.Context())
	require.NoError(t, err)
	const kind, op, outcome, class = "usersync.kind", "usersync.operation", "usersync.outcome", "error.type"
	check := func(name string, want map[string]int64, keys ...attribute.Key) {
		t.Helper()
		if diff := cmp.Diff(want, l.numbers(t, name, keys...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	check("usersync.operations", map[string]int64{"create User done": 8, "create User failed mend": 1}, op, kind, outcome, class)
	check("usersync.retries", map[string]int64{"create User": 1}, op, kind)
	check("usersync.operation.duration", map[string]int64{"create User": 9}, op, kind)
	check("usersync.runs", map[string]int64{"incomplete": 1}, outcome)
	check("usersync.run.duration", map[string]int64{"incomplete": 1}, outcome)
	check("usersync.records.held", map[string]int64{"User": 1, "Group": 0}, kind)
	check("usersync.records.unmanaged", map[string]int64{"User": 1, "Group": 0}, kind)
	check("usersync.records.source", map[string]int64{"User": 11, "Group": 0}, kind)
	check("usersync.records.skipped", map[string]int64{"User": 1, "Group": 0}, kind)
	check("usersync.records.sink", map[string]int64{"User": 2, "Group": 0}, kind)
	check("usersync.records.owned", map[string]int64{"User": 0, "Group": 0}, kind)
	check("usersync.records.protected", map[string]int64{"User": 1, "Group": 0}, kind)
	check("usersync.records.pending", map[string]int64{"": 1})
	require.Equal(t, int64(9), l.numbers(t, "usersync.plan.changes", op, kind)["create User"])
	require.GreaterOrEqual(t, l.numbers(t, "usersync.run.last")[""], began)
	require.GreaterOrEqual(t, l.numbers(t, "usersync.run.last_success")[""], began)

	failing = false
	for n := range 5 {
		src.Remove(provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("guid-%d", n+3))})
	}
	_, err = r.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(1), l.numbers(t, "usersync.runs", outcome)["staged"])
	require.Equal(t, int64(5), l.numbers(t, "usersync.guard.number", "usersync.rule", kind, "usersync.window")["deactivate User day"])
	require.Equal(t, int64(5), l.numbers(t, "usersync.plan.staged", op, kind)["deactivate User"])
	require.Equal(t, int64(0), l.numbers(t, "usersync.plan.changes", op, kind)["deactivate User"])
	require.Equal(t, int64(5), l.numbers(t, "usersync.guard.number", "usersync.rule", kind, "usersync.window")["deactivate User run"])
	require.Equal(t, int64(2), l.numbers(t, "usersync.guard.limit", "usersync.rule", kind, "usersync.window")["deactivate User run"])
	l.anonymous(t)
}

// A run that did not come to its end is no success, and one that another process has is none at all.
func TestFailedRuns(t *testing.T) {
	l := newLab(t)
	sink := memory.New(&memory.Options{Fault: func(_ context.Context, c memory.Call) error {
		return fmt.Errorf("the password of Secret Person is wrong: %w", provisioning.ErrUnauthorized)
	}})
	_, err := reconciler(t, people(3), sink, provisioning.Options{Observer: l.observer}).Run(t.Context())
	require.Error(t, err)
	require.Equal(t, map[string]int64{"stopped": 1}, l.numbers(t, "usersync.runs", "usersync.outcome"))
	require.Empty(t, l.numbers(t, "usersync.run.last_success"))
	for _, s := range l.spans.GetSpans() {
		if s.Name == "run" && s.Status.Description != "unauthorized" {
			t.Errorf("the span of the run says %q", s.Status.Description)
		}
	}
	l.anonymous(t)

	src := people(30)
	r := reconciler(t, src, memory.New(nil), provisioning.Options{Observer: l.observer})
	_, err = r.Run(t.Context())
	require.NoError(t, err)
	for n := range 30 {
		src.Remove(provisioning.Ref{Kind: provisioning.User, ID: provisioning.ID(fmt.Sprintf("guid-%d", n))})
	}
	_, err = r.Run(t.Context())
	require.ErrorIs(t, err, provisioning.ErrRefused)
	require.Equal(t, int64(1), l.numbers(t, "usersync.runs", "usersync.outcome")["refused"])
	require.Equal(t, int64(29), l.numbers(t, "usersync.guard.number", "usersync.rule", "usersync.kind", "usersync.window")["deactivate User run"])
	// Nothing is made of a plan that is refused.
	require.Equal(t, int64(0), l.numbers(t, "usersync.plan.changes", "usersync.operation", "usersync.kind")["deactivate User"])
}

// anonymous wants that nothing that was exported holds a value of a person.
func (l *lab) anonymous(t *testing.T) {
	t.Helper()
	var metrics metricdata.ResourceMetrics
	require.NoError(t, l.reader.Collect(t.Context(), &metrics))
	told := fmt.Sprintf("%+v", metrics)
	for _, s := range l.spans.GetSpans() {
		told += fmt.Sprintf("%s %+v %+v %+v %+v\n", s.Name, s.Attributes, s.Events, s.Status, s.Links)
	}
	for _, value := range []string{"secret", "Secret", "example.com", "Person"} {
		if i := strings.Index(told, value); i >= 0 {
			t.Errorf("%q is exported: ...%s...", value, told[max(0, i-80):min(len(told), i+80)])
		}
	}
}
