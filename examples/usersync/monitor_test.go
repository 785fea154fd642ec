package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ilumy/usersync/internal/cli"
)

// Where the environment does not say what the service is called, it is called by its own name, whatever the file is called.
func TestServiceName(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "")
	m, err := newMonitor(t.Context(), slog.New(slog.DiscardHandler), "night")
	require.NoError(t, err)
	defer m.close(t.Context())
	require.NoError(t, m.serve("127.0.0.1:0"))
	w := httptest.NewRecorder()
	m.server.Handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Contains(t, w.Body.String(), `service_name="usersync"`)
}

// The loop shows metrics and health where the configuration says, and sends traces where the environment says.
func TestMonitor(t *testing.T) {
	var mu sync.Mutex
	var traces bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/v1/traces" {
			t.Errorf("traces are sent to %s", r.URL.Path)
		}
		_, _ = io.Copy(&traces, r.Body)
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	t.Setenv("OTEL_SERVICE_NAME", "usersync-test")

	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	address := freeAddress(t)
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"monitor: {address: \""+address+"\"}\n")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan int)
	var out, errs syncBuffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()

	var h health
	require.Eventually(t, func() bool {
		body, status := get(t, "http://"+address+"/healthz")
		return status == http.StatusOK && json.Unmarshal([]byte(body), &h) == nil && h.Status == "ok"
	}, time.Minute, 50*time.Millisecond, "%s", &errs)
	require.False(t, h.LastSuccess.IsZero())
	require.Equal(t, 3, h.Held)

	metrics, status := get(t, "http://"+address+"/metrics")
	require.Equal(t, http.StatusOK, status)
	for _, want := range []string{
		"usersync_operations_total{", `usersync_operation="create"`, `usersync_kind="Group"`, "usersync_run_last_success_seconds{", "usersync_records_held{",
		"usersync_guard_limit{", "usersync_records_unmanaged{", "usersync_run_duration_seconds_bucket{", `usersync_job="usersync"`, "go_goroutines ", `service_name="usersync-test"`,
	} {
		require.Contains(t, metrics, want)
	}
	stop()
	require.Equal(t, cli.StatusOK, <-done, errs.String())
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"read User of source", "create User", "POST", "usersync-test"} {
		if !bytes.Contains(traces.Bytes(), []byte(want)) {
			t.Errorf("no span or resource %q was exported", want)
		}
	}
	for _, value := range []string{"voorbeeld.example", "de Jong", "IJzerman"} {
		if strings.Contains(metrics, value) || bytes.Contains(traces.Bytes(), []byte(value)) {
			t.Errorf("%q is exported", value)
		}
	}
}

// While runs do not come to their end, the health says so.
func TestMonitorOfAFailingLoop(t *testing.T) {
	s := newSetup(t, "  ldif: {file: "+demoFile(t, "day1.ldif")+"}", demoFile(t, "mapping.yaml"))
	t.Setenv("TEST_TOKEN", "revoked")
	address := freeAddress(t)
	text, err := os.ReadFile(s.file)
	require.NoError(t, err)
	s.write(t, string(text)+"monitor: {address: \""+address+"\"}\n")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan int)
	var out, errs syncBuffer
	go func() { done <- cli.Run(ctx, rootCommand(), []string{"run", "-config", s.file}, &out, &errs) }()
	require.Eventually(t, func() bool {
		body, status := get(t, "http://"+address+"/healthz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"failing"`)
	}, 30*time.Second, 50*time.Millisecond, "%s", &errs)
	stop()
	<-done

	taken, err := net.Listen("tcp", address)
	require.NoError(t, err)
	defer taken.Close()
	status, _, stderr := call(t, "run", "-config", s.file)
	require.Equal(t, cli.StatusFailed, status)
	require.Contains(t, stderr, "monitor.address")
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func get(t *testing.T, url string) (string, int) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		return "", 0
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return "", 0
	}
	return string(body), answer.StatusCode
}
