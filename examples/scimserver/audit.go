package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ilumy/usersync/scim"
	"github.com/ilumy/usersync/scim/server"
)

// An auditLog is a line for each request, without personal data: neither the URL, whose filter names people, nor the
// address of the client is in it.
type auditLog struct{ *slog.Logger }

// A trace is what is known of a request while it is answered.
type trace struct {
	id string

	mu        sync.Mutex // a request may be done later, and go on while its first answer is logged
	tolerated []string
}

// tolerations gives the deviations so far.
func (t *trace) tolerations() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.tolerated)
}

type traceKey struct{}

// requestID is the header that carries the id of a request in both directions.
const requestID = "X-Request-Id"

// traced gives each request an id: the client's own, if it can be put into a log as it is.
func traced(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &trace{id: r.Header.Get(requestID)}
		if !plainID(t.id) {
			t.id = rand.Text()
		}
		w.Header().Set(requestID, t.id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), traceKey{}, t)))
	})
}

func plainID(id string) bool {
	const longest = 64
	return id != "" && len(id) <= longest && !strings.ContainsFunc(id, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-_.:/+=", c)
	})
}

// tolerated notes a deviation with its request.
func tolerated(ctx context.Context, d scim.Deviation) {
	t, ok := ctx.Value(traceKey{}).(*trace)
	if !ok {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.tolerated, string(d.Kind)) {
		t.tolerated = append(t.tolerated, string(d.Kind))
	}
}

// request writes the line of a request.
func (l *auditLog) request(ctx context.Context, e *server.Event) {
	attrs := []slog.Attr{
		slog.String("method", knownMethod(e.Method)),
		slog.String("endpoint", e.Endpoint),
		slog.Int("status", e.Status),
		slog.Float64("ms", float64(e.Duration.Round(time.Microsecond))/float64(time.Millisecond)),
		slog.Int64("in", e.BytesIn),
		slog.Int64("out", e.BytesOut),
	}
	if e.Txn != "" {
		attrs = append(attrs, slog.String("txn", e.Txn))
	}
	// An id in a request that failed is the client's invention, and may be a name.
	if e.ID != "" && e.Status < http.StatusBadRequest {
		attrs = append(attrs, slog.String("id", e.ID))
	}
	if c := e.Caller; c != nil {
		attrs = append(attrs, slog.String("caller", c.Subject))
		if c.Tenant != "" {
			attrs = append(attrs, slog.String("tenant", c.Tenant))
		}
	}
	if e.Type != "" {
		attrs = append(attrs, slog.String("scimType", e.Type))
	}
	if e.Bulk > 0 {
		attrs = append(attrs, slog.Int("operations", e.Bulk))
	}
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		if list := t.tolerations(); len(list) > 0 {
			attrs = append(attrs, slog.Any("tolerated", list))
		}
	}
	l.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

// A traceHandler adds the id of the request to every line that is logged for it.
type traceHandler struct{ slog.Handler }

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		r.AddAttrs(slog.String("requestId", t.id))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}

var _ slog.Handler = traceHandler{}
