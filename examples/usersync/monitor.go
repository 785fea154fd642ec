package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/ilumy/usersync/provisioning"
	"github.com/ilumy/usersync/provisioning/telemetry"
)

// A monitor shows how the loop is: metrics and health over HTTP, and traces where OTEL_EXPORTER_OTLP_ENDPOINT says. None of it
// holds data of people.
type monitor struct {
	observer *provisioning.Observer
	registry *prometheus.Registry
	metrics  *metric.MeterProvider
	spans    *sdktrace.TracerProvider // nil when no traces are exported
	server   *http.Server
	log      *slog.Logger

	mu   sync.Mutex
	last health
}

// A health is how the last run was.
type health struct {
	// Status is "starting" before the first run has ended, then "ok", or "failing" when the last run did not come to its end.
	Status      string    `json:"status"`
	Last        time.Time `json:"last,omitzero"`
	LastSuccess time.Time `json:"lastSuccess,omitzero"`
	Staged      int       `json:"staged"`
	Held        int       `json:"held"`
	Failed      int       `json:"failed"`
}

func newMonitor(ctx context.Context, log *slog.Logger, job string) (*monitor, error) {
	m := &monitor{registry: prometheus.NewRegistry(), log: log, last: health{Status: "starting"}}
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	exporter, err := otelprom.New(otelprom.WithRegisterer(m.registry))
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	// OTEL_SERVICE_NAME goes before the name of the program.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "usersync")), resource.WithHost(),
		resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("telemetry: %w", err)
	}
	m.metrics = metric.NewMeterProvider(metric.WithReader(exporter), metric.WithResource(about))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("telemetry", "error", err) }))
	if os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "" {
		traces, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("traces: %w", err)
		}
		m.spans = sdktrace.NewTracerProvider(sdktrace.WithBatcher(traces), sdktrace.WithResource(about))
	}
	tell, err := telemetry.New(m.tracing(), m.metrics, &telemetry.Options{Job: job})
	if err != nil {
		return nil, err
	}
	m.observer = provisioning.Observers(tell, &provisioning.Observer{Finished: m.finished})
	return m, nil
}

// jobName names the job of a configuration file.
func jobName(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }

// tracing gives the provider of spans; nil when there is none.
func (m *monitor) tracing() trace.TracerProvider {
	if m.spans == nil {
		return nil
	}
	return m.spans
}

func (m *monitor) finished(_ context.Context, r *provisioning.Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if errors.Is(r.Stopped, provisioning.ErrBusy) {
		return // Another process is at it.
	}
	h := health{Status: "ok", Last: time.Now().UTC(), LastSuccess: m.last.LastSuccess, Held: len(r.Held), Failed: len(r.Failures)}
	if r.Staged != nil {
		h.Staged = len(r.Staged.Changes)
	}
	if r.Stopped == nil {
		h.LastSuccess = h.Last
	} else {
		h.Status = "failing"
	}
	m.last = h
}

// serve listens at an address, until the monitor is closed.
func (m *monitor) serve(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", m.health)
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelWarn)}
	go func() {
		if err := m.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			m.log.Error("monitor", "error", err)
		}
	}()
	m.log.Info("metrics and health are shown", "address", l.Addr().String())
	return nil
}

// health answers with 503 while the last run did not come to its end.
func (m *monitor) health(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	last := m.last
	m.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if last.Status == "failing" {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(last) // The client has gone, if that fails.
}

// close sends what was not sent yet, and ends the server.
func (m *monitor) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var errs []error
	if m.server != nil {
		errs = append(errs, m.server.Shutdown(ctx))
	}
	if m.spans != nil {
		errs = append(errs, m.spans.Shutdown(ctx))
	}
	if err := errors.Join(append(errs, m.metrics.Shutdown(ctx))...); err != nil {
		m.log.Warn("monitor", "error", err)
	}
}
