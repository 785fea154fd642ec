package telemetry

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/ilumy/usersync/provisioning"
)

// A meter keeps the metrics of one job.
type meter struct {
	job []attribute.KeyValue

	runs, operations, retries                                metric.Int64Counter
	runTook, operationTook                                   metric.Float64Histogram
	lastRun, lastSuccess                                     metric.Float64Gauge
	planned, staged, measured, limit, held, pending          metric.Int64Gauge
	fromSource, skipped, inSink, owned, unmanaged, protected metric.Int64Gauge
}

func newMeter(of metric.Meter, job []attribute.KeyValue) (*meter, error) {
	m := &meter{job: job}
	var errs []error
	counter := func(c *metric.Int64Counter, name, unit, about string) {
		var err error
		*c, err = of.Int64Counter("usersync."+name, metric.WithUnit(unit), metric.WithDescription(about))
		errs = append(errs, err)
	}
	histogram := func(h *metric.Float64Histogram, name, about string, bounds ...float64) {
		var err error
		*h, err = of.Float64Histogram("usersync."+name, metric.WithUnit("s"), metric.WithDescription(about), metric.WithExplicitBucketBoundaries(bounds...))
		errs = append(errs, err)
	}
	moment := func(g *metric.Float64Gauge, name, about string) {
		var err error
		*g, err = of.Float64Gauge("usersync."+name, metric.WithUnit("s"), metric.WithDescription(about))
		errs = append(errs, err)
	}
	gauge := func(g *metric.Int64Gauge, name, unit, about string) {
		var err error
		*g, err = of.Int64Gauge("usersync."+name, metric.WithUnit(unit), metric.WithDescription(about))
		errs = append(errs, err)
	}
	counter(&m.runs, "runs", "{run}", "Runs by what became of them.")
	counter(&m.operations, "operations", "{operation}", "Changes by operation, kind and outcome.")
	counter(&m.retries, "retries", "{attempt}", "Attempts to write after the first one of a change.")
	histogram(&m.runTook, "run.duration", "How long runs took.", 1, 5, 15, 60, 300, 900, 1800, 3600, 10800)
	histogram(&m.operationTook, "operation.duration", "How long changes took, with their attempts.", .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60)
	moment(&m.lastRun, "run.last", "When a run last ended, in seconds since 1970.")
	moment(&m.lastSuccess, "run.last_success", "When a run last came to its end, in seconds since 1970.")
	gauge(&m.planned, "plan.changes", "{change}", "Changes of the last plan that are made, by operation and kind.")
	gauge(&m.staged, "plan.staged", "{change}", "Changes of the last plan that wait for approval, by operation and kind.")
	gauge(&m.measured, "guard.number", "{change}", "What the last plan, or the last 24 hours with it, has of that which a limit bounds.")
	gauge(&m.limit, "guard.limit", "{change}", "The most that the limit lets through.")
	gauge(&m.held, "records.held", "{record}", "Records about which the last plan does nothing until they are mended.")
	gauge(&m.pending, "records.pending", "{reference}", "References that wait for their target.")
	gauge(&m.fromSource, "records.source", "{record}", "Records that the last full read of the source gave.")
	gauge(&m.skipped, "records.skipped", "{record}", "Records of the source that are out of scope.")
	gauge(&m.inSink, "records.sink", "{record}", "Records that the sink has.")
	gauge(&m.owned, "records.owned", "{record}", "Records of the sink that are ours.")
	gauge(&m.unmanaged, "records.unmanaged", "{record}", "Records of the sink that are another's, and are never touched.")
	gauge(&m.protected, "records.protected", "{record}", "Records of the sink that the policy protects.")
	return m, errors.Join(errs...)
}

// with gives attributes, and those of the job.
func (m *meter) with(all ...attribute.KeyValue) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(slices.Concat(m.job, all)...))
}

func (m *meter) applied(ctx context.Context, r *provisioning.Result) {
	op, kind := keyOperation.String(string(r.Change.Op)), keyKind.String(string(r.Change.Kind))
	all := []attribute.KeyValue{op, kind, keyOutcome.String(strings.ReplaceAll(string(r.Outcome), " ", "_"))}
	if r.Class != "" {
		all = append(all, keyError.String(string(r.Class)))
	}
	m.operations.Add(ctx, 1, m.with(all...))
	if r.Attempts > 0 {
		m.operationTook.Record(ctx, r.Took.Seconds(), m.with(op, kind))
	}
	if r.Attempts > 1 {
		m.retries.Add(ctx, int64(r.Attempts-1), m.with(op, kind))
	}
}

func (m *meter) finished(ctx context.Context, r *provisioning.Report) {
	now := time.Now()
	outcome := keyOutcome.String(outcomeOf(r))
	m.runs.Add(ctx, 1, m.with(outcome))
	if errors.Is(r.Stopped, provisioning.ErrBusy) {
		return // Another process runs the job, and tells of it.
	}
	m.runTook.Record(ctx, now.Sub(r.Started).Seconds(), m.with(outcome))
	m.lastRun.Record(ctx, seconds(now), m.with())
	if r.Stopped == nil {
		m.lastSuccess.Record(ctx, seconds(now), m.with())
	}
	for _, one := range r.Measures {
		window := "run"
		if strings.HasPrefix(one.Option, "Options.DayLimits.") {
			window = "day"
		}
		all := m.with(keyRule.String(ruleOf(one)), keyKind.String(string(one.Kind)), keyWindow.String(window))
		m.measured.Record(ctx, int64(one.Number), all)
		m.limit.Record(ctx, int64(one.Limit), all)
	}
	if r.Plan != nil {
		m.plan(ctx, r)
	}
}

// ruleOf tells limits on several attributes apart.
func ruleOf(m provisioning.Measure) string {
	if _, name, ok := strings.Cut(m.Option, `["`); ok {
		return m.Rule + " " + strings.TrimSuffix(name, `"]`)
	}
	return m.Rule
}

func outcomeOf(r *provisioning.Report) string {
	switch {
	case errors.Is(r.Stopped, provisioning.ErrRefused):
		return "refused"
	case errors.Is(r.Stopped, provisioning.ErrBusy):
		return "busy"
	case r.Stopped != nil:
		return "stopped"
	case r.Staged != nil:
		return "staged"
	case r.Err() != nil:
		return "incomplete"
	}
	return "done"
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// The operations, all of which are told of, so that one which a plan no longer has falls to zero.
var operations = [...]provisioning.Op{
	provisioning.Create, provisioning.Adopt, provisioning.Update, provisioning.Reactivate, provisioning.Deactivate, provisioning.Delete,
}

func (m *meter) plan(ctx context.Context, r *provisioning.Report) {
	type sort struct {
		op   provisioning.Op
		kind provisioning.Kind
	}
	count := func(p *provisioning.Plan) map[sort]int64 {
		n := map[sort]int64{}
		if p != nil {
			for _, c := range p.Changes {
				n[sort{c.Op, c.Kind}]++
			}
		}
		return n
	}
	planned, staged := count(r.Plan), count(r.Staged)
	if r.Ops == nil {
		planned = nil // It was refused, or is stale: none of it was come to.
	}
	held := map[provisioning.Kind]int64{}
	for _, h := range r.Plan.Held {
		held[h.Kind]++
	}
	for kind, c := range r.Plan.Counts {
		of := keyKind.String(string(kind))
		for _, op := range operations {
			all := m.with(of, keyOperation.String(string(op)))
			m.planned.Record(ctx, planned[sort{op, kind}], all)
			m.staged.Record(ctx, staged[sort{op, kind}], all)
		}
		m.held.Record(ctx, held[kind], m.with(of))
		if r.Plan.Partial {
			continue // It counted only what it looked at.
		}
		for _, g := range []struct {
			gauge metric.Int64Gauge
			n     int
		}{
			{m.fromSource, c.Source}, {m.skipped, c.Skipped}, {m.inSink, c.Sink}, {m.owned, c.Owned},
			{m.unmanaged, c.Unmanaged}, {m.protected, c.Protected},
		} {
			g.gauge.Record(ctx, int64(g.n), m.with(of))
		}
	}
	if !r.Plan.Partial {
		m.pending.Record(ctx, int64(len(r.Plan.Pending)), m.with())
	}
}
