package main

import (
	"context"
	"database/sql"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// metrics are what /metrics shows. Labels have few values, whatever clients send: no tenants, no ids, and no methods
// but those of HTTP.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	inFlight  prometheus.Gauge
	tolerated *prometheus.CounterVec
}

func newMetrics(pool *sql.DB) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scim_requests_total", Help: "SCIM requests that have been answered.",
		}, []string{"method", "endpoint", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "scim_request_duration_seconds", Help: "How long the answers to SCIM requests took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"method", "endpoint"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "scim_requests_in_flight", Help: "SCIM requests that are being answered.",
		}),
		tolerated: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scim_tolerated_total", Help: "Forms of input that were taken although the RFCs have them otherwise.",
		}, []string{"kind"}),
	}
	m.registry.MustRegister(m.requests, m.duration, m.inFlight, m.tolerated,
		collectors.NewDBStatsCollector(pool, "scim"), collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler answers GET /metrics.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// count enters a request that has been answered.
func (m *metrics) count(e *server.Event) {
	method, endpoint := knownMethod(e.Method), e.Endpoint
	if endpoint == "" {
		endpoint = "none"
	}
	m.requests.WithLabelValues(method, endpoint, strconv.Itoa(e.Status)).Inc()
	m.duration.WithLabelValues(method, endpoint).Observe(e.Duration.Seconds())
}

// knownMethod keeps methods that clients made up out of the labels.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// observer tells the metrics and the log what the Handler does.
func observer(m *metrics, l *auditLog) server.Observer {
	return server.Observer{
		Request: func(ctx context.Context, e *server.Event) {
			m.count(e)
			l.request(ctx, e)
		},
		Tolerated: func(ctx context.Context, d scim.Deviation) {
			m.tolerated.WithLabelValues(string(d.Kind)).Inc()
			tolerated(ctx, d)
		},
	}
}
