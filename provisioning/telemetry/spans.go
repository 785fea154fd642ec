package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ilumy/usersync/provisioning"
)

// A tracer makes spans of steps.
type tracer struct {
	tracer trace.Tracer
	job    []attribute.KeyValue
}

func (t *tracer) start(ctx context.Context, s provisioning.Step) (context.Context, func(error)) {
	kind := trace.SpanKindInternal
	if s.Name == provisioning.StepWrite || s.Name == provisioning.StepRead || s.Name == provisioning.StepPage {
		kind = trace.SpanKindClient
	}
	ctx, span := t.tracer.Start(ctx, nameOf(s), trace.WithSpanKind(kind))
	if span.IsRecording() {
		span.SetAttributes(append(attributesOf(s), t.job...)...)
	}
	return ctx, func(err error) {
		if err != nil {
			class := classOf(err)
			span.SetAttributes(keyError.String(class))
			span.SetStatus(codes.Error, class)
		}
		span.End()
	}
}

// nameOf gives a span one of few names.
func nameOf(s provisioning.Step) string {
	switch {
	case s.Name == provisioning.StepRead && s.Kind != "":
		return "read " + string(s.Kind) + " of " + s.Side
	case s.Name == provisioning.StepRead:
		return "read changes of " + s.Side
	case s.Name == provisioning.StepWrite && s.Op != "":
		return string(s.Op) + " " + string(s.Kind)
	}
	return string(s.Name)
}

func attributesOf(s provisioning.Step) []attribute.KeyValue {
	var all []attribute.KeyValue
	for key, value := range map[attribute.Key]string{
		keySide: s.Side, keyKind: string(s.Kind), keyOperation: string(s.Op), keyRefs: s.Refs,
		keySource: string(s.Link.Source), keyTarget: string(s.Link.Target),
	} {
		if value != "" {
			all = append(all, key.String(value))
		}
	}
	if s.Changes > 0 {
		all = append(all, keyChanges.Int(s.Changes))
	}
	if s.Page > 0 {
		all = append(all, keyPage.Int(s.Page))
	}
	return all
}
