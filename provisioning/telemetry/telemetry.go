package telemetry

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/ilumy/usersync/provisioning"
)

// scope is the name under which spans and metrics are found.
const scope = "github.com/ilumy/usersync/provisioning/telemetry"

// Options change what is told. The zero value names no job.
type Options struct {
	// Job is in every span and metric: Options.Job of the Reconciler, or another name with few values.
	Job string
}

// New gives an observer that makes spans and metrics of what it is told. Without one of the providers there are no spans, or
// no metrics. It fails when a metric cannot be made. The observer is for one Reconciler.
func New(spans trace.TracerProvider, metrics metric.MeterProvider, opts *Options) (*provisioning.Observer, error) {
	if opts == nil {
		opts = &Options{}
	}
	var job []attribute.KeyValue
	if opts.Job != "" {
		job = append(job, keyJob.String(opts.Job))
	}
	o := &provisioning.Observer{}
	if spans != nil {
		t := &tracer{tracer: spans.Tracer(scope), job: job}
		o.Start = t.start
	}
	if metrics != nil {
		m, err := newMeter(metrics.Meter(scope), job)
		if err != nil {
			return nil, fmt.Errorf("make metrics: %w", err)
		}
		o.Applied, o.Finished = m.applied, m.finished
	}
	return o, nil
}

// The attributes.
const (
	keyJob       = attribute.Key("usersync.job")
	keySide      = attribute.Key("usersync.side")
	keyKind      = attribute.Key("usersync.kind")
	keyOperation = attribute.Key("usersync.operation")
	keyOutcome   = attribute.Key("usersync.outcome")
	keyRefs      = attribute.Key("usersync.references")
	keyChanges   = attribute.Key("usersync.changes")
	keyPage      = attribute.Key("usersync.page")
	keySource    = attribute.Key("usersync.source.id")
	keyTarget    = attribute.Key("usersync.target.id")
	keyRule      = attribute.Key("usersync.rule")
	keyWindow    = attribute.Key("usersync.window")
	keyError     = attribute.Key("error.type")
)

// classOf names an error without its text, which may name a person.
func classOf(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{provisioning.ErrRefused, "refused"},
		{provisioning.ErrBusy, "busy"},
		{provisioning.ErrLeaseLost, "lease_lost"},
		{provisioning.ErrQuarantined, "quarantined"},
		{provisioning.ErrUnauthorized, "unauthorized"},
		{provisioning.ErrCursorExpired, "cursor_expired"},
		{provisioning.ErrState, "state"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return string(provisioning.ClassOf(err))
}
