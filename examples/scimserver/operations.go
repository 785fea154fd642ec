package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// watch counts the requests that are being answered.
func (m *metrics) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.inFlight.Inc()
		defer m.inFlight.Dec()
		next.ServeHTTP(w, r)
	})
}

// operations answers what operators and their tools ask.
func operations(d *database, m *metrics) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		if err := d.ready(ctx); err != nil {
			say(w, http.StatusServiceUnavailable, "the database does not answer")
			return
		}
		say(w, http.StatusOK, "ok")
	})
	mux.Handle("GET /metrics", m.handler())
	return mux
}

func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// roots are what clients are commonly given as the path below which the endpoints lie.
var roots = []string{"/scim/v2", "/scim", "/v2"}

// rooted lets a search in all types (RFC 7644 section 3.4.2.1) be sent to a path that may be anything: such a request has
// no endpoint by which to tell where that path ends.
func rooted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := strings.TrimSuffix(r.URL.Path, "/"); slices.Contains(roots, path) {
			http.StripPrefix(path, next).ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// beside puts the paths of operations next to those of SCIM. A ServeMux for both would redirect paths with "//" or "..".
func beside(scim http.Handler, ops http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz", "/readyz", "/metrics":
			ops.ServeHTTP(w, r)
		default:
			scim.ServeHTTP(w, r)
		}
	})
}
