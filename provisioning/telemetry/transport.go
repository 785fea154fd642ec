package telemetry

import (
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Transport makes a span of each request that base sends, within the step that the request is for. A nil base is
// [http.DefaultTransport]. Of the URL only scheme and host are told, since paths and queries may name people; that is what sets it apart
// from an instrumentation for any client.
func Transport(base http.RoundTripper, spans trace.TracerProvider) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	if spans == nil {
		return base
	}
	return &transport{base: base, tracer: spans.Tracer(scope)}
}

type transport struct {
	base   http.RoundTripper
	tracer trace.Tracer
}

// RoundTrip sends a request. The span ends with the header of the answer.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), r.Method, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("http.request.method", r.Method),
		attribute.String("url.scheme", r.URL.Scheme),
		attribute.String("server.address", r.URL.Hostname()),
	))
	defer span.End()
	answer, err := t.base.RoundTrip(r.WithContext(ctx))
	switch {
	case err != nil:
		class := classOf(err)
		span.SetAttributes(keyError.String(class))
		span.SetStatus(codes.Error, class)
		return answer, err
	case answer.StatusCode >= http.StatusBadRequest:
		status := strconv.Itoa(answer.StatusCode)
		span.SetAttributes(keyError.String(status))
		span.SetStatus(codes.Error, status)
	}
	span.SetAttributes(attribute.Int("http.response.status_code", answer.StatusCode))
	return answer, nil
}

// CloseIdleConnections closes those of base, if it can.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

var _ http.RoundTripper = (*transport)(nil)
